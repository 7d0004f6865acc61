"""Cheapest feasible insertion, by trying: every place of every route, the least detour first."""

from collections.abc import Iterable, Iterator

from benchmarks.model import Instance, Minutes
from benchmarks.route_times import time_route

Orders = list[list[int]]


def insert_cheapest(
    instance: Instance, table: Minutes, orders: Orders, visit: int, clinicians: Iterable[int]
) -> bool:
    """Put a visit where it adds the least travel within the rules; return whether it fits."""
    places = sorted(
        place for row in clinicians for place in _places(instance, table, orders[row], (row, visit))
    )
    for _, row, position in places:
        longer = [*orders[row][:position], visit, *orders[row][position:]]
        if time_route(instance, table, row, longer) is not None:
            orders[row] = longer
            return True
    return False


def _places(
    instance: Instance, table: Minutes, order: list[int], wanted: tuple[int, int]
) -> Iterator[tuple[float, int, int]]:
    """Yield added minutes, clinician and position for each gap of a route."""
    row, visit = wanted
    if len(order) >= instance.clinicians[row].max_visits:
        return
    here = instance.home_of(visit)
    stops = [instance.start_of(row), *(instance.home_of(each) for each in order)]
    for position, before in enumerate(stops):
        last = position == len(order)
        after = instance.end_of(row) if last else instance.home_of(order[position])
        way = 0.0 if last and not order else float(table[before, after])
        yield float(table[before, here] + table[here, after]) - way, row, position


def rows_allowed(instance: Instance) -> list[list[int]]:
    """Return for each visit the positions of the clinicians who may make it."""
    rows = {clinician.id: row for row, clinician in enumerate(instance.clinicians)}
    return [sorted(rows[who] for who in visit.takers) for visit in instance.visits]
