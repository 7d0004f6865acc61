"""PyVRP: https://github.com/PyVRP/PyVRP

Whole seconds, travel and service rounded up. Each window of a visit is a client of its own, at most
one of which is served. For a clinician who is not allowed somewhere that place is out of reach, in
a table of their own: 16 bytes for each clinician and each pair of places. It knows no breaks: the
shift ends a break earlier, and the repair puts the break into its window.
"""

import math

import numpy as np
import pyvrp  # type: ignore[import-not-found,unused-ignore]  # a peer: see requirements-bench.txt
from pyvrp import stop  # type: ignore[import-not-found,unused-ignore]

from benchmarks.model import Instance, Minutes
from benchmarks.peers.entry import SECONDS_PER_PRIORITY, Effort, run_peer
from benchmarks.peers.insertion import Orders

OUT_OF_REACH = 10_000_000
MOST_BYTES = 4_000_000_000


def describe(instance: Instance, table: Minutes) -> tuple["pyvrp.ProblemData", list[int]]:
    """Return the day in PyVRP's words, and the visit that each of its clients stands for."""
    clients, groups, visit_of = _clients(instance)
    people = len(instance.clinicians)
    distances, durations = _tables(instance, table)
    problem = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in range(len(table))],
        clients,
        [pyvrp.Depot(place) for place in range(2 * people)],
        [_vehicle(instance, row) for row in range(people)],
        distances,
        durations,
        groups,
    )
    return problem, visit_of


def _clients(
    instance: Instance,
) -> tuple[list["pyvrp.Client"], list["pyvrp.ClientGroup"], list[int]]:
    clients: list[pyvrp.Client] = []
    groups: list[pyvrp.ClientGroup] = []
    visit_of: list[int] = []
    for position, visit in enumerate(instance.visits):
        if not visit.takers:
            continue
        first = len(clients)
        group = len(groups) if len(visit.starts) > 1 else None
        for opens, closes in visit.starts:
            early = math.ceil(opens * 60 - 1e-6)
            clients.append(
                pyvrp.Client(
                    instance.home_of(position),
                    delivery=[1],
                    service_duration=math.ceil(visit.service_minutes * 60),
                    tw_early=early,
                    tw_late=max(early, math.floor(closes * 60)),
                    prize=0 if visit.pinned else round(visit.priority * SECONDS_PER_PRIORITY),
                    required=visit.pinned is not None,
                    group=group,
                )
            )
            visit_of.append(position)
        if group is not None:
            groups.append(pyvrp.ClientGroup(list(range(first, len(clients))), required=False))
    return clients, groups, visit_of


def _vehicle(instance: Instance, row: int) -> "pyvrp.VehicleType":
    clinician = instance.clinicians[row]
    rest = clinician.pause.minutes if clinician.pause else 0.0
    early = math.ceil(clinician.shift[0] * 60)
    return pyvrp.VehicleType(
        capacity=[clinician.max_visits],
        start_depot=instance.start_of(row),
        end_depot=instance.end_of(row),
        tw_early=early,
        tw_late=max(early, math.floor((clinician.shift[1] - rest) * 60)),
        max_distance=math.floor(clinician.max_travel_minutes * 60),
        profile=row,
    )


def _tables(instance: Instance, table: Minutes) -> tuple[list["np.ndarray"], list["np.ndarray"]]:
    """Return distances and durations in seconds for each clinician; both are travel times."""
    needed = 2 * 8 * len(instance.clinicians) * len(table) ** 2
    if needed > MOST_BYTES:
        raise SystemExit(f"PyVRP would need {needed / 1e9:.0f} GB for a table each clinician")
    seconds = np.ceil(table * 60 - 1e-6).astype(np.int64)
    distances = []
    for clinician in instance.clinicians:
        mine = seconds.copy()
        closed = [
            instance.home_of(position)
            for position, visit in enumerate(instance.visits)
            if clinician.id not in visit.takers
        ]
        mine[:, closed] = OUT_OF_REACH
        np.fill_diagonal(mine, 0)
        distances.append(mine)
    return distances, [seconds] * len(distances)


def solve(instance: Instance, table: Minutes, effort: Effort) -> Orders:
    """Return the orders of PyVRP's best plan."""
    problem, visit_of = describe(instance, table)
    result = pyvrp.solve(problem, stop.MaxRuntime(effort.seconds), seed=effort.seed)
    orders: Orders = [[] for _ in instance.clinicians]
    for route in result.best.routes():
        served = [visit_of[step.idx] for step in route if step.is_client()]
        orders[route.vehicle_type()] = list(dict.fromkeys(served))
    return orders


if __name__ == "__main__":
    run_peer(solve)
