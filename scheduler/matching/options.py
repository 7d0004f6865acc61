"""What a wish allows: its starts, who may take them, and every place in the routes that fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.timing import (
    TimeWindow,
    at_local,
    days_between,
    from_minute,
    local_day,
    to_minute,
)
from scheduler.matching.eligibility import Funnel
from scheduler.matching.insertion import (
    GRID_MINUTES,
    Gaps,
    Indices,
    Numbers,
    Placements,
    Travel,
    find_placements,
)
from scheduler.matching.model import Route, Schedule, Wanted

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moments:
    """Every start on the grid inside the wanted windows; arrays, earliest first.

    `start`: arrival, epoch minutes. `latest`: end of the arrival window promised with it.
    `first_day`, `arrival_day`, `last_day`: local days (ordinals) of the start, of the latest
    arrival and of the end of a visit that arrives then. `clock`: minutes since local midnight.
    `day_taken`, `patient_busy`: the patient cannot have a visit then.
    """

    start: Indices
    latest: Indices
    first_day: Indices
    arrival_day: Indices
    last_day: Indices
    clock: Indices
    day_taken: Flags
    patient_busy: Flags

    @property
    def free(self) -> Flags:
        """Where the patient can have the visit."""
        return ~(self.day_taken | self.patient_busy)

    def take(self, chosen: Flags) -> "Moments":
        """Return the moments where `chosen` is true."""
        return Moments(*(getattr(self, name)[chosen] for name in self.__slots__))

    def spans(self) -> list[tuple[date, date]]:
        """Return every span of local days that a visit can touch, earliest first."""
        pairs = set(zip(self.first_day.tolist(), self.last_day.tolist(), strict=True))
        return [(date.fromordinal(a), date.fromordinal(b)) for a, b in sorted(pairs)]


def wished_moments(wanted: Wanted, at: int | None = None) -> Moments:
    """Return the starts that the windows allow, or `at` (epoch minute) alone if they hold it."""
    windows = windows_in_minutes(wanted.windows)
    if at is None:
        grids = [_grid(*window) for window in windows]
    else:
        grids = [np.array([at]) for low, high in windows if low <= at <= high]
    start = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *grids]))
    closes = np.zeros(len(start), dtype=np.int64)
    for low, high in windows:
        inside = (low <= start) & (start <= high)
        closes = np.where(inside, np.maximum(closes, high), closes)
    latest = np.minimum(start + wanted.service.arrival_window_minutes, closes)
    ends = latest + wanted.service.visit_minutes
    zone = wanted.place.timezone
    first_day, clock = local_days(start, zone)
    arrival_day, last_day = local_days(latest, zone)[0], local_days(ends, zone)[0]
    taken = np.zeros(len(start), dtype=np.bool_)
    for day in wanted.days_taken:
        taken |= (first_day <= day.toordinal()) & (day.toordinal() <= arrival_day)
    busy = np.zeros(len(start), dtype=np.bool_)
    for window in wanted.patient_busy:
        busy |= (start < minute_after(window.ends_at)) & (to_minute(window.starts_at) < ends)
    return Moments(start, latest, first_day, arrival_day, last_day, clock, taken, busy)


def windows_in_minutes(windows: Iterable[TimeWindow]) -> list[tuple[int, int]]:
    """Return first and last whole minute of each window that holds one."""
    pairs = [(minute_after(window.starts_at), to_minute(window.ends_at)) for window in windows]
    return [(low, high) for low, high in pairs if low <= high]


def minute_after(instant: datetime) -> int:
    """Return whole minutes since 1970 UTC, rounded up."""
    minute = to_minute(instant)
    return minute if from_minute(minute) == instant.astimezone(UTC) else minute + 1


def _grid(opens: int, closes: int) -> Indices:
    if opens == closes:
        return np.array([opens])
    first = -(-opens // GRID_MINUTES) * GRID_MINUTES
    return np.arange(first, closes + 1, GRID_MINUTES)


def local_days(minutes: Indices, zone: str) -> tuple[Indices, Indices]:
    """Return the local day (ordinal) of each epoch minute, and its minutes since midnight."""
    if not len(minutes):
        return minutes, minutes
    first = local_day(from_minute(minutes.min()), zone)
    last = local_day(from_minute(minutes.max()), zone) + timedelta(days=1)
    midnights = np.array([day_opens(day, zone) for day in days_between(first, last)])
    index = np.searchsorted(midnights, minutes, side="right") - 1
    return index + first.toordinal(), minutes - midnights[index]


def day_opens(day: date, zone: str) -> int:
    """Return the epoch minute at which a local day begins."""
    return to_minute(at_local(day, time(0), zone))


@dataclass(frozen=True, slots=True)
class Options:
    """Every clinician and start that pass all hard rules; arrays, by start, then clinician id.

    `route`, `moment`: where in `routes` and `moments`. A clinician and start appear once, at the
    position in the route that adds the least driving.
    """

    routes: tuple[Route, ...]
    moments: Moments
    route: Indices
    moment: Indices
    position: Indices
    added_travel: Numbers
    idle: Numbers

    @property
    def start(self) -> Indices:
        """Arrivals, epoch minutes."""
        return self.moments.start[self.moment]

    @property
    def latest(self) -> Indices:
        """Ends of the promised arrival windows, epoch minutes."""
        return self.moments.latest[self.moment]

    def take(self, chosen: Indices) -> "Options":
        """Return the options with these numbers."""
        return Options(
            self.routes,
            self.moments,
            self.route[chosen],
            self.moment[chosen],
            self.position[chosen],
            self.added_travel[chosen],
            self.idle[chosen],
        )


def routes_in_play(schedule: Schedule, moments: Moments, funnel: Funnel) -> list[Route]:
    """Return the routes that work at some moment and whose clinician may come on some day."""
    if not len(moments.start):
        return []
    low, high = int(moments.start[0]), int(moments.start[-1])
    spans = moments.spans()
    able = {
        clinician_id
        for clinician_id in schedule.clinicians
        if any(funnel.exclusion(clinician_id, days) is None for days in spans)
    }
    return [
        route
        for route in schedule.routes
        if route.clinician_id in able and route.shift_start <= high and low <= route.shift_end
    ]


def find_options(
    wanted: Wanted, moments: Moments, gaps: Gaps, funnel: Funnel, travel: Travel
) -> Options:
    """Return every free moment, in every gap, that passes the hard rules."""
    free = moments.take(moments.free)
    placements = find_placements(
        gaps,
        wanted.place.point,
        wanted.service.visit_minutes,
        _windows_between(wanted, free),
        travel,
    )
    start = placements.start.astype(np.int64)
    moment = np.searchsorted(free.start, start)
    known = np.flatnonzero(moment < len(free.start))
    known = known[free.start[moment[known]] == start[known]]
    route = gaps.route[placements.gap]
    known = known[_may_come(gaps.routes, route[known], free, moment[known], funnel)]
    return _cheapest_each(gaps, free, placements, known, moment)


def _windows_between(wanted: Wanted, moments: Moments) -> list[tuple[int, int]]:
    if not len(moments.start):
        return [(0, -1)]
    first, last = int(moments.start[0]), int(moments.start[-1])
    pairs = [(max(a, first), min(b, last)) for a, b in windows_in_minutes(wanted.windows)]
    return [(low, high) for low, high in pairs if low <= high]


def _may_come(
    routes: tuple[Route, ...], route: Indices, moments: Moments, moment: Indices, funnel: Funnel
) -> Flags:
    """Say for each route and moment whether H1-H3 let the clinician come on its days."""
    if not len(route):
        return np.zeros(0, dtype=np.bool_)
    base = int(moments.first_day[0])
    days = moments.first_day[moment] - base
    length = moments.last_day[moment] - moments.first_day[moment]
    many, long = int(days.max()) + 1, int(length.max()) + 1
    unique, place = np.unique((route * many + days) * long + length, return_inverse=True)
    answers = []
    for key in unique.tolist():
        first = date.fromordinal(base + key // long % many)
        span = (first, first + timedelta(days=key % long))
        clinician_id = routes[key // long // many].clinician_id
        answers.append(funnel.exclusion(clinician_id, span) is None)
    return np.array(answers, dtype=np.bool_)[place]


def _cheapest_each(
    gaps: Gaps, moments: Moments, placements: Placements, known: Indices, moment: Indices
) -> Options:
    ids = sorted({route.clinician_id for route in gaps.routes})
    rank = {clinician_id: index for index, clinician_id in enumerate(ids)}
    by_route = np.array([rank[route.clinician_id] for route in gaps.routes], dtype=np.int64)
    gap = placements.gap[known]
    route, position = gaps.route[gap], gaps.position[gap]
    clinician = by_route[route]
    added = placements.added_travel[known]
    order = np.lexsort((position, route, added, clinician, moment[known]))
    keys = moment[known][order] * max(len(ids), 1) + clinician[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = keys[1:] != keys[:-1]
    kept = order[first]
    return Options(
        gaps.routes,
        moments,
        route[kept],
        moment[known][kept],
        position[kept],
        added[kept],
        placements.idle[known][kept],
    )
