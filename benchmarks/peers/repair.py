"""Make a peer's orders keep every rule, where the peer does not know one of them."""

from benchmarks.model import Instance, Minutes
from benchmarks.peers.insertion import Orders, insert_cheapest, rows_allowed
from benchmarks.route_times import time_route


def repair(instance: Instance, table: Minutes, orders: Orders) -> tuple[Orders, int]:
    """Return orders that keep every rule, and how many visits lost their place on the way.

    A route that keeps the rules stays as it is. Any other is laid anew, pinned visits first, then
    by priority; what does not fit goes to whoever has room for it, or stays unassigned.
    """
    allowed = rows_allowed(instance)
    _bring_pins_home(instance, orders, allowed)
    homeless = []
    fixed: Orders = []
    for row, order in enumerate(orders):
        fixed.append(order)
        if time_route(instance, table, row, order) is None:
            fixed[row] = []
            for visit in sorted(order, key=lambda each: _rank(instance, each)):
                if not insert_cheapest(instance, table, fixed, visit, [row]):
                    homeless.append(visit)
    for visit in sorted(homeless, key=lambda each: _rank(instance, each)):
        insert_cheapest(instance, table, fixed, visit, allowed[visit])
    return fixed, len(homeless)


def _bring_pins_home(instance: Instance, orders: Orders, allowed: list[list[int]]) -> None:
    """Give each pinned visit that the peer left out or misplaced to its own clinician."""
    for position, visit in enumerate(instance.visits):
        if visit.pinned is None or position in orders[allowed[position][0]]:
            continue
        for order in orders:
            if position in order:
                order.remove(position)
        orders[allowed[position][0]].append(position)


def _rank(instance: Instance, position: int) -> tuple[bool, float, int]:
    visit = instance.visits[position]
    return visit.pinned is None, -visit.priority, position
