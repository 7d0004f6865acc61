"""Driving minutes estimated from the straight line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.geography import EARTH_RADIUS_KM, Point

Floats = NDArray[np.float64]

MAX_KMH = 130.0
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
            f"kmh_long <= {MAX_KMH:g}": self.kmh_long <= MAX_KMH,
            "0 <= short_km < infinity": 0 <= self.short_km < np.inf,
            "0 <= overhead_minutes < infinity": 0 <= self.overhead_minutes < np.inf,
            "0 <= least_minutes < infinity": 0 <= self.least_minutes < np.inf,
            "detour < infinity": self.detour < np.inf,
        }
        for inequality, holds in inequalities.items():
            if not holds:
                raise ValueError(f"{inequality} does not hold")

    def minutes(self, straight_km: Floats) -> Floats:
        """Return unrounded minutes for straight-line kilometres."""
        road_km = straight_km * self.detour
        slow_km = np.minimum(road_km, self.short_km)
        driving = 60 * (slow_km / self.kmh_short + (road_km - slow_km) / self.kmh_long)
        return np.maximum(driving + self.overhead_minutes, self.least_minutes)


class GeodesicTravel:
    """Driving minutes between points, by great circle and calibration, up to whole minutes."""

    def __init__(self, calibration: TravelCalibration | None = None) -> None:
        self._calibration = calibration or TravelCalibration()

    def minutes(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
        """Return whole minutes, one row an origin, one column a destination."""
        exact = self._calibration.minutes(_straight_km(origins, destinations))
        return np.ceil(exact.round(DECIMALS))


def _straight_km(origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
    """Return great-circle kilometres; haversine as in domain.geography.great_circle_km."""
    lat_a, lon_a = _radians(origins)[:, :, np.newaxis]
    lat_b, lon_b = _radians(destinations)[:, np.newaxis, :]
    square = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(square))))


def _radians(points: Sequence[Point]) -> Floats:
    """Return latitudes and longitudes as two rows."""
    degrees = [(point.latitude, point.longitude) for point in points]
    return np.radians(np.array(degrees, dtype=np.float64).reshape(len(points), 2).T)
