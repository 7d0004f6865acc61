"""Driving minutes as plain numbers, fetched before the transaction that needs them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import numpy as np

from scheduler.domain.driving import day_part
from scheduler.domain.errors import Conflict
from scheduler.domain.geography import Point
from scheduler.matching.finalists import finalists
from scheduler.matching.insertion import Travel
from scheduler.matching.model import Route, Schedule, Wanted
from scheduler.matching.straight_line import least_minutes
from scheduler.ports import Minutes, TravelTimes

Answer = TypeVar("Answer")

MILES_PER_KM = 0.621371
_READINGS = 5


class UnknownDrive(Exception):
    """The day changed after the minutes were fetched: a point is not in the table."""


class SearchDrives:
    """Drives for one search, where each costs a question over the network.

    Real minutes between the place and every point of the routes, and along the routes that might
    take the visit; for any other drive minutes that none undercuts. The routes that are left out
    do not fit even with those, so the search finds exactly what it would with real minutes alone,
    and the reasons it gives stay true.
    """

    def __init__(self, travel: TravelTimes, wishes: Sequence[Wanted], loaded: Schedule) -> None:
        home = wishes[0].place.point
        maybe = finalists(wishes, loaded)
        places = list(dict.fromkeys([*_ends_of(loaded.routes), *points_of(maybe)]))
        legs = list(dict.fromkeys(leg for route in maybe for leg in _legs_of(route)))
        there = travel.minutes(places, [home])[:, 0].tolist() if places else []
        back = travel.minutes([home], places)[0].tolist() if places else []
        along = travel.legs(legs).tolist() if legs else []
        self._known = dict(zip(legs, along, strict=True))
        self._known.update(zip(((place, home) for place in places), there, strict=True))
        self._known.update(zip(((home, place) for place in places), back, strict=True))

    def __call__(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Minutes:
        """Return one row an origin, one column a destination."""
        table = least_minutes(origins, destinations)
        for row, origin in enumerate(origins):
            for column, destination in enumerate(destinations):
                known = self._known.get((origin, destination))
                if known is not None:
                    table[row, column] = known
        return table


def drives_for_search(travel: TravelTimes, wishes: Sequence[Wanted], loaded: Schedule) -> Travel:
    """Return the drives that a search for one place needs, asking for no more than it must."""
    if not travel.by_network or not wishes:
        return travel.minutes
    return SearchDrives(travel, wishes, loaded)


def leg_minutes(
    travel: TravelTimes, way: Sequence[Point], zone: str, times: Sequence[datetime]
) -> list[int]:
    """Return whole minutes of each drive along a way, by the traffic when it is driven.

    Args:
        way: the start, each stop, the end.
        zone: of the clock by which the traffic goes.
        times: an instant in each drive.
    """
    legs = list(pairwise(way))
    parts = [day_part(at, zone) for at in times]
    minutes = [0] * len(legs)
    for part in dict.fromkeys(parts):
        mine = [number for number, each in enumerate(parts) if each is part]
        found = travel.legs([legs[number] for number in mine], part)
        for number, value in zip(mine, found.tolist(), strict=True):
            minutes[number] = int(value)
    return minutes


def way_miles(travel: TravelTimes, way: Sequence[Point]) -> int:
    """Return whole miles of road along a way."""
    return round(float(travel.kilometres(list(pairwise(way))).sum()) * MILES_PER_KM)


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


def _ends_of(routes: Iterable[Route]) -> list[Point]:
    return [point for route in routes for point in (route.start, route.end) if point is not None]


def _legs_of(route: Route) -> list[tuple[Point, Point]]:
    return list(pairwise(points_of([route]))) if route.stops else []


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
