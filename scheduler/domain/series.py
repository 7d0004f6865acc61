"""Increasing-dose series: states, gaps between doses, and the guard that releases the next one."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from scheduler.domain.care import ScopeAnswer
from scheduler.domain.dosing import format_mg, format_number, looks_like_pounds
from scheduler.domain.protocols import GapRule, GapUnit, Order, WeightReading, WeightRule
from scheduler.domain.timing import at_local, local_day


class SeriesState(StrEnum):
    """Where a series stands."""

    PROPOSED = "PROPOSED"
    SCREENING = "SCREENING"
    CLEARED = "CLEARED"
    ACTIVE = "ACTIVE"
    ON_HOLD = "ON_HOLD"
    AWAITING_REVIEW = "AWAITING_REVIEW"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


SERIES_ENDED = frozenset(
    {SeriesState.COMPLETED, SeriesState.STOPPED, SeriesState.EXPIRED, SeriesState.CANCELLED}
)


class AttemptState(StrEnum):
    """Where one administration of a series stands."""

    LOCKED = "LOCKED"
    ELIGIBLE = "ELIGIBLE"
    DOSE_AUTHORISED = "DOSE_AUTHORISED"
    BOOKED = "BOOKED"
    EN_ROUTE = "EN_ROUTE"
    PRE_CHECK = "PRE_CHECK"
    READY = "READY"
    ADMINISTERING = "ADMINISTERING"
    OBSERVING = "OBSERVING"
    DISCHARGED = "DISCHARGED"
    OUTCOME_RECORDED = "OUTCOME_RECORDED"
    HELD = "HELD"
    OMITTED = "OMITTED"
    ABORTED = "ABORTED"
    DEFERRED = "DEFERRED"
    MISSED = "MISSED"


HOLDS_A_DOSE = frozenset(
    {
        AttemptState.DOSE_AUTHORISED,
        AttemptState.BOOKED,
        AttemptState.EN_ROUTE,
        AttemptState.PRE_CHECK,
        AttemptState.READY,
        AttemptState.ADMINISTERING,
        AttemptState.OBSERVING,
        AttemptState.DISCHARGED,
    }
)
"""Only one attempt of a series may be in one of these at a time (03, partial unique index)."""


@dataclass(frozen=True, slots=True)
class DoseTimes:
    """When one dose starts at the earliest and latest, and ends at the earliest and latest.

    A given dose has earliest = latest. A planned one spans its promised arrival window, so that a
    gap that holds here holds wherever in the window the clinician arrives.
    """

    first_start: datetime
    last_start: datetime
    first_end: datetime
    last_end: datetime

    @classmethod
    def planned(
        cls, window: tuple[datetime, datetime], preparation: int, minutes: int
    ) -> "DoseTimes":
        """From an arrival window, minutes of preparation and minutes of giving."""
        ready = timedelta(minutes=preparation)
        length = timedelta(minutes=minutes)
        first, last = window[0] + ready, window[1] + ready
        return cls(first, last, first + length, last + length)

    @classmethod
    def given(cls, started_at: datetime, ended_at: datetime) -> "DoseTimes":
        """From what was recorded."""
        return cls(started_at, started_at, ended_at, ended_at)


def gap_holds(rule: GapRule, before: DoseTimes, after: DoseTimes, zone: str) -> bool:
    """Say whether the gap lies inside the rule for every arrival the two promises allow.

    Elapsed hours run from the end of one dose to the start of the next in UTC; local days are
    counted between calendar days in the home's zone, so "weekly" keeps its weekday across a clock
    change.
    """
    if rule.unit is GapUnit.ELAPSED_HOURS:
        shortest = after.first_start - before.last_end
        longest = after.last_start - before.first_end
        return timedelta(hours=rule.minimum) <= shortest and longest <= timedelta(
            hours=rule.maximum
        )
    days = (local_day(after.first_start, zone) - local_day(before.first_start, zone)).days
    return rule.minimum <= days <= rule.maximum


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason of the unlock guard: the number of its rule (03) and plain words."""

    rule: int
    text: str


@dataclass(frozen=True, slots=True)
class UnlockFacts:
    """All that the guard looks at, read under the series' row lock."""

    now: datetime
    zone: str
    series_state: SeriesState
    order: Order
    protocol_usable: bool
    previous_outcome_recorded: bool
    previous_dose: DoseTimes | None
    this_dose: DoseTimes
    gap: GapRule | None
    weight: WeightReading | None
    reference_kg: Decimal | None
    weight_rule: WeightRule | None
    mg: Decimal
    given_count: int
    given_mg: Decimal
    scope: ScopeAnswer
    licensed: bool
    consent_current: bool
    cleared: bool


def unlock_refusals(facts: UnlockFacts) -> list[Refusal]:
    """Return every reason why the next dose must not be authorised; empty when none stands.

    Rules 1-3 and 5-8 of the unlock guard; rule 4 (sign-off) is the act of authorising itself.
    """
    return [
        *_order_refusals(facts),
        *_outcome_refusals(facts),
        *_gap_refusals(facts),
        *_weight_refusals(facts),
        *_maximum_refusals(facts),
        *_permission_refusals(facts),
    ]


def _order_refusals(facts: UnlockFacts) -> list[Refusal]:
    refusals = []
    if facts.series_state is not SeriesState.ACTIVE:
        refusals.append(Refusal(1, "The series is not active."))
    if not facts.order.stands_at(facts.now) or not facts.order.stands_at(facts.this_dose.last_end):
        refusals.append(Refusal(1, "The order is expired, replaced or runs out before the visit."))
    if not facts.protocol_usable:
        refusals.append(Refusal(1, "The protocol version is not approved for use."))
    return refusals


