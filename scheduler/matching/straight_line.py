"""Distances by the straight line, for many points at once, and the least time a drive can take."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.driving import TOP_KMH
from scheduler.domain.geography import EARTH_RADIUS_KM, Point

Floats = NDArray[np.float64]


def straight_km(origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
    """Return great-circle kilometres, one row an origin, one column a destination.

    Haversine as in domain.geography.great_circle_km.
    """
    lat_a, lon_a = _radians(origins)[:, :, np.newaxis]
    lat_b, lon_b = _radians(destinations)[:, np.newaxis, :]
    square = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(square))))


def least_minutes(origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
    """Return minutes that no drive undercuts: the straight line at top speed, unrounded."""
    return straight_km(origins, destinations) * (60 / TOP_KMH)


def _radians(points: Sequence[Point]) -> Floats:
    """Return latitudes and longitudes as two rows."""
    degrees = [(point.latitude, point.longitude) for point in points]
    return np.radians(np.array(degrees, dtype=np.float64).reshape(len(points), 2).T)
