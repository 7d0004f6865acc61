"""A weight measured in the home, before the start."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from scheduler.domain.dosing import POUNDS_PER_KG, format_number, looks_like_pounds
from scheduler.domain.errors import IllegalTransition, SchedulingError
from scheduler.domain.timing import local_day
from scheduler.domain.visits import VisitState
from scheduler.services.day import allow_own_visit, lock_own_visit
from scheduler.services.desk import Desk
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.treatment import WeightRow

DOUBTFUL_PERCENT = Decimal(20)
"""A change beyond this is more likely a slip of unit or key than a patient."""

_STEP = Decimal("0.01")


class WeightDoubtful(SchedulingError):
    """The weight is far from the last one; `confirmed` says that it was read again."""

    code = "weight_doubtful"


@dataclass(frozen=True, slots=True)
class Reading:
    """A weight in kilograms as read from the scale; `confirmed` after a doubt."""

    kg: Decimal
    confirmed: bool = False


def from_pounds(pounds: Decimal) -> Decimal:
    """Return kilograms to the hundredth."""
    return (pounds / POUNDS_PER_KG).quantize(_STEP)


def record_weight(desk: Desk, visit_id: UUID, reading: Reading) -> None:
    """Keep a weight measured today at the actor's own visit, between arrival and start.

    Every reading is kept. The same one once more is taken as done.

    Raises:
        WeightDoubtful: more than a fifth from the last weight, and not confirmed.
        IllegalTransition: the clinician is not there yet, or has started.
    """
    allow_own_visit(desk, visit_id)
    with transaction(desk.session) as session:
        visit, _ = lock_own_visit(desk, visit_id)
        if visit.state is not VisitState.ARRIVED:
            raise IllegalTransition("A weight is measured after arrival and before the start.")
        today = local_day(desk.now(), visit.timezone)
        last = queries.latest_weight(session, visit.patient_id)
        actor_id = desk.actor.account_id
        if last and _is_same(last, (str(reading.kg), today, actor_id)):
            return
        if last is not None and not reading.confirmed:
            _require_near(reading.kg, Decimal(last.kg))
        row = WeightRow(
            patient_id=visit.patient_id,
            kg=str(reading.kg),
            measured_on=today,
            recorded_by=actor_id,
            recorded_at=desk.now(),
        )
        session.add(row)
        desk.record("record weight", "weight", row.id, visit.patient_id)


def _is_same(row: WeightRow, reading: tuple[str, date, UUID]) -> bool:
    return (row.kg, row.measured_on, row.recorded_by) == reading


def _require_near(kg: Decimal, last_kg: Decimal) -> None:
    if abs(kg - last_kg) * 100 <= DOUBTFUL_PERCENT * last_kg:
        return
    both = f"{format_number(kg)} kg after {format_number(last_kg)} kg"
    if looks_like_pounds(last_kg, kg):
        raise WeightDoubtful(f"{both}: pounds? Check the unit on the scale.")
    raise WeightDoubtful(f"{both}: please read the scale again. Was it pounds?")
