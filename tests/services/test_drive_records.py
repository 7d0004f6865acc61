"""How long drives took, beside what was estimated: nothing of a person stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.driving import DayPart
from scheduler.domain.errors import NotAllowed
from scheduler.domain.visits import VisitEvent, VisitState
from scheduler.services.booking import confirm, reserve
from scheduler.services.day import progress
from scheduler.services.drive_records import DriveFigures, drive_figures
from scheduler.services.placing import Choice
from scheduler.store.database import transaction
from scheduler.store.drives import DriveRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import World

KC = "66101"
MORNING = datetime(2026, 10, 20, 13, tzinfo=UTC)  # 8 AM


class Day:
    """Ada in Kansas City, Kansas, on Tuesday, October 20."""

    def __init__(self, session: Session) -> None:
        self.clock = FixedClock(MORNING)
        self.world = World(session, self.clock)
        self.world.service()
        self.world.scope("KS")
        self.ada = self.world.clinician("Ada", KC, "KS")
        self.world.licence(self.ada, "KS")
        self.nurse = self.world.desk(Role.CLINICIAN, self.ada)

    def booked(self, zip_code: str, hours: int) -> UUID:
        """Book a checkup of somebody new, so many hours from now."""
        ids = self.world.patient(zip_code, "KS", phone=None)
        request_id = self.world.request(ids, "checkup")
        desk = self.world.dispatcher
        choice = Choice(self.ada, self.clock.now() + timedelta(hours=hours))
        visit_id = reserve(desk, request_id, choice)
        confirm(desk, visit_id)
        return visit_id

    def driven(self, visit_id: UUID, minutes: float) -> None:
        """Let Ada drive to a visit, leaving half an hour before its time."""
        visit = self.world.session.get_one(VisitRow, visit_id)
        self.clock.instant = visit.starts_at - timedelta(minutes=30)
        progress(self.nurse, visit_id, VisitEvent.SET_OUT)
        self.clock.instant += timedelta(minutes=minutes)
        progress(self.nurse, visit_id, VisitEvent.ARRIVE)

    def drives(self) -> list[DriveRow]:
        """Return what was recorded."""
        return list(self.world.session.scalars(select(DriveRow)))


@pytest.fixture
def day(session: Session) -> Day:
    return Day(session)


def test_a_drive_is_kept_by_area_and_hour_without_the_visit(day: Day) -> None:
    first, second = day.booked(KC, 2), day.booked("66012", 6)
    day.driven(first, 11)
    day.driven(second, 42.4)
    near, far = sorted(day.drives(), key=lambda drive: drive.estimated_minutes)
    assert (near.area, near.part, near.source) == ("KS 661", DayPart.MIDDAY, "estimate")
    assert (near.estimated_minutes, near.actual_minutes) == (8, 11)
    assert (far.area, far.actual_minutes) == ("KS 660", 42)
    assert all(drive.visit_id is None and drive.set_out_at is None for drive in (near, far))


def test_the_next_drive_begins_at_the_last_door(day: Day) -> None:
    first, second = day.booked("66012", 2), day.booked("66012", 6)
    day.driven(first, 40)
    day.driven(second, 10)
    # both homes lie at one ZIP code's point: the least that a drive takes
    assert sorted(drive.estimated_minutes for drive in day.drives())[0] == 8


def test_drives_that_nobody_measured_are_not_kept(day: Day) -> None:
    for hours, minutes in ((2, 0), (4, 0.4), (6, 241)):
        day.clock.instant = MORNING
        day.driven(day.booked(KC, hours), minutes)
    assert day.drives() == []


def test_a_step_that_is_tapped_twice_is_one_drive(day: Day) -> None:
    visit_id = day.booked(KC, 2)
    day.clock.instant += timedelta(hours=1)
    progress(day.nurse, visit_id, VisitEvent.SET_OUT)
    day.clock.instant += timedelta(minutes=5)
    assert progress(day.nurse, visit_id, VisitEvent.SET_OUT) is VisitState.EN_ROUTE
    day.clock.instant += timedelta(minutes=5)
    progress(day.nurse, visit_id, VisitEvent.ARRIVE)
    assert [drive.actual_minutes for drive in day.drives()] == [10]


def test_figures_say_how_far_the_estimate_is_off_where_there_are_enough(day: Day) -> None:
    late = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 16]
    today = day.clock.now().date()
    with transaction(day.world.session) as session:
        for area, errors, on in (
            ("KS 661", late, today),
            ("KS 660", [1, 2, 3, 4], today),
            ("MO 641", [50] * 9, today - timedelta(days=200)),
        ):
            for error in errors:
                session.add(
                    DriveRow(
                        on_day=on,
                        area=area,
                        part=DayPart.MIDDAY,
                        source="estimate",
                        estimated_minutes=20,
                        actual_minutes=20 + error,
                    )
                )
    report = drive_figures(day.world.desk(Role.ADMINISTRATOR))
    *whole, few, _, enough = report.figures
    midday = DayPart.MIDDAY
    assert [(each.area, each.part, each.drives) for each in whole] == [
        ("", None, 15),
        ("", midday, 15),
    ]
    assert few == DriveFigures("KS 660", None, "estimate", 4)
    assert report.left_out == 1  # the same four at midday
    assert (enough.area, enough.part, enough.drives) == ("KS 661", midday, 11)
    assert (enough.bias, enough.low, enough.high) == (1.0, -4.0, 4.0)
    assert enough.kept == pytest.approx(6 / 11)


def test_the_figures_are_the_administrators(day: Day) -> None:
    for role in (Role.DISPATCHER, Role.CLINICIAN, Role.PATIENT, Role.PRESCRIBER):
        with pytest.raises(NotAllowed):
            drive_figures(day.world.desk(role, day.ada))
