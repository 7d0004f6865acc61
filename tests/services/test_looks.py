"""Whoever looks at offers or at a dose leaves a record that names the patient (I8)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import NotAllowed
from scheduler.services.changing import offers_to_move
from scheduler.services.dose_review import dose_to_authorise
from scheduler.services.offers import offers_for
from scheduler.services.series import propose_series
from scheduler.store.audit import AuditRow
from scheduler.store.people import Role
from tests.clocks import FixedClock
from tests.services.course import Course
from tests.world import World

NOW = datetime(2026, 10, 20, 15, tzinfo=UTC)


def looks(session: Session, at: str = "view offers") -> list[tuple[str, UUID, UUID | None]]:
    session.rollback()
    rows = session.scalars(select(AuditRow).where(AuditRow.action == at))
    return [(row.subject, row.subject_id, row.patient_id) for row in rows]


def test_looking_at_offers_is_recorded(session: Session) -> None:
    world = World(session, FixedClock(NOW))
    world.service()
    ids = world.patient("66101", "KS")
    request_id = world.request(ids, "checkup", (NOW, NOW + timedelta(days=3)))
    offers_for(world.dispatcher, request_id)
    assert looks(session) == [("visit_request", request_id, ids[0])]


def test_looking_at_a_plan_and_at_other_times_is_recorded(session: Session) -> None:
    course = Course.begin(session)
    series_id = course.plan()
    visit = course.visit(series_id, 1)
    visit_id, patient_id = visit.id, visit.patient_id
    offers_to_move(course.world.dispatcher, visit_id)
    assert looks(session) == [
        ("visit_request", course.request_id, patient_id),
        ("visit", visit_id, patient_id),
    ]


def test_a_plan_that_is_looked_at_again_is_recorded_again(session: Session) -> None:
    course = Course.begin(session)
    course.order()
    for _ in range(2):
        propose_series(course.world.dispatcher, course.request_id)
    assert len(looks(session)) == 2


def test_looking_at_a_dose_is_recorded(session: Session) -> None:
    course = Course.begin(session)
    series_id = course.plan()
    patient_id = course.visit(series_id, 1).patient_id
    dose_to_authorise(course.prescriber, series_id, 1)
    assert looks(session, "view dose") == [("series", series_id, patient_id)]


def test_only_a_prescriber_looks_at_a_dose_to_sign(session: Session) -> None:
    course = Course.begin(session)
    series_id = course.plan()
    for role in set(Role) - {Role.PRESCRIBER}:
        with pytest.raises(NotAllowed):
            dose_to_authorise(course.world.desk(role), series_id, 1)
    assert looks(session, "view dose") == []
