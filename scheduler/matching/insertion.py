"""Who can: the exact test whether a visit fits into a route, and when.

For every stop two states are kept, forward and backward: break not yet taken, break taken. The
break may start anywhere in its window, also on the road, so a leg with the break on it ends at
max(departure + travel, break opens) + break. Inserting between two stops then needs only the
departure from the one before and the latest arrival at the one after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.geography import Point
from scheduler.matching.model import Route

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
Travel = Callable[[Sequence[Point], Sequence[Point]], Numbers]

NEVER = np.inf
GRID_MINUTES = 15
MOST_IDLE = 120
"""Waiting longer than this beside a visit is free time in which another visit may come."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Every place in every route where a visit could go; arrays of one entry a gap.

    `e0`, `e1`: earliest departure from the stop before, break not taken / taken. `l0`, `l1`: latest
    arrival at the stop after, break still to come / taken. Epoch minutes; NEVER or -NEVER where
    the state cannot be. `leg`: minutes of the drive that the insertion would replace.
    """

    routes: tuple[Route, ...]
    route: Indices
    position: Indices
    before: tuple[Point, ...]
    after: tuple[Point | None, ...]
    e0: Numbers
    e1: Numbers
    l0: Numbers
    l1: Numbers
    leg: Numbers
    travel_total: Numbers


@dataclass(frozen=True, slots=True)
class Timetable:
    """A route's forward and backward states and its legs in minutes, start to end."""

    legs: Numbers
    e0: Numbers
    e1: Numbers
    l0: Numbers
    l1: Numbers


def route_legs(route: Route, travel: Travel) -> Numbers:
    """Return the minutes of each drive of the route, rounded up; the last one is the way home.

    Nobody drives on a day without visits."""
    if not route.stops:
        return np.zeros(1)
    points = _way(route)
    legs = np.zeros(len(route.stops) + 1)
    if len(points) > 1:
        diagonal = np.diagonal(whole_minutes(travel(points[:-1], points[1:])))
        legs[: len(diagonal)] = diagonal
    return legs


def whole_minutes(table: Numbers) -> Numbers:
    """Return minutes rounded up.

    The same drive may come out a hair apart in tables of different shape; that must not turn 20
    minutes into 21, or two answers about one route would disagree.
    """
    return np.ceil(table - 1e-6)


def _way(route: Route) -> tuple[Point, ...]:
    end = () if route.end is None else (route.end,)
    return (route.start, *(stop.point for stop in route.stops), *end)


def timetable(route: Route, legs: Numbers) -> Timetable:
    """Return the earliest departures and latest arrivals at the start, each stop and the end."""
    size = len(route.stops) + 2
    e0, e1 = np.full(size, NEVER), np.full(size, NEVER)
    l0, l1 = np.full(size, -NEVER), np.full(size, -NEVER)
    (e0 if route.pause else e1)[0] = route.shift_start
    l1[-1] = route.shift_end
    for i, stop in enumerate(route.stops, start=1):
        free, rested = _arrivals(route, e0[i - 1], e1[i - 1], legs[i - 1])
        e0[i] = _departure(free, stop.earliest, stop.latest, stop.minutes)
        e1[i] = _departure(rested, stop.earliest, stop.latest, stop.minutes)
    for i in range(size - 2, 0, -1):
        stop = route.stops[i - 1]
        free, rested = _latest_starts(route, l0[i + 1], l1[i + 1], legs[i] + stop.minutes)
        free = max(free, _latest_with_pause(route, l1[i + 1], legs[i], stop.minutes))
        l0[i] = _clip_latest(free, stop.earliest, stop.latest)
        l1[i] = _clip_latest(rested, stop.earliest, stop.latest)
    return Timetable(legs, e0, e1, l0, l1)


def _arrivals(route: Route, free: float, rested: float, leg: float) -> tuple[float, float]:
    """Return the earliest arrival with the break still to come, and with it taken."""
    with_pause = NEVER
    if route.pause and free <= route.pause.latest:
        with_pause = max(free + leg, route.pause.earliest) + route.pause.minutes
    return free + leg, min(rested + leg, with_pause)


def _departure(arrival: float, earliest: int, latest: int, minutes: int) -> float:
    start = max(arrival, earliest)
    return start + minutes if start <= latest else NEVER


def _latest_starts(route: Route, l0: float, l1: float, needed: float) -> tuple[float, float]:
    return (l0 - needed if route.pause else -NEVER), l1 - needed


def _latest_with_pause(route: Route, l1: float, leg: float, minutes: int) -> float:
    pause = route.pause
    if pause is None or pause.earliest + pause.minutes > l1:
        return -NEVER
    return min(pause.latest - minutes, l1 - pause.minutes - leg - minutes)


