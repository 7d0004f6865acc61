"""The server dies at any moment: what was confirmed stands whole, nothing stands half (I7)."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.messages import Template
from scheduler.domain.visits import VisitState
from scheduler.store.audit import AuditRow
from scheduler.store.messages import MessageEventRow, MessageRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow
from tests.conftest import Database
from tests.races.town import Person, Town
from tests.server import Answer, Server, ServerGone, server_running

CLIENTS = 8
CLINICIANS = 20
FIRST_DAY = 4
"""So far ahead that all reminders of a single visit are still to come."""

PATIENCE_SECONDS = 120.0
SOON_SECONDS = 0.08
TOLD = {
    *(Template.CONFIRMATION, Template.REMINDER_48H),
    *(Template.REMINDER_24H, Template.REMINDER_2H),
}


@dataclass(frozen=True)
class Wish:
    """A patient and the time they want; nobody else wants it."""

    person: Person
    choice: dict[str, object]


class Bookers:
    """Clients that book wish after wish, and send again whatever got no answer."""

    def __init__(self, server: Server, wishes: list[Wish]) -> None:
        self.server = server
        self.confirmed: list[str] = []
        self.surprises: list[Answer] = []
        self.lost_answers = 0
        self._wishes = list(reversed(wishes))
        self._news = threading.Condition()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Return when so many bookings are confirmed; raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.confirmed) >= count, PATIENCE_SECONDS):
                raise TimeoutError(f"{len(self.confirmed)} of {count} bookings: {self.surprises}")

    def finish(self) -> None:
        """Return when every wish was worked on."""
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def give_up(self) -> None:
        """Return soon, whatever is left."""
        self._over.set()
        self.finish()

    def _work(self) -> None:
        try:
            while (wish := self._next()) is not None:
                self._book(wish)
        except ServerGone:
            return

    def _next(self) -> Wish | None:
        with self._news:
            return self._wishes.pop() if self._wishes else None

    def _book(self, wish: Wish) -> None:
        person = wish.person
        path = f"/requests/{person.request_id}/reservation"
        reserved = self._send(person, path, wish.choice, f"key of {person.request_id}")
        if reserved.status == 201:
            visit_id = reserved.body["id"]
            booked = self._send(person, f"/visits/{visit_id}/confirmation", {}, "")
            if (booked.status, booked.body.get("state")) == (200, "BOOKED"):
                with self._news:
                    self.confirmed.append(visit_id)
                    self._news.notify_all()
                return
            reserved = booked
        self.surprises.append(reserved)

    def _send(self, person: Person, path: str, body: dict[str, object], key: str) -> Answer:
        client = self.server.client(person.token)
        while True:
            try:
                return client.post(path, body, key)
            except ServerGone:
                self.lost_answers += 1
                if self._over.wait(0.05):
                    raise


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[Server]:
    with server_running(database.url, tmp_path) as server:
        yield server


def wishes_in(town: Town, count: int) -> list[Wish]:
    """Return wishes that all can be met: one a clinician and day."""
    clinicians = town.clinicians(CLINICIANS)
    wishes = []
    for number in range(count):
        day, place = divmod(number, CLINICIANS)
        opens = town.noon(FIRST_DAY + day)
        (person,) = town.people(1, opens)
        choice: dict[str, object] = {
            "clinician_id": str(clinicians[place]),
            "starts_at": opens.isoformat(),
        }
        wishes.append(Wish(person, choice))
    return wishes


def acts_by_visit(session: Session, action: str) -> Counter[UUID]:
    query = select(AuditRow.subject_id).where(AuditRow.action == action)
    return Counter(session.scalars(query))


def messages_by_visit(session: Session) -> dict[UUID, list[MessageRow]]:
    found: dict[UUID, list[MessageRow]] = {}
    for row in session.scalars(select(MessageRow).where(MessageRow.visit_id.is_not(None))):
        if row.visit_id is not None:
            found.setdefault(row.visit_id, []).append(row)
    return found


def one_moment(session: Session) -> Session:
    """Let all reads that follow see one moment: what was under way may still end meanwhile."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session


def assert_nothing_is_half_done(town: Town) -> None:
    """Read all rows: visit, request, messages, their events and audit agree with each other."""
    session = one_moment(town.session)
    booked, reserved = acts_by_visit(session, "book"), acts_by_visit(session, "reserve")
    messages = messages_by_visit(session)
    planned = set(session.scalars(select(MessageEventRow.message_id)))
    states = {row.id: row.state for row in session.scalars(select(VisitRequestRow))}
    visits = session.scalars(select(VisitRow)).all()
    for visit in visits:
        stands = visit.state is VisitState.BOOKED
        assert stands or visit.state is VisitState.RESERVED
        assert states.pop(visit.request_id) is (
            RequestState.BOOKED if stands else RequestState.OPEN
        )
        assert reserved[visit.id] == 1
        assert booked[visit.id] == int(stands)
        told = messages.pop(visit.id, [])
        assert {row.template for row in told} == (TOLD if stands else set())
        assert len(told) == (len(TOLD) if stands else 0)
        assert {row.id for row in told} <= planned
    assert set(states.values()) <= {RequestState.OPEN}
    assert messages == {}
    assert booked.keys() | reserved.keys() <= {visit.id for visit in visits}
    town.assert_nobody_in_two_places()


def kill_and_start(town: Town, server: Server, bookers: Bookers, after: list[int]) -> None:
    """Kill the server a moment after so many bookings, look at the rows, and start it again."""
    rng = random.Random(len(after))
    for number in sorted(after):
        bookers.wait_for(number)
        threading.Event().wait(rng.uniform(0, SOON_SECONDS))
        seen = set(bookers.confirmed)
        server.kill()
        assert_nothing_is_half_done(town)
        standing = {str(v.id) for v in town.live_visits() if v.state is VisitState.BOOKED}
        assert seen <= standing
        server.start()


def book_through_kills(town: Town, server: Server, count: int, kills: int) -> None:
    rng = random.Random(count + kills)
    bookers = Bookers(server, wishes_in(town, count))
    bookers.start()
    try:
        kill_and_start(town, server, bookers, rng.sample(range(1, count - CLIENTS), kills))
        bookers.finish()
    finally:
        bookers.give_up()
    assert bookers.surprises == []
    assert bookers.lost_answers > 0
    assert_nothing_is_half_done(town)
    visits = town.live_visits()
    assert {str(visit.id) for visit in visits} == set(bookers.confirmed)
    assert {visit.state for visit in visits} == {VisitState.BOOKED}
    assert len(visits) == len(bookers.confirmed) == count


def test_bookings_outlive_two_kills_of_the_server(town: Town, server: Server) -> None:
    book_through_kills(town, server, count=24, kills=2)


@pytest.mark.soak
def test_200_bookings_outlive_fifteen_kills_of_the_server(town: Town, server: Server) -> None:
    book_through_kills(town, server, count=200, kills=15)
