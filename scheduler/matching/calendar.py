"""All visits of a series at once: an exact dynamic programme over starts and clinicians."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np

from scheduler.domain.errors import SchedulingError
from scheduler.domain.protocols import GapRule, GapUnit
from scheduler.domain.series import DoseTimes, Giving, allowed_arrivals
from scheduler.domain.timing import find_zone, from_minute, local_day, to_minute
from scheduler.matching.eligibility import Funnel
from scheduler.matching.insertion import NEVER, Gaps, Indices, Numbers, Travel, find_gaps
from scheduler.matching.model import Route, Schedule, Wanted
from scheduler.matching.offers import DEFAULT_WEIGHTS, Offer, make_offer
from scheduler.matching.options import (
    Flags,
    Moments,
    day_opens,
    find_options,
    local_days,
    minute_after,
    routes_in_play,
    wished_moments,
)
from scheduler.matching.score import Scored, Weights, score_options

MOST_VISITS = 8
MOST_CANDIDATES = 600
"""Above this an administration keeps three starts a clinician-day: earliest, latest, cheapest."""
MOST_DAYS = 365
NOT_BOUND = 1 << 40


@dataclass(frozen=True, slots=True)
class SeriesSteps:
    """What ties the visits of a series together.

    `dose_minutes`: minutes of giving, one entry an administration to place. `previous`: the dose
    before the first of them. `same_clinician_id`: who gave it, and is kept where that is worth it.
    """

    gap: GapRule | None
    preparation_minutes: int
    dose_minutes: tuple[int, ...]
    zone: str
    previous: DoseTimes | None = None
    same_clinician_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.gap is not None and not 0 < self.gap.minimum <= self.gap.maximum:
            raise ValueError("gap: the minimum must be above 0 and not above the maximum")
        if self.preparation_minutes < 0:
            raise ValueError("preparation_minutes must not be negative")
        if not 1 <= len(self.dose_minutes) <= MOST_VISITS:
            raise ValueError(f"dose_minutes must have 1 to {MOST_VISITS} entries")
        if min(self.dose_minutes) < 0:
            raise ValueError("dose_minutes must not be negative")
        find_zone(self.zone)


class SeriesDoesNotFit(SchedulingError):
    """No plan holds all visits; `administration` (from 1) is the first that cannot be placed."""

    code = "series_does_not_fit"

    def __init__(self, administration: int) -> None:
        super().__init__(
            f"Visit {administration} of the series cannot be placed: nobody who may come is free "
            "inside the time that the protocol allows."
        )
        self.administration = administration


def series_windows(
    gap: GapRule | None, previous: DoseTimes, preparation_minutes: int, zone: str
) -> list[tuple[datetime, datetime]]:
    """Return first and last arrival for the dose after `previous`; both can be had.

    Promised windows must end by the last arrival: then the gap holds wherever in it the visit
    begins. A rule in local days counts the days on which doses start. Without a rule the next dose
    follows on a later day, within a year.
    """
    ready = timedelta(minutes=preparation_minutes)
    if gap is not None and gap.unit is GapUnit.ELAPSED_HOURS:
        giving = Giving(preparation_minutes, 0)  # its length matters to the dose after it only
        first, last = allowed_arrivals(gap, giving, previous, None, zone)
        return [(first, last)] if first and last and first <= last else []
    shortest, longest = (gap.minimum, gap.maximum) if gap else (1, MOST_DAYS)
    day = local_day(previous.first_start, zone)
    opens = day_opens(day + timedelta(days=shortest), zone)
    closes = day_opens(day + timedelta(days=longest + 1), zone) - 1
    return [(from_minute(opens) - ready, from_minute(closes) - ready)]


@dataclass(frozen=True, slots=True)
class _Layer:
    """The candidates of one administration and the cheapest way to each.

    `cost[flag]`: cheapest plan that ends here, flag 1 when the clinician has changed on the way;
    `came_from[flag]`, `came_flag[flag]`: the candidate and flag before.
    """

    scored: Scored
    clinician: Indices
    dose_day: Indices
    ends: Indices
    cost: Numbers
    came_from: Indices
    came_flag: Indices

    @property
    def open(self) -> Flags:
        return np.asarray(np.isfinite(self.cost).any(axis=0))


def plan_series(
    wishes: Sequence[Wanted],
    steps: SeriesSteps,
    schedule: Schedule,
    travel: Travel,
    weights: Weights = DEFAULT_WEIGHTS,
) -> tuple[Offer, ...]:
    """Return one offer per wish, in order, the cheapest in sum: terms and changes of clinician.

    Gaps hold for every arrival that the promised windows allow; a window is shortened at its end
    where the maximum gap needs it. One visit a local day.

    Raises:
        SeriesDoesNotFit: names the first administration that cannot be placed.
        ValueError: `wishes` and `steps.dose_minutes` differ in length.
    """
    if len(wishes) != len(steps.dose_minutes):
        raise ValueError("dose_minutes must have one entry for each wish")
    moments = [wished_moments(wish) for wish in wishes]
    funnels = _funnels(wishes, schedule)
    gaps = find_gaps(_routes(schedule, moments, funnels), travel)
    layers: list[_Layer] = []
    for number, wish in enumerate(wishes):
        low, high = _reach(steps, layers)
        within = (moments[number].start >= low) & (moments[number].start <= high)
        options = find_options(wish, moments[number].take(within), gaps, funnels[number], travel)
        scored = _thin(score_options(options, wish, schedule.routes, weights))
        blank = _blank_layer(scored, wish, steps, gaps)
        layer = _follow(layers[-1], blank, steps, number, weights) if layers else None
        layers.append(layer or _begin(blank, steps, weights, gaps))
        if not layers[-1].open.any():
            raise SeriesDoesNotFit(number + 1)
    return _offers(layers, wishes, steps, weights)


def _funnels(wishes: Sequence[Wanted], schedule: Schedule) -> list[Funnel]:
    funnels: list[Funnel] = []
    for wish in wishes:
        if not (funnels and funnels[-1].serves(wish)):
            funnels.append(Funnel(wish, schedule.clinicians, schedule.rulebook))
        else:
            funnels.append(funnels[-1])
    return funnels


def _routes(
    schedule: Schedule, moments: Sequence[Moments], funnels: Sequence[Funnel]
) -> list[Route]:
    routes: dict[int, Route] = {}
    for some, funnel in zip(moments, funnels, strict=True):
        routes.update((id(route), route) for route in routes_in_play(schedule, some, funnel))
    return list(routes.values())


def _reach(steps: SeriesSteps, layers: Sequence[_Layer]) -> tuple[int, int]:
    """Return the first and last arrival that any plan so far leaves for the next visit."""
    if not layers:
        return _first_bounds(steps)
    layer, dose = layers[-1], steps.dose_minutes[len(layers) - 1]
    reached = layer.open
    options, gap = layer.scored.options, steps.gap
    if gap is None:
        return int(layer.ends[reached].min()), NOT_BOUND
    if gap.unit is GapUnit.ELAPSED_HOURS:
        low = int(options.latest[reached].min()) + dose + gap.minimum * 60
        return low, int(options.start[reached].max()) + dose + gap.maximum * 60
    first, last = int(layer.dose_day[reached].min()), int(layer.dose_day[reached].max())
    opens = day_opens(date.fromordinal(first + gap.minimum), steps.zone)
    closes = day_opens(date.fromordinal(last + gap.maximum + 1), steps.zone) - 1
    return opens - steps.preparation_minutes, closes - steps.preparation_minutes


def _first_bounds(steps: SeriesSteps) -> tuple[int, int]:
    if steps.previous is None:
        return -NOT_BOUND, NOT_BOUND
    bounds = series_windows(steps.gap, steps.previous, steps.preparation_minutes, steps.zone)
    if not bounds:
        return 0, -1
    return minute_after(bounds[0][0]), to_minute(bounds[0][1])


def _thin(scored: Scored) -> Scored:
    """Keep earliest, latest and cheapest start of each clinician-day when there are too many.

    Only the cheapest where there are too many clinician-days: then the gaps leave many days to
    choose from, and the edges of a day matter little.
    """
    options = scored.options
    if len(options.start) <= MOST_CANDIDATES:
        return scored
    by_start = np.lexsort((options.start, options.route))
    by_cost = np.lexsort((options.start, scored.total, options.route))
    first = np.flatnonzero(np.diff(options.route[by_start], prepend=-1))
    last = np.append(first[1:], len(by_start)) - 1
    kept = by_cost[first]
    if len(kept) <= MOST_CANDIDATES:
        kept = np.concatenate([by_start[first], by_start[last], kept])
    kept = np.unique(kept)
    columns = (scored.travel, scored.idle, scored.preference, scored.spread)
    travel, idle, preference, spread = (column[kept] for column in columns)
    return Scored(options.take(kept), travel, idle, preference, spread)


def _blank_layer(scored: Scored, wish: Wanted, steps: SeriesSteps, gaps: Gaps) -> _Layer:
    options = scored.options
    ids = {key: k for k, key in enumerate(dict.fromkeys(r.clinician_id for r in gaps.routes))}
    by_route = np.array([ids[route.clinician_id] for route in gaps.routes], dtype=np.int64)
    size = (2, len(options.start))
    return _Layer(
        scored,
        by_route[options.route],
        local_days(options.start + steps.preparation_minutes, steps.zone)[0],
        options.latest + wish.service.visit_minutes,
        np.full(size, NEVER),
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.int64),
    )


def _begin(layer: _Layer, steps: SeriesSteps, weights: Weights, gaps: Gaps) -> _Layer:
    """Fill in the first administration's costs; the bounds have seen to the gap before it."""
    total, same_id = layer.scored.total, steps.same_clinician_id
    same = np.array(
        [same_id is None or route.clinician_id == same_id for route in gaps.routes], dtype=np.bool_
    )[layer.scored.options.route]
    allowed = np.ones(len(total), dtype=np.bool_)
    if steps.previous is not None:
        options = layer.scored.options
        arrival_day = options.moments.first_day[options.moment]
        day_before = local_day(steps.previous.last_start, steps.zone).toordinal()
        allowed = arrival_day > day_before
    layer.cost[0] = np.where(same & allowed, total, NEVER)
    layer.cost[1] = np.where(~same & allowed, total + weights.clinician_change, NEVER)
    return layer


