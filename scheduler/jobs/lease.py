"""Who leads: a row with a generation, so that a holder who was paused cannot go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler.ports import Clock
from scheduler.store.audit import LeaseRow
from scheduler.store.database import transaction

LEASE = timedelta(seconds=1.6)
"""A killed leader's lease runs out after this; with one renewal's wait another leads in 2 s."""


@dataclass
class Lease:
    """One process's claim to lead a job by name."""

    name: str
    clock: Clock
    generation: int = 0

    def __post_init__(self) -> None:
        self.holder: UUID = uuid4()

    def take(self, session: Session) -> bool:
        """Renew the lease, or take one that has run out; say whether this process leads.

        Who stands by only reads: no lock is asked for while another leads.
        """
        self._make_row(session)
        if not self.generation and self._another_leads(session):
            return False
        with transaction(session):
            row = session.scalars(
                select(LeaseRow)
                .where(LeaseRow.name == self.name)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one()
            now = self._now(session)
            mine = row.holder == self.holder and row.generation == self.generation
            if not mine and row.until > now:
                self.generation = 0
                return False
            if not mine or row.until <= now:
                row.holder = self.holder
                row.generation += 1
                self.generation = row.generation
            row.until = now + LEASE
        return True

    def holds(self, session: Session) -> bool:
        """Say, from the database, whether this process leads at this moment."""
        session.rollback()
        row = session.scalar(select(LeaseRow).where(LeaseRow.name == self.name))
        if row is None or not self.generation:
            return False
        mine = row.holder == self.holder and row.generation == self.generation
        return mine and row.until > self._now(session)

    def release(self, session: Session) -> None:
        """Give the lease up at a clean stop, so that another leads at once."""
        with transaction(session):
            row = session.scalar(
                select(LeaseRow).where(LeaseRow.name == self.name).with_for_update()
            )
            if row is not None and row.holder == self.holder:
                row.until = self._now(session)
        self.generation = 0

    def _another_leads(self, session: Session) -> bool:
        until = session.scalar(select(LeaseRow.until).where(LeaseRow.name == self.name))
        return until is not None and until > self._now(session)

    def _make_row(self, session: Session) -> None:
        session.rollback()
        if session.scalar(select(LeaseRow.id).where(LeaseRow.name == self.name)) is not None:
            return
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        with transaction(session):
            session.execute(
                insert(LeaseRow)
                .values(
                    id=uuid4(),
                    name=self.name,
                    holder=self.holder,
                    generation=0,
                    until=self._now(session),
                )
                .on_conflict_do_nothing(index_elements=["name"])
            )

    def _now(self, session: Session) -> datetime:
        """Return the database's time where it has a clock of its own, so that all agree."""
        if session.get_bind().dialect.name == "postgresql":
            there: datetime = session.scalars(select(func.clock_timestamp())).one()
            return there
        return self.clock.now()
