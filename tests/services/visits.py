"""Visits for tests of messages: written as booking would write them, without the engine."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.timing import local_day
from scheduler.domain.visits import VisitState
from scheduler.services.outbox import Change, write_visit_messages
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow, MessageEventRow, MessageRow
from scheduler.store.people import ConsentRow
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import PRACTICE, World

CHICAGO = "America/Chicago"


@dataclass
class Texting:
    """Pat in Kansas City, visited by Ada."""

    session: Session
    clock: FixedClock

    def __post_init__(self) -> None:
        self.world = World(self.session, self.clock)
        self.world.service()
        self.ada = self.world.clinician("Ada", "66101", "KS")
        self.pat, self.home = self.world.patient("66101", "KS")

    def visit(
        self, opens: datetime, *, patient: tuple[UUID, UUID] | None = None, zone: str = CHICAGO
    ) -> VisitRow:
        """Add a booked visit with an hour's arrival window; nothing is said of it yet."""
        ids = patient or (self.pat, self.home)
        request_id = self.world.request(ids, "checkup")
        row = VisitRow(
            request_id=request_id,
            patient_id=ids[0],
            address_id=ids[1],
            clinician_id=self.world.clinician("Bea", "66101", "KS") if patient else self.ada,
            service_code="checkup",
            on_day=local_day(opens, zone),
            state=VisitState.BOOKED,
            starts_at=opens + timedelta(minutes=30),
            ends_at=opens + timedelta(minutes=120),
            window_starts_at=opens,
            window_ends_at=opens + timedelta(minutes=60),
            timezone=zone,
            promise_version=1,
            created_at=self.clock.now(),
        )
        with transaction(self.session):
            self.session.add(row)
        return row

    def say(self, visit: VisitRow, change: Change, old_start: datetime | None = None) -> None:
        """Write the messages of a change in a transaction of their own."""
        with transaction(self.session) as session:
            write_visit_messages(session, visit, change, self.clock.now(), PRACTICE, old_start)

    def booked(self, opens: datetime) -> VisitRow:
        """Add a visit and write its messages."""
        visit = self.visit(opens)
        self.say(visit, Change.BOOKED)
        return visit

    def end(self, visit: VisitRow, *, told: bool = True) -> None:
        """Cancel a visit, as `cancel` does, or without a word."""
        with transaction(self.session) as session:
            visit.state = VisitState.CANCELLED
            visit.ended_at, visit.ended_by = self.clock.now(), uuid4()
            session.flush()
            if told:
                now = self.clock.now()
                write_visit_messages(session, visit, Change.CANCELLED, now, PRACTICE)

    def move(self, visit: VisitRow, hours: float, *, told: bool = True) -> None:
        """Move a visit by hours."""
        by, old = timedelta(hours=hours), visit.window_starts_at
        with transaction(self.session):
            for name in ("starts_at", "ends_at", "window_starts_at", "window_ends_at"):
                setattr(visit, name, getattr(visit, name) + by)
            visit.promise_version += 1
        if told:
            self.say(visit, Change.MOVED, old)

    def withdraw_consent(self) -> None:
        """Take back what the patients agreed to."""
        with transaction(self.session) as session:
            for row in session.scalars(select(ConsentRow)):
                row.withdrawn_at = self.clock.now()

    def messages(self, *states: str) -> list[MessageRow]:
        """Return messages in the order they go, in any of the states, or all."""
        self.session.rollback()
        rows = self.session.scalars(select(MessageRow).order_by(MessageRow.not_before)).all()
        return [row for row in rows if not states or row.state.value in states]

    def only(self) -> MessageRow:
        """Return the one message there is."""
        (row,) = self.messages()
        return row

    def tasks(self) -> list[CallTaskRow]:
        """Return the open call tasks by due time."""
        self.session.rollback()
        query = select(CallTaskRow).where(CallTaskRow.done_at.is_(None))
        return list(self.session.scalars(query.order_by(CallTaskRow.due_at)))

    def history(self, row: MessageRow) -> list[str]:
        """Return the states a message went through."""
        query = select(MessageEventRow).where(MessageEventRow.message_id == row.id)
        events = {each.before: each.after for each in self.session.scalars(query)}
        states: list[str] = []
        now = events.get(None)
        while now is not None and len(states) < 20:
            states.append(now)
            now = events.get(now)
        return states