def _follow(
    before: _Layer, layer: _Layer, steps: SeriesSteps, number: int, weights: Weights
) -> _Layer:
    """Fill in the cheapest way to each candidate over the candidates of the visit before."""
    if not len(layer.clinician):
        return layer
    allowed = _may_follow(before, layer, steps, steps.dose_minutes[number - 1])
    same = before.clinician[:, None] == layer.clinician[None, :]
    kept, changed = allowed & same, allowed & ~same
    first, again = weights.clinician_change, weights.clinician_change_again
    ways = (
        (0, 0, kept, before.cost[0]),
        (1, 1, kept, before.cost[1]),
        (1, 0, changed, before.cost[0] + first),
        (1, 1, changed, before.cost[1] + again),
    )
    every = np.arange(len(layer.clinician))
    for flag, flag_before, edges, cost in ways:
        table = np.where(edges, cost[:, None], NEVER)
        origin = table.argmin(axis=0)
        reached = table[origin, every] + layer.scored.total
        better = reached < layer.cost[flag]
        layer.cost[flag][better] = reached[better]
        layer.came_from[flag][better] = origin[better]
        layer.came_flag[flag][better] = flag_before
    return layer


def _may_follow(before: _Layer, after: _Layer, steps: SeriesSteps, dose: int) -> Flags:
    """Say for each pair whether order, days, route and gap allow one after the other."""
    a, b = before.scored.options, after.scored.options
    a_day = a.moments.arrival_day[a.moment]
    b_day = b.moments.first_day[b.moment]
    allowed = a_day[:, None] < b_day[None, :]
    allowed &= before.ends[:, None] <= b.start[None, :]
    allowed &= a.route[:, None] != b.route[None, :]
    gap = steps.gap
    if gap is None:
        return np.asarray(allowed)
    if gap.unit is GapUnit.ELAPSED_HOURS:
        allowed &= b.start[None, :] >= (a.latest + dose + gap.minimum * 60)[:, None]
        allowed &= b.start[None, :] <= (a.start + dose + gap.maximum * 60)[:, None]
    else:
        days = after.dose_day[None, :] - before.dose_day[:, None]
        allowed &= (gap.minimum <= days) & (days <= gap.maximum)
    return np.asarray(allowed)


