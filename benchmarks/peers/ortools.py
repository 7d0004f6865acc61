"""OR-Tools' routing: https://github.com/google/or-tools

Whole seconds, travel and service rounded up. Cheapest insertion, then guided local search for the
whole time. It knows every rule of the day.
"""

import math
from itertools import pairwise

import numpy as np
from ortools.constraint_solver import (  # type: ignore[import-not-found,unused-ignore]  # a peer
    pywrapcp,
    routing_enums_pb2,
)

from benchmarks.model import Instance, Minutes, Visit
from benchmarks.peers.entry import SECONDS_PER_PRIORITY, Effort, run_peer
from benchmarks.peers.insertion import Orders, rows_allowed

NEVER_LEFT_OUT = 10**9


class Day:
    """The day in OR-Tools' words."""

    def __init__(self, instance: Instance, table: Minutes) -> None:
        people = range(len(instance.clinicians))
        self.instance = instance
        self.manager = pywrapcp.RoutingIndexManager(
            len(table),
            len(people),
            [instance.start_of(row) for row in people],
            [instance.end_of(row) for row in people],
        )
        self.model = pywrapcp.RoutingModel(self.manager)
        self.service = [0] * (2 * len(people)) + [
            math.ceil(visit.service_minutes * 60) for visit in instance.visits
        ]
        seconds = np.ceil(table * 60 - 1e-6).astype(np.int64)
        travel = self.model.RegisterTransitMatrix(seconds.tolist())
        self.model.SetArcCostEvaluatorOfAllVehicles(travel)
        self._limit_days(travel)
        self.time = self._keep_time(seconds)
        for row in people:
            self._add_shift(row)
        for position, rows in enumerate(rows_allowed(instance)):
            self._add_visit(position, rows)

    def _limit_days(self, travel: int) -> None:
        """Bound each clinician's travel and visits."""
        people = self.instance.clinicians
        most = [math.floor(each.max_travel_minutes * 60) for each in people]
        self.model.AddDimensionWithVehicleCapacity(travel, 0, most, True, "travel")
        visits = [int(seconds > 0) for seconds in self.service]
        visits[2 * len(people) :] = [1] * len(self.instance.visits)
        one = self.model.RegisterUnaryTransitVector(visits)
        self.model.AddDimensionWithVehicleCapacity(
            one, 0, [each.max_visits for each in people], True, "visits"
        )

    def _keep_time(self, seconds: "np.ndarray") -> "pywrapcp.RoutingDimension":
        with_service = self.model.RegisterTransitMatrix(
            (seconds + np.array(self.service)[:, None]).tolist()
        )
        last = math.ceil(max(each.shift[1] for each in self.instance.clinicians) * 60)
        self.model.AddDimension(with_service, last, last, False, "time")
        return self.model.GetDimensionOrDie("time")

    def _add_shift(self, row: int) -> None:
        clinician = self.instance.clinicians[row]
        opens = math.ceil(clinician.shift[0] * 60)
        closes = max(opens, math.floor(clinician.shift[1] * 60))
        for index in (self.model.Start(row), self.model.End(row)):
            self.time.CumulVar(index).SetRange(opens, closes)
        if clinician.pause is None:
            return
        first, last = (round(minute * 60) for minute in clinician.pause.window)
        pause = self.model.solver().FixedDurationIntervalVar(
            first, last, math.ceil(clinician.pause.minutes * 60), False, f"break {row}"
        )
        spent = [
            self.service[self.manager.IndexToNode(index)] for index in range(self.model.Size())
        ]
        self.time.SetBreakIntervalsOfVehicle([pause], row, spent)

    def _add_visit(self, position: int, rows: list[int]) -> None:
        visit: Visit = self.instance.visits[position]
        index = self.manager.NodeToIndex(self.instance.home_of(position))
        worth = NEVER_LEFT_OUT if visit.pinned else round(visit.priority * SECONDS_PER_PRIORITY)
        self.model.AddDisjunction([index], worth)
        self.model.VehicleVar(index).SetValues([-1, *rows])
        start = self.time.CumulVar(index)
        spans = [(math.ceil(a * 60 - 1e-6), math.floor(b * 60 + 1e-6)) for a, b in visit.starts]
        start.SetRange(spans[0][0], max(spans[-1]))
        for (_, closed), (opens, _) in pairwise(spans):
            if opens - closed > 1:
                start.RemoveInterval(closed + 1, opens - 1)

    def solve(self, effort: Effort) -> "pywrapcp.Assignment | None":
        """Return OR-Tools' best plan, None where it found none in the time."""
        search = pywrapcp.DefaultRoutingSearchParameters()
        search.first_solution_strategy = (
            routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        )
        search.local_search_metaheuristic = (
            routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        )
        search.time_limit.FromMilliseconds(round(effort.seconds * 1000))
        return self.model.SolveWithParameters(search)


def solve(instance: Instance, table: Minutes, effort: Effort) -> Orders:
    """Return the orders of OR-Tools' best plan, empty ones where it found none."""
    day = Day(instance, table)
    found = day.solve(effort)
    orders: Orders = [[] for _ in instance.clinicians]
    for row, order in enumerate(orders):
        index = day.model.Start(row)
        while found is not None and not day.model.IsEnd(index):
            index = found.Value(day.model.NextVar(index))
            if not day.model.IsEnd(index):
                order.append(day.manager.IndexToNode(index) - 2 * len(orders))
    return orders


if __name__ == "__main__":
    run_peer(solve)