def _clip_latest(latest_start: float, earliest: int, latest: int) -> float:
    clipped = min(latest_start, latest)
    return clipped if clipped >= earliest else -NEVER


def find_gaps(routes: Sequence[Route], travel: Travel) -> Gaps:
    """Return all gaps of all routes that may still take a visit."""
    rows: list[tuple[int, int, Point, Point | None, float, float, float, float, float, float]] = []
    known: dict[tuple[Point, ...], Numbers] = {}
    for index, route in enumerate(routes):
        if len(route.stops) >= route.max_visits:
            continue
        way = _way(route)
        if way not in known:
            known[way] = route_legs(route, travel)
        table = timetable(route, known[way])
        total = float(table.legs.sum())
        points: list[Point | None] = [route.start, *(s.point for s in route.stops), route.end]
        for i in range(len(route.stops) + 1):
            before = points[i] or route.start
            states = (table.e0[i], table.e1[i], table.l0[i + 1], table.l1[i + 1])
            rows.append((index, i, before, points[i + 1], *states, table.legs[i], total))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 10
    numbers = [np.array(column, dtype=np.float64) for column in columns[4:]]
    return Gaps(
        tuple(routes),
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        tuple(columns[2]),
        tuple(columns[3]),
        *numbers,
    )


@dataclass(frozen=True, slots=True)
class Placements:
    """Feasible starts: entry k puts the visit into gap `gap[k]`, arriving at minute `start[k]`.

    `added_travel`: minutes of driving it adds; `idle`: minutes of waiting beside other visits.
    """

    gaps: Gaps
    gap: Indices
    start: Numbers
    added_travel: Numbers
    idle: Numbers


def find_placements(
    gaps: Gaps,
    point: Point,
    minutes: int,
    windows: Sequence[tuple[int, int]],
    travel: Travel,
    grid: int = GRID_MINUTES,
) -> Placements:
    """Return every start on the grid, in every gap, at which a visit fits exactly.

    Args:
        point: where the visit is; `minutes`: its length from arrival to end of pack-down.
        windows: allowed arrivals, epoch minutes, both ends included.
        grid: minutes between proposed starts; a window of one instant is proposed as it is.
    """
    if not gaps.before:
        return _no_placements(gaps)
    to, onward = _drives(gaps, point, travel)
    added = to + onward - gaps.leg
    room = gaps.travel_total + added <= _per_gap(gaps, "max_travel_minutes")
    found_gaps: list[Indices] = []
    found_starts: list[Numbers] = []
    intervals = _start_intervals(gaps, to, onward, minutes)
    for opens, closes in windows:
        step = grid if opens < closes else 1
        for low, high in intervals:
            index, start = _grid_starts(
                np.maximum(low, opens), np.minimum(high, closes), room, step
            )
            found_gaps.append(index)
            found_starts.append(start)
    return _collect(gaps, found_gaps, found_starts, (to, onward, added, minutes))


def _no_placements(gaps: Gaps) -> Placements:
    nothing = np.zeros(0)
    return Placements(gaps, np.zeros(0, dtype=np.int64), nothing, nothing, nothing)


def _per_gap(gaps: Gaps, name: str) -> Numbers:
    values = np.array([getattr(route, name) for route in gaps.routes], dtype=np.float64)
    return values[gaps.route]


def _drives(gaps: Gaps, point: Point, travel: Travel) -> tuple[Numbers, Numbers]:
    """Return whole minutes from each stop before to the visit, and from it to each stop after."""
    places = {place: index for index, place in enumerate(dict.fromkeys(gaps.before))}
    to = whole_minutes(travel(list(places), [point]))[:, 0]
    to = to[[places[place] for place in gaps.before]]
    onward = np.zeros(len(gaps.after))
    known = [index for index, place in enumerate(gaps.after) if place is not None]
    goals = [place for place in gaps.after if place is not None]
    targets = {place: index for index, place in enumerate(dict.fromkeys(goals))}
    if known:
        row = whole_minutes(travel([point], list(targets)))[0]
        onward[known] = row[[targets[place] for place in goals]]
    return to, onward