def _offers(
    layers: Sequence[_Layer], wishes: Sequence[Wanted], steps: SeriesSteps, weights: Weights
) -> tuple[Offer, ...]:
    """Walk the cheapest plan back and write it down from the front."""
    last = layers[-1].cost
    flag, k = (int(index) for index in np.unravel_index(last.argmin(), last.shape))
    path = [(k, flag)]
    for layer in reversed(layers[1:]):
        k, flag = int(layer.came_from[flag, k]), int(layer.came_flag[flag, k])
        path.insert(0, (k, flag))
    offers: list[Offer] = []
    clinician, changed = steps.same_clinician_id, False
    for number, ((k, _), layer, wish) in enumerate(zip(path, layers, wishes, strict=True)):
        options = layer.scored.options
        mine = options.routes[int(options.route[k])].clinician_id
        change = 0.0
        if clinician not in (None, mine):
            change = weights.clinician_change_again if changed else weights.clinician_change
            changed = True
        clinician = mine
        latest = min(int(options.latest[k]), _last_arrival(offers, steps, number))
        offers.append(make_offer(layer.scored, k, wish, latest, change))
    return tuple(offers)


def _last_arrival(offers: Sequence[Offer], steps: SeriesSteps, number: int) -> int:
    """Return the last arrival that the maximum gap after the visit before allows."""
    if steps.gap is None or steps.gap.unit is not GapUnit.ELAPSED_HOURS:
        return NOT_BOUND
    if not offers:
        return _first_bounds(steps)[1]
    dose = steps.dose_minutes[number - 1]
    return to_minute(offers[-1].starts_at) + dose + steps.gap.maximum * 60
