"""Write a plan: the order of visits of each clinician becomes exact times."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.model import Instance, Minutes, Plan
from benchmarks.route_times import TimedRoute, time_route


def make_plan(instance: Instance, table: Minutes, orders: Sequence[Sequence[int]]) -> Plan:
    """Return the plan in which each clinician makes these visits, by position, in this order.

    Raises:
        ValueError: an order that no times can keep.
    """
    routes, travel = [], 0.0
    for row, order in enumerate(orders):
        timed = time_route(instance, table, row, order)
        if timed is None:
            raise ValueError(f"clinician {instance.clinicians[row].id} cannot keep this order")
        routes += [_write_route(instance, row, timed)] if order else []
        travel += timed.travel_minutes
    assigned = {visit for order in orders for visit in order}
    return {
        "routes": routes,
        "unassigned": [v.id for n, v in enumerate(instance.visits) if n not in assigned],
        "travel_minutes": travel,
        "assigned_priority": sum(instance.visits[visit].priority for visit in sorted(assigned)),
    }


def _write_route(instance: Instance, row: int, timed: TimedRoute) -> Plan:
    return {
        "clinician": instance.clinicians[row].id,
        "break_start": timed.break_start,
        "stops": [
            {
                "visit": instance.visits[stop.visit].id,
                "arrive": stop.arrive,
                "start": stop.start,
                "end": stop.end,
            }
            for stop in timed.stops
        ],
    }


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan's file at once: another's plan or none is there, never half of one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(plan) + "\n", encoding="utf-8")
    fresh.replace(path)
