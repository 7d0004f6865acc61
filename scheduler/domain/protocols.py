"""Dose protocols: versioned levels and gaps, what approval demands, and orders under them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from scheduler.domain.care import WayOfGiving
from scheduler.domain.dosing import DoseRule


class ProtocolStatus(StrEnum):
    """`EXAMPLE` protocols can be copied, never ordered."""

    EXAMPLE = "example"
    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class Escalation(StrEnum):
    """The four ways the literature raises a dose."""

    FIXED = "fixed"
    SCHEDULED_ASCENDING = "scheduled_ascending"
    RESPONSE_GUIDED = "response_guided"
    PRESCRIBER_CHOICE = "prescriber_choice"


class GapUnit(StrEnum):
    """How a gap is measured: end of one dose to start of the next, or between visit days."""

    ELAPSED_HOURS = "elapsed_hours"
    LOCAL_DAYS = "local_days"


@dataclass(frozen=True, slots=True)
class Level:
    """One dose level. Exactly one of `mg_per_kg`, `fixed_mg` is set; minutes of giving."""

    number: int
    mg_per_kg: Decimal | None
    fixed_mg: Decimal | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class GapRule:
    """Smallest and largest gap between administrations, in `unit`."""

    unit: GapUnit
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class WeightRule:
    """When a weight still counts: age in days, and allowed change from the reference in percent."""

    max_age_days: int
    max_change_percent: Decimal


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a protocol.

    `administrations` names the level number of each administration in order: level number and
    administration number are two counters. Values that a source does not state are None.
    """

    code: str
    version: int
    title: str
    status: ProtocolStatus
    way_of_giving: WayOfGiving
    escalation: Escalation
    levels: tuple[Level, ...]
    administrations: tuple[int, ...]
    gap: GapRule | None
    rounding_step_mg: Decimal | None
    absolute_max_mg: Decimal | None
    max_rate_mg_per_kg_h: Decimal | None
    weight: WeightRule | None
    observation_minutes: int | None
    citation: str
    source_kind: str

    def level_of(self, administration: int) -> Level:
        """Return the level planned for the administration (counted from 1)."""
        wanted = self.administrations[administration - 1]
        return next(level for level in self.levels if level.number == wanted)

    def dose_rule(self, level: Level) -> DoseRule:
        """Return the arithmetic of a level; raises ValueError when the protocol lacks a limit."""
        if self.rounding_step_mg is None or self.absolute_max_mg is None:
            raise ValueError("the protocol has no rounding step or no absolute maximum")
        return DoseRule(
            step_mg=self.rounding_step_mg,
            absolute_max_mg=self.absolute_max_mg,
            mg_per_kg=level.mg_per_kg,
            fixed_mg=level.fixed_mg,
            minutes=level.minutes,
            max_rate_mg_per_kg_h=self.max_rate_mg_per_kg_h,
        )


def content_hash(protocol: Protocol) -> str:
    """Return the SHA-256 of everything but the status: what an approval is bound to."""
    content = {key: value for key, value in asdict(protocol).items() if key != "status"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


_REQUIRED = (
    "gap",
    "rounding_step_mg",
    "absolute_max_mg",
    "weight",
    "observation_minutes",
    "citation",
)


def approval_problems(protocol: Protocol) -> dict[str, str]:
    """Name every field that stands in the way of approval; empty when nothing does."""
    problems = {
        name: "must be filled in before approval"
        for name in _REQUIRED
        if getattr(protocol, name) in (None, "")
    }
    if protocol.way_of_giving is WayOfGiving.IV_INFUSION and protocol.max_rate_mg_per_kg_h is None:
        problems["max_rate_mg_per_kg_h"] = "an infusion needs a rate limit before approval"
    problems.update(_level_problems(protocol))
    problems.update(_gap_problems(protocol.gap))
    return problems


def _gap_problems(gap: GapRule | None) -> dict[str, str]:
    if gap is not None and not 0 < gap.minimum <= gap.maximum:
        return {"gap": "the minimum must be above 0 and not above the maximum"}
    return {}


def _level_problems(protocol: Protocol) -> dict[str, str]:
    problems: dict[str, str] = {}
    numbers = [level.number for level in protocol.levels]
    if not protocol.administrations or set(protocol.administrations) - set(numbers):
        problems["administrations"] = "every administration must name one of the levels"
    for level in protocol.levels:
        name = f"levels[{level.number}]"
        if (level.mg_per_kg is None) == (level.fixed_mg is None):
            problems[name] = "exactly one of mg per kg and fixed mg must be set"
        elif _too_fast(level, protocol.max_rate_mg_per_kg_h):
            problems[name] = (
                f"{level.mg_per_kg} mg/kg over {level.minutes} min is faster than "
                f"{protocol.max_rate_mg_per_kg_h} mg/kg/h"
            )
    return problems


def _too_fast(level: Level, max_rate: Decimal | None) -> bool:
    if max_rate is None or level.mg_per_kg is None or not level.minutes:
        return False
    return level.mg_per_kg * 60 > max_rate * level.minutes


@dataclass(frozen=True, slots=True)
class Order:
    """A prescriber's signed order. Immutable: a change is a new order that names this one."""

    id: UUID
    patient_id: UUID
    prescriber_id: UUID
    protocol_version_id: UUID | None
    service_code: str
    signed_at: datetime
    expires_at: datetime
    max_administrations: int
    max_mg_per_administration: Decimal | None
    max_cumulative_mg: Decimal | None
    superseded: bool

    def stands_at(self, instant: datetime) -> bool:
        """Say whether the order is signed, unexpired and not replaced at the instant."""
        return not self.superseded and self.signed_at <= instant < self.expires_at


@dataclass(frozen=True, slots=True)
class WeightReading:
    """A measured weight in kilograms on a local day."""

    kg: Decimal
    measured_on: date
