"""A course of treatment for tests: from the order to what was given."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.visits import VisitEvent
from scheduler.services.day import Outcome, complete, progress
from scheduler.services.desk import Desk
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.placing import Choice
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow, SeriesRow, WeightRow
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import World

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ORDER_DAYS = 60


@dataclass
class Course:
    """A patient in Missouri, Ada who may treat her, and a prescriber."""

    world: World
    prescriber: Desk
    protocol_id: UUID
    request_id: UUID

    @classmethod
    def begin(cls, session: Session, born: date = date(1980, 5, 17)) -> "Course":
        """Set everything up as far as the request."""
        world = World(session, FixedClock(NOW))
        world.service("infusion", needs_order=True, dosed=True, care_minutes=100)
        world.scope("MO")
        ada = world.clinician("Ada", "64108", "MO")
        world.licence(ada, "MO")
        prescriber = world.prescriber("64108", "MO")
        ids = world.patient("64108", "MO", born=born)
        request = world.request(ids, "infusion", (NOW, NOW + timedelta(days=4)))
        return cls(world, prescriber, world.protocol(), request)

    def order(self, ceiling: str = "60", days: int = ORDER_DAYS) -> None:
        """Sign an order with a ceiling in mg."""
        expires = NOW + timedelta(days=days)
        new = NewOrder(
            self.request_id, "x", expires, 6, self.protocol_id, Decimal(ceiling), Decimal(300)
        )
        sign_order(self.prescriber, new)

    def plan(self, ceiling: str = "60") -> UUID:
        """Order, propose and accept; return the series."""
        self.order(ceiling)
        offers = propose_series(self.world.dispatcher, self.request_id)
        choices = [Choice(offer.clinician_id, offer.starts_at) for offer in offers]
        return accept_series(self.world.dispatcher, self.request_id, choices)

    def visit(self, series_id: UUID, number: int) -> VisitRow:
        """Return the newest visit of an administration."""
        rows = queries.visits_of_series(self.world.session, series_id)
        return [row for row in rows if row.number == number][-1]

    def attempt(self, series_id: UUID, number: int) -> AttemptRow:
        """Return the newest attempt of an administration."""
        rows = queries.attempts_of_series(self.world.session, series_id)
        return [row for row in rows if row.number == number][-1]

    def give(self, series_id: UUID, number: int, mg: str, *, aborted: bool = False) -> None:
        """Go through a visit and record its outcome."""
        visit = self.visit(series_id, number)
        nurse = self.world.desk(Role.CLINICIAN, visit.clinician_id)
        visit_id, starts_at, ends_at = visit.id, visit.starts_at, visit.ends_at
        self.world.clock.instant = starts_at
        for event in (VisitEvent.SET_OUT, VisitEvent.ARRIVE, VisitEvent.START):
            progress(nurse, visit_id, event)
        self.world.clock.instant = ends_at
        began = starts_at + timedelta(minutes=30)
        outcome = Outcome(Decimal(mg), began, began + timedelta(minutes=40), aborted)
        complete(nurse, visit_id, outcome)

    def weigh(self, kg: str) -> None:
        """Record a new weight, a little later."""
        self.world.clock.pass_time(minutes=5)
        with transaction(self.world.session) as session:
            series = session.scalars(select(SeriesRow)).one()
            session.add(
                WeightRow(
                    patient_id=series.patient_id,
                    kg=kg,
                    measured_on=self.world.clock.now().date(),
                    recorded_by=uuid4(),
                    recorded_at=self.world.clock.now(),
                )
            )
