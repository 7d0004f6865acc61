"""The same act sent again is done once; a choice that ran out meanwhile stays run out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from scheduler.domain.errors import Conflict
from scheduler.domain.visits import VisitState
from scheduler.services.booking import end_expired_reservations, reserve
from scheduler.services.desk import Actor, Desk
from scheduler.services.offers import NotYetBookable, offers_for
from scheduler.services.placing import Choice
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.audit import AuditRow
from scheduler.store.people import Role
from scheduler.store.treatment import SeriesRow
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.services.course import NOW, Course
from tests.world import PRACTICE, World

AT_ONCE = 4


@pytest.fixture
def course(session: Session) -> Course:
    return Course.begin(session)


def calendar(course: Course) -> list[Choice]:
    """Order the series and return the proposed choices."""
    course.order()
    offers = propose_series(course.world.dispatcher, course.request_id)
    return [Choice(offer.clinician_id, offer.starts_at) for offer in offers]


def test_taking_a_series_again_under_its_key_gets_the_same_series(course: Course) -> None:
    choices, desk = calendar(course), course.world.dispatcher
    first = accept_series(desk, course.request_id, choices, "key")
    assert accept_series(desk, course.request_id, choices, "key") == first
    session = course.world.session
    session.rollback()
    assert len(queries.visits_of_series(session, first)) == 3
    planned = select(AuditRow).where(AuditRow.action == "plan series")
    assert len(session.scalars(planned).all()) == 1


def test_other_times_under_the_same_key_are_refused(course: Course) -> None:
    choices, desk = calendar(course), course.world.dispatcher
    first = accept_series(desk, course.request_id, choices, "key")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        accept_series(desk, course.request_id, choices[::-1], "key")
    course.world.session.rollback()
    assert course.world.session.scalars(select(SeriesRow.id)).all() == [first]


def test_a_key_tells_nobody_else_the_answer(course: Course) -> None:
    """Each desk of the world is another account's."""
    choices = calendar(course)
    accept_series(course.world.dispatcher, course.request_id, choices, "key")
    with pytest.raises(NotYetBookable):
        accept_series(course.world.dispatcher, course.request_id, choices, "key")


def test_a_series_taken_many_times_at_once_is_one_series(database: Database) -> None:
    with Session(database.engine) as session:
        course = Course.begin(session)
        choices, request_id = calendar(course), course.request_id
        session.rollback()
        actor, ports = Actor(uuid4(), Role.DISPATCHER), course.world.ports
        answers: list[object] = []
        start = threading.Barrier(AT_ONCE)

        def take() -> None:
            with Session(database.engine) as own:
                start.wait()
                try:
                    desk = Desk(own, ports, PRACTICE, actor)
                    answers.append(accept_series(desk, request_id, choices, "key"))
                except Exception as error:  # seen below, in the test's own thread
                    answers.append(error)

        threads = [threading.Thread(target=take) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (series_id,) = session.scalars(select(SeriesRow.id))
        assert answers == [series_id] * AT_ONCE
        assert len(queries.visits_of_series(session, series_id)) == 3


@contextmanager
def before_days_are_locked(engine: Engine, act: threading.Thread) -> Iterator[None]:
    """Let a thread act to its end just before the first lock on a clinician's day."""

    def look(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        if "clinician_day" in text and act.ident is None:
            act.start()
            act.join()

    event.listen(engine, "before_cursor_execute", look)
    yield
    event.remove(engine, "before_cursor_execute", look)


@pytest.mark.postgres
def test_a_reservation_that_runs_out_while_the_lock_is_waited_for_stays_run_out(
    postgres_database: Database,
) -> None:
    """Only PostgreSQL lets another end it there: on SQLite the whole choice has the one lock."""
    engine = postgres_database.engine
    with Session(engine) as session, Session(engine) as clockwork:
        first, second, earlier = reserved_before(session)
        later = FixedClock(NOW + timedelta(minutes=10))
        clock_job = threading.Thread(target=end_expired_reservations, args=(clockwork, later))
        with before_days_are_locked(engine, clock_job):
            made = reserve(World(session, FixedClock(NOW)).dispatcher, first, second)
        session.rollback()
        gone = session.get_one(VisitRow, earlier)
        assert (gone.state, gone.ended_reason) == (
            VisitState.EXPIRED,
            "not confirmed in ten minutes",
        )
        assert session.get_one(VisitRow, made).state is VisitState.RESERVED


def test_another_choice_gives_the_earlier_one_back(session: Session) -> None:
    request_id, second, earlier = reserved_before(session)
    made = reserve(World(session, FixedClock(NOW)).dispatcher, request_id, second)
    session.rollback()
    states = {row.id: row.state for row in session.scalars(select(VisitRow))}
    assert states == {earlier: VisitState.CANCELLED, made: VisitState.RESERVED}


def reserved_before(session: Session) -> tuple[UUID, Choice, UUID]:
    """Return a request that holds a reservation, another offer of it, and the reservation."""
    world = World(session, FixedClock(NOW))
    world.service()
    world.scope("KS")
    world.licence(world.clinician("Ada", "66101", "KS"), "KS")
    request_id = world.request(world.patient("66101", "KS"), "checkup")
    offers = offers_for(world.dispatcher, request_id).offers
    one, two = (Choice(each.clinician_id, each.starts_at) for each in (offers[0], offers[-1]))
    return request_id, two, reserve(world.dispatcher, request_id, one)