def _start_intervals(
    gaps: Gaps, to: Numbers, onward: Numbers, minutes: int
) -> list[tuple[Numbers, Numbers]]:
    """Return, as two pairs of arrays, the arrivals that fit: break taken before / taken after."""
    opens, closes, length = _pauses(gaps)
    on_leg = np.where(gaps.e0 <= closes, np.maximum(gaps.e0 + to, opens) + length, NEVER)
    rested_low = np.minimum(gaps.e1 + to, on_leg)
    rested_high = gaps.l1 - onward - minutes
    pause_next = np.where(
        opens + length <= gaps.l1,
        np.minimum(closes - minutes, gaps.l1 - length - onward - minutes),
        -NEVER,
    )
    free_high = np.maximum(pause_next, gaps.l0 - onward - minutes)
    return [(rested_low, rested_high), (gaps.e0 + to, free_high)]


def _pauses(gaps: Gaps) -> tuple[Numbers, Numbers, Numbers]:
    """Return opening, closing and length of the break per gap; a route without one gets none."""
    table = np.array(
        [
            (pause.earliest, pause.latest, pause.minutes) if pause else (NEVER, -NEVER, 0)
            for pause in (route.pause for route in gaps.routes)
        ]
    )[gaps.route]
    return table[:, 0], table[:, 1], table[:, 2]


def _grid_starts(
    low: Numbers, high: Numbers, room: NDArray[np.bool_], grid: int
) -> tuple[Indices, Numbers]:
    usable = np.flatnonzero(room & np.isfinite(low) & np.isfinite(high) & (low <= high))
    first = np.ceil(low[usable] / grid) * grid
    counts = np.maximum(np.floor((high[usable] - first) / grid) + 1, 0).astype(np.int64)
    index = np.repeat(usable, counts)
    offset = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    return index, np.repeat(first, counts) + offset * grid


def _collect(
    gaps: Gaps,
    found_gaps: list[Indices],
    found_starts: list[Numbers],
    measured: tuple[Numbers, Numbers, Numbers, int],
) -> Placements:
    to, onward, added, minutes = measured
    span = 1 << 26  # epoch minutes stay below it until 2097; gap and start share one whole number
    keys = np.concatenate(found_gaps) * span + np.concatenate(found_starts).astype(np.int64)
    unique = np.unique(keys)
    gap, start = unique // span, (unique % span).astype(np.float64)
    ready, due = _planned_neighbours(gaps)
    wait_before = start - ready[gap] - to[gap]
    wait_after = due[gap] - start - minutes - onward[gap]
    idle = np.clip(wait_before, 0, MOST_IDLE) + np.clip(wait_after, 0, MOST_IDLE)
    return Placements(gaps, gap, start, added[gap], idle)


def _planned_neighbours(gaps: Gaps) -> tuple[Numbers, Numbers]:
    """Return per gap when the visit before is planned to end and the one after to begin.

    NEVER and -NEVER where the shift begins or ends: waiting at its edges is nobody's loss.
    """
    ready, due = np.full(len(gaps.before), NEVER), np.full(len(gaps.before), -NEVER)
    for k, (index, position) in enumerate(zip(gaps.route, gaps.position, strict=True)):
        stops = gaps.routes[index].stops
        if position > 0:
            ready[k] = stops[position - 1].planned + stops[position - 1].minutes
        if position < len(stops):
            due[k] = stops[position].planned
    return ready, due


def retime(route: Route, legs: Numbers) -> list[int] | None:
    """Return an arrival for each stop, as near the planned ones as the route allows.

    None when no arrivals satisfy windows, travel, break and shift. Maximum visits and travel are
    not looked at.
    """
    table = timetable(route, legs)
    state = 0 if route.pause else 1
    departure = float(route.shift_start)
    starts: list[int] = []
    for i, stop in enumerate(route.stops, start=1):
        options = _next_arrivals(route, table, i, state, departure)
        if not options:
            return None
        planned = stop.planned
        start, state = min(options, key=lambda option: (abs(option[0] - planned), -option[1]))
        starts.append(round(start))
        departure = start + stop.minutes
    free, rested = _arrivals(route, *_by_state(state, departure), legs[-1])
    return starts if rested <= route.shift_end or (not route.stops and free < NEVER) else None


def _by_state(state: int, departure: float) -> tuple[float, float]:
    return (departure, NEVER) if state == 0 else (NEVER, departure)


def _next_arrivals(
    route: Route, table: Timetable, i: int, state: int, departure: float
) -> list[tuple[float, int]]:
    """Return the possible (start, state) at stop i, each start as near as can be to the plan."""
    stop = route.stops[i - 1]
    free, rested = _arrivals(route, *_by_state(state, departure), table.legs[i - 1])
    options = []
    for arrival, latest, after in ((free, table.l0[i], 0), (rested, table.l1[i], 1)):
        low = max(arrival, stop.earliest)
        if low <= latest:
            options.append((max(low, min(stop.planned, latest)), after))
    return options
