"""Driving minutes estimated from the straight line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.driving import TOP_KMH, DayPart
from scheduler.domain.geography import Point, great_circle_km
from scheduler.matching.straight_line import straight_km

Floats = NDArray[np.float64]

SLOWEST = 5.0
DECIMALS = 6
"""Kept before rounding up, so that the last bits of the arithmetic never cost a minute."""


@dataclass(frozen=True, slots=True)
class TravelCalibration:
    """How the straight line becomes minutes: road first at one speed, then at a higher one.

    Measured against free-flow road minutes in three towns; the estimate is meant to be too long
    rather than too short. Source: docs/decisions/2026-11-23-travel-estimate.md

    Args:
        detour: road kilometres per straight kilometre.
        kmh_short: speed over the first `short_km` of road.
        kmh_long: speed over the rest.
        short_km: road kilometres from the door to the faster road.
        overhead_minutes: getting out of one place and into the other.
        least_minutes: no drive is shorter, not even between equal points: addresses known by
            their ZIP code alone share a point and may lie some kilometres apart.

    Raises:
        ValueError: names the inequality that does not hold.
    """

    detour: float = 1.45
    kmh_short: float = 32.0
    kmh_long: float = 80.0
    short_km: float = 6.0
    overhead_minutes: float = 2.0
    least_minutes: float = 8.0

    def __post_init__(self) -> None:
        inequalities = {
            "detour >= 1": self.detour >= 1,
            "kmh_short > 0": self.kmh_short > 0,
            "kmh_short <= kmh_long": self.kmh_short <= self.kmh_long,
            f"kmh_long <= {TOP_KMH:g}": self.kmh_long <= TOP_KMH,
            "0 <= short_km < infinity": 0 <= self.short_km < np.inf,
            "0 <= overhead_minutes < infinity": 0 <= self.overhead_minutes < np.inf,
            "0 <= least_minutes < infinity": 0 <= self.least_minutes < np.inf,
            "detour < infinity": self.detour < np.inf,
        }
        require(inequalities)

    def driving(self, straight: Floats) -> Floats:
        """Return unrounded minutes of driving on free roads for straight-line kilometres."""
        road_km = straight * self.detour
        slow_km = np.minimum(road_km, self.short_km)
        return 60 * (slow_km / self.kmh_short + (road_km - slow_km) / self.kmh_long)

    def minutes(self, straight: Floats, factor: float = 1.0) -> Floats:
        """Return unrounded minutes from door to door, the driving `factor` times as long."""
        return self.from_door_to_door(self.driving(straight) * factor)

    def from_door_to_door(self, driving: Floats) -> Floats:
        """Add to minutes of driving what they leave out, and keep to the least a drive takes."""
        return np.maximum(driving + self.overhead_minutes, self.least_minutes)


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many times as long as on free roads a drive takes, by part of the week.

    The peaks are the travel time index of the 52 largest metropolitan areas; the other numbers are
    a judgement. Source: docs/decisions/2026-11-23-travel-by-hour.md

    Raises:
        ValueError: names the inequality that does not hold.
    """

    night: float = 1.0
    morning_peak: float = 1.33
    midday: float = 1.15
    evening_peak: float = 1.33
    evening: float = 1.1
    weekend: float = 1.1

    def __post_init__(self) -> None:
        require(
            {
                f"1 <= {part.value} <= {SLOWEST:g}": 1 <= self.factor(part) <= SLOWEST
                for part in DayPart
            }
        )

    def factor(self, part: DayPart | None) -> float:
        """Return the factor of a part of the week; None: of the slowest of all."""
        if part is None:
            return max(self.factor(each) for each in DayPart)
        return float(getattr(self, part.value))


def require(inequalities: Mapping[str, bool]) -> None:
    """Raise ValueError naming the first inequality that does not hold."""
    for inequality, holds in inequalities.items():
        if not holds:
            raise ValueError(f"{inequality} does not hold")


def whole(minutes: Floats) -> Floats:
    """Return minutes up to whole ones."""
    return np.asarray(np.ceil(minutes.round(DECIMALS)))


class GeodesicTravel:
    """Driving minutes between points, by great circle, calibration and traffic, in whole minutes.

    Symmetric: the straight line knows no one-way streets.
    """

    name = "estimate"
    by_network = False
    falling_back = False

    def __init__(
        self, calibration: TravelCalibration | None = None, traffic: Traffic | None = None
    ) -> None:
        self.calibration = calibration or TravelCalibration()
        self.traffic = traffic or Traffic()

    def minutes(
        self,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        part: DayPart | None = None,
    ) -> Floats:
        """Return whole minutes, one row an origin, one column a destination.

        `part`: when the drive begins; None: long enough at any time of the week.
        """
        straight = straight_km(origins, destinations)
        return whole(self.calibration.minutes(straight, self.traffic.factor(part)))

    def legs(self, legs: Sequence[tuple[Point, Point]], part: DayPart | None = None) -> Floats:
        """Return whole minutes of each drive, from its first point to its second."""
        return whole(self.calibration.minutes(_straight(legs), self.traffic.factor(part)))

    def kilometres(self, legs: Sequence[tuple[Point, Point]]) -> Floats:
        """Return kilometres of road of each drive."""
        return _straight(legs) * self.calibration.detour


def _straight(legs: Sequence[tuple[Point, Point]]) -> Floats:
    return np.array([great_circle_km(*leg) for leg in legs], dtype=np.float64)
