"""A license ends while somebody books: no visit is left that its clinician may not make (I2)."""

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput
from scheduler.domain.visits import VisitState
from scheduler.services.booking import confirm, reserve
from scheduler.services.offers import offers_for
from scheduler.services.placing import Choice
from scheduler.services.staffing import end_licence
from scheduler.store.clinicians import LicenceRow
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import Role
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.world import World

NOW = datetime(2026, 10, 20, 15, tzinfo=UTC)
TODAY = date(2026, 10, 20)


def practice(session: Session) -> tuple[World, UUID]:
    world = World(session, FixedClock(NOW))
    world.service()
    world.scope("KS")
    ada = world.clinician("Ada", "66101", "KS")
    return world, world.licence(ada, "KS")


def book(world: World, phone: str) -> UUID:
    ids = world.patient("66101", "KS", phone=phone)
    request_id = world.request(ids, "checkup", (NOW + timedelta(days=1), NOW + timedelta(days=9)))
    offer = offers_for(world.dispatcher, request_id).offers[0]
    visit_id = reserve(world.dispatcher, request_id, Choice(offer.clinician_id, offer.starts_at))
    confirm(world.dispatcher, visit_id)
    return visit_id


def test_a_visit_that_lost_its_license_is_cancelled_and_looked_after(session: Session) -> None:
    world, licence = practice(session)
    visit_id = book(world, "+18165550142")
    assert end_licence(world.desk(Role.ADMINISTRATOR), licence, TODAY, "surrendered") == 1
    session.rollback()
    visit = session.get_one(VisitRow, visit_id)
    assert visit.state is VisitState.CANCELLED
    assert session.get_one(VisitRequestRow, visit.request_id).state is RequestState.OPEN
    assert session.scalars(select(CallTaskRow.what)).all() == [
        f"Find another time for the visit of {visit.on_day}."
    ]


def test_a_booking_that_comes_while_a_license_ends_does_not_stay(database: Database) -> None:
    """The booking arrives after the visits ahead were read and before the clinician is locked."""
    with Session(database.engine) as one, Session(database.engine) as two:
        world, licence = practice(one)
        book(world, "+18165550142")
        late = World(two, FixedClock(NOW))
        booked: list[UUID] = []
        started = threading.Event()

        def book_meanwhile(_c: object, _cur: object, text: str, *_more: object) -> None:
            reading = "FROM visit" in text and "visit.state IN" in text
            if reading and not started.is_set():
                started.set()
                if database.engine.dialect.name == "postgresql":
                    booked.append(book(late, "+18165550143"))

        event.listen(database.engine, "after_cursor_execute", book_meanwhile)
        try:
            ended = end_licence(world.desk(Role.ADMINISTRATOR), licence, TODAY, "surrendered")
        finally:
            event.remove(database.engine, "after_cursor_execute", book_meanwhile)
        one.rollback()
        states = set(one.scalars(select(VisitRow.state)))
        assert ended == len(booked) + 1
        assert states == {VisitState.CANCELLED}
        assert one.get_one(LicenceRow, licence).valid_through == TODAY


@pytest.mark.parametrize("through", [date(2031, 1, 1), date(2025, 12, 31)])
def test_ending_a_license_cannot_lengthen_it(session: Session, through: date) -> None:
    world, licence = practice(session)
    with pytest.raises(InvalidInput) as refused:
        end_licence(world.desk(Role.ADMINISTRATOR), licence, through, "typed wrongly")
    assert set(refused.value.problems) == {"through"}
    session.rollback()
    assert session.get_one(LicenceRow, licence).valid_through == date(2030, 12, 31)
