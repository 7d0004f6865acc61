"""Greedy: one visit after the other, where it adds the least travel."""

from benchmarks.model import Instance, Minutes
from benchmarks.peers.entry import Effort, run_peer
from benchmarks.peers.insertion import Orders, insert_cheapest, rows_allowed


def solve(instance: Instance, table: Minutes, _: Effort) -> Orders:
    """Return orders made by insertion: pinned visits, then by priority, then by fewest takers."""
    allowed = rows_allowed(instance)
    orders: Orders = [[] for _ in instance.clinicians]

    def rank(position: int) -> tuple[bool, float, int]:
        visit = instance.visits[position]
        return visit.pinned is None, -visit.priority, len(allowed[position])

    for visit in sorted(range(len(instance.visits)), key=rank):
        insert_cheapest(instance, table, orders, visit, allowed[visit])
    return orders


if __name__ == "__main__":
    run_peer(solve)
