"""Clinicians' time off and licences: whoever can no longer come is replaced or cancelled, told."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import Conflict, InvalidInput, SchedulingError
from scheduler.domain.visits import TAKES_CAPACITY, UNDER_WAY
from scheduler.services.changing import cancel_locked
from scheduler.services.desk import Desk
from scheduler.services.placing import lock_for_change, visit_credential_problem
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow, LicenceRow, TimeOffRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_clinicians, lock_patient, lock_series
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import Role
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

READINGS = 5


class _BookedMeanwhile(Exception):
    """A patient who was not locked got a visit between reading and locking."""


class VisitsInTheWay(SchedulingError):
    """Visits stand on the days asked for; move them first. `visit_ids` names them."""

    code = "visits_in_the_way"
    field = "first_day"

    def __init__(self, visit_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(visit_ids)} visits stand on these days; move them first.")
        self.visit_ids = tuple(visit_ids)


def add_time_off(desk: Desk, clinician_id: UUID, days: tuple[date, date], reason: str) -> UUID:
    """Take a clinician out of the plan for whole local days.

    Raises:
        VisitsInTheWay: somebody was promised a visit then; nothing is moved silently.
        InvalidInput: the last day is before the first, or the stretch is over 366 days.
    """
    desk.allow_clinician(clinician_id)
    first, last = days
    if last < first:
        raise InvalidInput({"last_day": "must not be before the first day"})
    if last - first > timedelta(days=366):
        raise InvalidInput({"last_day": "must be within a year of the first day"})
    with transaction(desk.session) as session:
        queries.get(session, ClinicianRow, clinician_id, "clinician")
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        lock_for_change(session, [(clinician_id, day) for day in span])
        standing = queries.visits_on(session, [clinician_id], first, last, desk.now())
        if standing:
            raise VisitsInTheWay([visit.id for visit, _ in standing])
        row = TimeOffRow(
            clinician_id=clinician_id, first_day=first, last_day=last, reason=reason or "time off"
        )
        session.add(row)
        desk.record("add time off", "clinician", clinician_id, reason=reason)
    return row.id


def end_licence(desk: Desk, licence_id: UUID, through: date, reason: str) -> int:
    """Let a licence end on a day; return how many visits that cancelled.

    A visit that its clinician may no longer make cannot stand (I2): it is cancelled with a message
    or call task, its request opens again, and staff are asked to find another time.
    """
    desk.allow(Role.ADMINISTRATOR)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    licence = queries.get(desk.session, LicenceRow, licence_id, "license")
    clinician_id = licence.clinician_id
    if not licence.valid_from <= through <= licence.valid_through:
        raise InvalidInput({"through": "must lie inside the license's present dates"})
    for _ in range(READINGS):
        try:
            return _end_locked(desk, (licence_id, clinician_id), through, reason)
        except _BookedMeanwhile:
            continue
    raise Conflict("Visits are being booked with this clinician right now. Please try again.")


def _end_locked(desk: Desk, ids: tuple[UUID, UUID], through: date, reason: str) -> int:
    licence_id, clinician_id = ids
    with transaction(desk.session) as session:
        ahead = _visits_ahead(desk, clinician_id)
        known = {visit.patient_id for visit in ahead}
        for patient_id in sorted({visit.patient_id for visit in ahead}):
            lock_patient(session, patient_id)
        for series_id in sorted({visit.series_id for visit in ahead if visit.series_id}):
            lock_series(session, series_id)
        lock_clinicians(session, [clinician_id], alone=True)
        lock_for_change(session, {(clinician_id, visit.on_day) for visit in ahead})
        licence = queries.get(session, LicenceRow, licence_id, "license")
        before, licence.valid_through = licence.valid_through, through
        session.flush()
        now_ahead = _visits_ahead(desk, clinician_id)
        if {visit.patient_id for visit in now_ahead} - known:
            raise _BookedMeanwhile
        ended = [visit for visit in now_ahead if _may_not(desk, visit)]
        for visit in ended:
            cancel_locked(desk, visit, f"license: {reason}")
            _reopen(desk, visit)
        note = f"{reason} (was valid through {before})"
        desk.record("end license", "licence", licence_id, reason=note)
    return len(ended)


def _visits_ahead(desk: Desk, clinician_id: UUID) -> Sequence[VisitRow]:
    return desk.session.scalars(
        select(VisitRow)
        .where(
            VisitRow.clinician_id == clinician_id,
            VisitRow.state.in_(list(TAKES_CAPACITY - UNDER_WAY)),
        )
        .order_by(VisitRow.starts_at)
        .execution_options(populate_existing=True)
    ).all()


def _may_not(desk: Desk, visit: VisitRow) -> bool:
    return visit_credential_problem(desk.session, visit) is not None


def _reopen(desk: Desk, visit: VisitRow) -> None:
    if visit.series_id is not None:
        return
    session, now = desk.session, desk.now()
    request = queries.get(session, VisitRequestRow, visit.request_id, "request")
    request.state = RequestState.OPEN
    session.add(
        CallTaskRow(
            dedupe_key=f"replace|{visit.id}",
            patient_id=visit.patient_id,
            visit_id=visit.id,
            what=f"Find another time for the visit of {visit.on_day}.",
            due_at=now + timedelta(hours=4),
            created_at=now,
        )
    )
