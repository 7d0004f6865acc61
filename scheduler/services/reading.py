"""What a person may look at; every look at health data leaves a record (I8)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import NotFound
from scheduler.domain.visits import TAKES_CAPACITY, VisitState
from scheduler.services.desk import Desk
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.messages import MessageRow
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import VisitRequestRow, VisitRow


def look_at_request(desk: Desk, request_id: UUID) -> VisitRequestRow:
    """Return a visit request of a patient whom the actor may see."""
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_patient(row.patient_id)
    patient_id = row.patient_id
    desk.record_look("view", "visit_request", request_id, patient_id)
    return queries.get(desk.session, VisitRequestRow, request_id, "request")


def look_at_visit(desk: Desk, visit_id: UUID) -> VisitRow:
    """Return a visit: the patient's own, the clinician's own, or any for those who dispatch."""
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    if desk.actor.role is Role.CLINICIAN:
        desk.allow_clinician(visit.clinician_id)
    else:
        desk.allow_patient(visit.patient_id)
    patient_id = visit.patient_id
    desk.record_look("view", "visit", visit_id, patient_id)
    return queries.get(desk.session, VisitRow, visit_id, "visit")


def my_visits(desk: Desk) -> Sequence[VisitRow]:
    """Return the actor's visits ahead: a patient's own, or a clinician's own."""
    if desk.actor.person_id is None:
        raise NotFound("No visits belong to this sign-in.")
    desk.allow(Role.PATIENT, Role.CLINICIAN, Role.PRESCRIBER)
    mine = VisitRow.patient_id if desk.actor.role is Role.PATIENT else VisitRow.clinician_id
    with transaction(desk.session):
        desk.record("view visits", "person", desk.actor.person_id)
    return desk.session.scalars(
        select(VisitRow)
        .where(
            mine == desk.actor.person_id,
            VisitRow.state.in_(list(TAKES_CAPACITY - {VisitState.RESERVED})),
        )
        .order_by(VisitRow.starts_at)
    ).all()


def visits_on_day(desk: Desk, on: date) -> Sequence[VisitRow]:
    """Return everyone's visits on a day, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view day", "day", desk.actor.account_id)
    return desk.session.scalars(
        select(VisitRow)
        .where(VisitRow.on_day == on, VisitRow.state.in_(list(TAKES_CAPACITY)))
        .order_by(VisitRow.clinician_id, VisitRow.starts_at)
    ).all()


def look_at_series(
    desk: Desk, series_id: UUID
) -> tuple[SeriesRow, Sequence[AttemptRow], Sequence[VisitRow]]:
    """Return a series with its attempts and visits."""
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    desk.allow_patient(series.patient_id)
    patient_id = series.patient_id
    desk.record_look("view", "series", series_id, patient_id)
    return (
        queries.get(desk.session, SeriesRow, series_id, "series"),
        queries.attempts_of_series(desk.session, series_id),
        queries.visits_of_series(desk.session, series_id),
    )


def messages_of_visit(desk: Desk, visit_id: UUID) -> Sequence[MessageRow]:
    """Return a visit's messages, oldest first, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    patient_id = visit.patient_id
    desk.record_look("view messages", "visit", visit_id, patient_id)
    return desk.session.scalars(
        select(MessageRow).where(MessageRow.visit_id == visit_id).order_by(MessageRow.not_before)
    ).all()