def _outcome_refusals(facts: UnlockFacts) -> list[Refusal]:
    if facts.previous_outcome_recorded:
        return []
    return [Refusal(2, "The outcome of the visit before is not recorded.")]


def _gap_refusals(facts: UnlockFacts) -> list[Refusal]:
    if facts.this_dose.last_start < facts.now:
        return [Refusal(3, "The time of the visit has passed.")]
    if facts.gap is None or facts.previous_dose is None:
        return []
    if gap_holds(facts.gap, facts.previous_dose, facts.this_dose, facts.zone):
        return []
    return [Refusal(3, "The visit lies outside the protocol's time between doses.")]


def _weight_refusals(facts: UnlockFacts) -> list[Refusal]:
    if facts.weight is None or facts.weight_rule is None:
        return [Refusal(5, "No measured weight is on record.")]
    refusals = []
    age = (local_day(facts.this_dose.last_start, facts.zone) - facts.weight.measured_on).days
    if age > facts.weight_rule.max_age_days:
        limit = facts.weight_rule.max_age_days
        refusals.append(Refusal(5, f"The weight will be older than {limit} days at the visit."))
    if facts.reference_kg is not None:
        refusals.extend(_weight_change(facts.weight.kg, facts.reference_kg, facts.weight_rule))
    return refusals


def _weight_change(kg: Decimal, reference: Decimal, rule: WeightRule) -> list[Refusal]:
    if looks_like_pounds(reference, kg):
        return [
            Refusal(
                5,
                f"{format_number(kg)} kg after {format_number(reference)} kg looks like pounds: "
                "check the unit.",
            )
        ]
    change = abs(kg - reference) / reference * 100
    if change > rule.max_change_percent:
        return [Refusal(5, f"The weight changed by {change:.1f} %: the prescriber must look.")]
    return []


def _maximum_refusals(facts: UnlockFacts) -> list[Refusal]:
    order = facts.order
    refusals = []
    if facts.given_count + 1 > order.max_administrations:
        refusals.append(
            Refusal(6, f"The order allows {order.max_administrations} administrations.")
        )
    ceiling = order.max_mg_per_administration
    if ceiling is None or facts.mg > ceiling:
        limit = "no ceiling" if ceiling is None else f"a ceiling of {format_mg(ceiling)}"
        refusals.append(Refusal(6, f"{format_mg(facts.mg)} is planned; the order has {limit}."))
    total = facts.given_mg + facts.mg
    if order.max_cumulative_mg is None or total > order.max_cumulative_mg:
        refusals.append(
            Refusal(6, f"{format_mg(total)} in all would pass the order's cumulative maximum.")
        )
    return refusals


def _permission_refusals(facts: UnlockFacts) -> list[Refusal]:
    refusals = []
    if facts.scope is not ScopeAnswer.ALLOWED or not facts.licensed:
        refusals.append(Refusal(7, "The clinician may not give this care in the patient's state."))
    if not facts.consent_current:
        refusals.append(Refusal(8, "The patient's treatment consent is not current."))
    if not facts.cleared:
        refusals.append(Refusal(8, "A prescriber must clear the intake first."))
    return refusals


@dataclass(frozen=True, slots=True)
class Giving:
    """Minutes of preparation before the dose starts, and of giving it."""

    preparation: int
    minutes: int


def allowed_arrivals(
    rule: GapRule,
    giving: Giving,
    before: DoseTimes | None,
    after: DoseTimes | None,
    zone: str,
) -> tuple[datetime | None, datetime | None]:
    """Return the first and last arrival that the gaps to the doses before and after allow.

    None where nothing bounds that side. Any promised window inside the two holds the gaps for
    every arrival in it.
    """
    opens: list[datetime] = []
    closes: list[datetime] = []
    if before is not None:
        first, last = _arrivals_after(rule, giving, before, zone)
        opens.append(first)
        closes.append(last)
    if after is not None:
        first, last = _arrivals_before(rule, giving, after, zone)
        opens.append(first)
        closes.append(last)
    return max(opens, default=None), min(closes, default=None)


def _arrivals_after(
    rule: GapRule, giving: Giving, before: DoseTimes, zone: str
) -> tuple[datetime, datetime]:
    if rule.unit is GapUnit.LOCAL_DAYS:
        day = local_day(before.first_start, zone)
        return _whole_days(day + timedelta(rule.minimum), day + timedelta(rule.maximum), zone)
    ready = timedelta(minutes=giving.preparation)
    first = before.last_end + timedelta(hours=rule.minimum) - ready
    return first, before.first_end + timedelta(hours=rule.maximum) - ready


def _arrivals_before(
    rule: GapRule, giving: Giving, after: DoseTimes, zone: str
) -> tuple[datetime, datetime]:
    if rule.unit is GapUnit.LOCAL_DAYS:
        day = local_day(after.first_start, zone)
        return _whole_days(day - timedelta(rule.maximum), day - timedelta(rule.minimum), zone)
    until_end = timedelta(minutes=giving.preparation + giving.minutes)
    first = after.last_start - timedelta(hours=rule.maximum) - until_end
    return first, after.first_start - timedelta(hours=rule.minimum) - until_end


def _whole_days(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    opens = at_local(first, time(), zone)
    return opens, at_local(last + timedelta(days=1), time(), zone) - timedelta(minutes=1)
