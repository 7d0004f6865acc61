"""A license ends while somebody books: no visit is left that its clinician may not make (I2)."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from scheduler.domain.errors import Conflict, InvalidInput, SchedulingError
from scheduler.domain.visits import VisitState
from scheduler.services.booking import confirm, reserve
from scheduler.services.forbidden_visits import READINGS
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


Taking = Callable[[], UUID]


def ready(world: World, number: int = 1) -> Taking:
    """Register somebody who wants a checkup on a day of their own; return the act that books it."""
    ids = world.patient("66101", "KS", phone=f"+1816555014{number}")
    opens = NOW + timedelta(days=number)
    request_id = world.request(ids, "checkup", (opens, opens + timedelta(hours=8)))
    offer = offers_for(world.dispatcher, request_id).offers[0]

    def take() -> UUID:
        choice = Choice(offer.clinician_id, offer.starts_at)
        visit_id = reserve(world.dispatcher, request_id, choice)
        confirm(world.dispatcher, visit_id)
        return visit_id

    return take


class Meanwhile:
    """People who book, each in a thread and on a connection of their own, while a license ends.

    One sets out each time the visits ahead are read for the first time in a transaction: before
    the clinician is locked. PostgreSQL lets them through, so they are waited for; SQLite makes
    them wait until the end.
    """

    def __init__(self, engine: Engine, people: Sequence[Taking]) -> None:
        self._waits_for_them = engine.dialect.name == "postgresql"
        self._ended_by = threading.get_ident()
        self._engine, self._left = engine, list(people)
        self._readings = 0
        self._threads: list[threading.Thread] = []
        self.answers: list[str] = []

    def __enter__(self) -> "Meanwhile":
        event.listen(self._engine, "after_cursor_execute", self._look)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "after_cursor_execute", self._look)
        for thread in self._threads:
            thread.join()

    def _look(self, _connection: object, _cursor: object, text: str, *_more: object) -> None:
        reads_visits = "FROM visit" in text and "visit.state IN" in text
        if not reads_visits or threading.get_ident() != self._ended_by:
            return
        self._readings += 1
        if self._readings % 2 and self._left:
            thread = threading.Thread(target=self._book, args=(self._left.pop(0),))
            self._threads.append(thread)
            thread.start()
            if self._waits_for_them:
                thread.join()

    def _book(self, take: Taking) -> None:
        try:
            take()
            self.answers.append("booked")
        except SchedulingError as refused:
            self.answers.append(refused.code)


@contextmanager
def people_ready(database: Database, count: int) -> Iterator[list[Taking]]:
    """Give people who are about to book, each with a connection of their own."""
    with ExitStack() as open_sessions:
        sessions = [open_sessions.enter_context(Session(database.engine)) for _ in range(count)]
        yield [
            ready(World(each, FixedClock(NOW)), number)
            for number, each in enumerate(sessions, start=1)
        ]


def test_a_visit_that_lost_its_license_is_cancelled_and_looked_after(session: Session) -> None:
    world, licence = practice(session)
    visit_id = ready(world)()
    assert end_licence(world.desk(Role.ADMINISTRATOR), licence, TODAY, "surrendered") == 1
    session.rollback()
    visit = session.get_one(VisitRow, visit_id)
    assert visit.state is VisitState.CANCELLED
    assert session.get_one(VisitRequestRow, visit.request_id).state is RequestState.OPEN
    assert session.scalars(select(CallTaskRow.what)).all() == [
        f"Find another time for the visit of {visit.on_day}."
    ]


def test_a_booking_that_comes_while_a_license_ends_does_not_stay(database: Database) -> None:
    with Session(database.engine) as session:
        world, licence = practice(session)
        with people_ready(database, 2) as (early, late):
            early()
            with Meanwhile(database.engine, [late]) as meanwhile:
                ended = end_licence(world.desk(Role.ADMINISTRATOR), licence, TODAY, "surrendered")
        session.rollback()
        states = list(session.scalars(select(VisitRow.state)))
        assert states == [VisitState.CANCELLED] * ended
        on_postgres = database.engine.dialect.name == "postgresql"
        assert meanwhile.answers == (["booked"] if on_postgres else ["not_eligible"])
        assert ended == 1 + on_postgres
        assert session.get_one(LicenceRow, licence).valid_through == TODAY


@pytest.mark.postgres
def test_a_license_does_not_end_past_patients_who_keep_booking(postgres_database: Database) -> None:
    """Whoever is not locked must not lose a visit: it is read anew, and after that refused."""
    engine = postgres_database.engine
    with Session(engine) as session:
        world, licence = practice(session)
        with (
            people_ready(postgres_database, READINGS) as people,
            Meanwhile(engine, people) as meanwhile,
            pytest.raises(Conflict, match="right now"),
        ):
            end_licence(world.desk(Role.ADMINISTRATOR), licence, TODAY, "surrendered")
        session.rollback()
        assert meanwhile.answers == ["booked"] * READINGS
        assert set(session.scalars(select(VisitRow.state))) == {VisitState.BOOKED}
        assert session.get_one(LicenceRow, licence).valid_through == date(2030, 12, 31)


@pytest.mark.parametrize("through", [date(2031, 1, 1), date(2025, 12, 31)])
def test_ending_a_license_cannot_lengthen_it(session: Session, through: date) -> None:
    world, licence = practice(session)
    with pytest.raises(InvalidInput) as refused:
        end_licence(world.desk(Role.ADMINISTRATOR), licence, through, "typed wrongly")
    assert set(refused.value.problems) == {"through"}
    session.rollback()
    assert session.get_one(LicenceRow, licence).valid_through == date(2030, 12, 31)
