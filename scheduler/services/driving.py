"""Driving minutes as plain numbers, fetched before the transaction that needs them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from scheduler.domain.errors import Conflict
from scheduler.domain.geography import Point
from scheduler.matching.model import Route
from scheduler.ports import Minutes, TravelTimes

Answer = TypeVar("Answer")

_READINGS = 5


class UnknownDrive(Exception):
    """The day changed after the minutes were fetched: a point is not in the table."""


class DrivingTable:
    """Minutes between a known set of points; the network is not asked again."""

    def __init__(self, travel: TravelTimes, points: Iterable[Point]) -> None:
        known = list(dict.fromkeys(points))
        self._index = {point: number for number, point in enumerate(known)}
        self._minutes = travel.minutes(known, known) if known else np.zeros((0, 0))

    def __call__(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Minutes:
        """Return one row an origin, one column a destination; raises UnknownDrive."""
        try:
            rows = [self._index[point] for point in origins]
            columns = [self._index[point] for point in destinations]
        except KeyError as error:
            raise UnknownDrive from error
        return self._minutes[np.ix_(rows, columns)]


def points_of(routes: Iterable[Route | None], *others: Point) -> list[Point]:
    """Return every point of the routes, and the others."""
    points = list(others)
    for route in routes:
        if route is not None:
            points.append(route.start)
            points.extend(stop.point for stop in route.stops)
            if route.end is not None:
                points.append(route.end)
    return points


def with_driving(
    travel: TravelTimes, points: Callable[[], list[Point]], act: Callable[[DrivingTable], Answer]
) -> Answer:
    """Fetch minutes, then act; when the day changed in between, read it again.

    Raises:
        Conflict: the day changed each time.
    """
    for _ in range(_READINGS):
        table = DrivingTable(travel, points())
        try:
            return act(table)
        except UnknownDrive:
            continue
    raise Conflict("Others are booking this day at the moment. Please try again.")
