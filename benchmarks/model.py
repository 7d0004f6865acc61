"""The day of an instance's file as values: clinicians, visits, minutes between places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0

Id = str | int
Point = tuple[float, float]
Span = tuple[float, float]
Minutes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Break:
    """Minutes off, to be begun inside the window; the break may fall anywhere, also into travel."""

    minutes: float
    window: Span


@dataclass(frozen=True, slots=True)
class Clinician:
    """One clinician's day. Points are latitude and longitude; times are minutes of the day.

    `end` None: the day ends with the last visit.
    """

    id: Id
    start: Point
    end: Point | None
    shift: Span
    pause: Break | None
    max_visits: int
    max_travel_minutes: float


@dataclass(frozen=True, slots=True)
class Pin:
    """Who comes, and the minute of the day at which service starts."""

    clinician: Id
    start: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit that is asked for. The windows bound the start of service."""

    id: Id
    point: Point
    service_minutes: float
    windows: tuple[Span, ...]
    priority: float
    allowed: tuple[Id, ...]
    pinned: Pin | None
    preferred: Id | None

    @property
    def starts(self) -> tuple[Span, ...]:
        """Return the spans in which service may start, in order and apart from each other.

        A pinned visit has one: the pin's instant.
        """
        if self.pinned:
            return ((self.pinned.start, self.pinned.start),)
        apart: list[Span] = []
        for opens, closes in sorted(self.windows):
            if apart and opens <= apart[-1][1]:
                opens, closes = apart[-1][0], max(apart.pop()[1], closes)
            apart.append((opens, closes))
        return tuple(apart)

    @property
    def takers(self) -> tuple[Id, ...]:
        """Return who may make the visit: the pin's clinician alone where pinned."""
        return (self.pinned.clinician,) if self.pinned else self.allowed


@dataclass(frozen=True, slots=True)
class EstimatedTravel:
    """Great-circle kilometres times the detour, at one speed."""

    detour: float
    kmh: float


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredTravel:
    """Minutes from each place to each: starts, ends, visits, in the order of the file."""

    minutes: Minutes


@dataclass(frozen=True, slots=True)
class Instance:
    """A day to plan."""

    travel: EstimatedTravel | MeasuredTravel
    clinicians: tuple[Clinician, ...]
    visits: tuple[Visit, ...]

    def start_of(self, clinician: int) -> int:
        """Return the place in the table where the clinician in this position starts."""
        return clinician

    def end_of(self, clinician: int) -> int:
        """Return the place in the table where the clinician in this position ends."""
        return len(self.clinicians) + clinician

    def home_of(self, visit: int) -> int:
        """Return the place in the table of the visit in this position."""
        return 2 * len(self.clinicians) + visit


Plan = dict[str, Any]
"""A plan as it is written to its file."""


def minutes_table(instance: Instance) -> Minutes:
    """Return the travel minutes over starts, ends and visits; from and to no end it takes none."""
    return minutes_from(instance, range(2 * len(instance.clinicians) + len(instance.visits)))


def minutes_from(instance: Instance, origins: Sequence[int]) -> Minutes:
    """Return the rows of the table for some places: great-circle distance, or as measured."""
    if isinstance(instance.travel, MeasuredTravel):
        table = instance.travel.minutes[list(origins)]
    else:
        table = _estimate(instance, instance.travel, origins)
    absent = absent_places(instance)
    table[absent[list(origins)], :] = 0.0
    table[:, absent] = 0.0
    return table


def absent_places(instance: Instance) -> NDArray[np.bool_]:
    """Return for each place of the table whether it is an end that a clinician does not have."""
    absent = np.zeros(2 * len(instance.clinicians) + len(instance.visits), dtype=bool)
    for position, clinician in enumerate(instance.clinicians):
        absent[instance.end_of(position)] = clinician.end is None
    return absent


def part_of(instance: Instance, clinician: int, visits: Sequence[int]) -> Instance:
    """Return the day of one clinician and some visits alone, in that order."""
    travel = instance.travel
    if isinstance(travel, MeasuredTravel):
        places = [instance.start_of(clinician), instance.end_of(clinician)]
        places += [instance.home_of(visit) for visit in visits]
        travel = MeasuredTravel(travel.minutes[np.ix_(places, places)])
    chosen = tuple(instance.visits[visit] for visit in visits)
    return Instance(travel, (instance.clinicians[clinician],), chosen)


def _estimate(instance: Instance, travel: EstimatedTravel, origins: Sequence[int]) -> Minutes:
    """Return minutes by great circle, Earth radius 6,371 km.

    The angle is twice the arcsine of half the chord between two points of the unit sphere; unlike
    the arccosine of their product it keeps its precision for neighbors.
    """
    points = [c.start for c in instance.clinicians]
    points += [c.end or c.start for c in instance.clinicians]
    points += [v.point for v in instance.visits]
    lat, lon = np.radians(np.array(points, dtype=np.float64).reshape(-1, 2)).T
    sphere = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    table = np.empty((len(origins), len(points)))
    per_radian = 2 * EARTH_RADIUS_KM * travel.detour / travel.kmh * 60
    for row, origin in enumerate(origins):  # by row: all at once would take the memory five times
        chord = np.sqrt(((sphere - sphere[:, origin, None]) ** 2).sum(axis=0))
        table[row] = per_radian * np.arcsin(np.minimum(1.0, chord / 2))
    return table
