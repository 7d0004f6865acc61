"""VROOM, through pyvroom: https://github.com/VROOM-Project/vroom

Seconds rounded up for travel and service, so that its routes keep the exact times. Who is allowed
becomes one skill for each distinct set of people. VROOM looks at priority before travel, and takes
whole priorities up to 100. It uses every core.
"""

import math
import os
from datetime import timedelta

import numpy as np
import vroom  # type: ignore[import-not-found,unused-ignore]  # a peer: see requirements-bench.txt

from benchmarks.model import Clinician, Instance, Minutes, Span, Visit
from benchmarks.peers.entry import Effort, run_peer
from benchmarks.peers.insertion import Orders

BEST_LEVEL = 5
HIGHEST_PRIORITY = 100


def _window(span: Span) -> "vroom.TimeWindow":
    opens = math.ceil(span[0] * 60 - 1e-6)
    return vroom.TimeWindow(opens, max(opens, math.floor(span[1] * 60 + 1e-6)))


def _vehicle(
    row: int, clinician: Clinician, instance: Instance, skills: set[int]
) -> "vroom.Vehicle":
    pause = clinician.pause
    return vroom.Vehicle(
        row + 1,
        start=instance.start_of(row),
        end=None if clinician.end is None else instance.end_of(row),
        time_window=_window(clinician.shift),
        skills=skills,
        breaks=[
            vroom.Break(
                1, time_windows=[_window(pause.window)], service=math.ceil(pause.minutes * 60)
            )
        ]
        if pause
        else [],
        max_tasks=clinician.max_visits,
        max_travel_time=math.floor(clinician.max_travel_minutes * 60),
    )


def _job(position: int, visit: Visit, instance: Instance, skill: int) -> "vroom.Job":
    most = max(each.priority for each in instance.visits)
    share = visit.priority / most if most else 0.0
    return vroom.Job(
        position + 1,
        location=instance.home_of(position),
        default_service=math.ceil(visit.service_minutes * 60),
        skills={skill},
        priority=HIGHEST_PRIORITY if visit.pinned else round(share * (HIGHEST_PRIORITY - 1)),
        time_windows=[_window(span) for span in visit.starts],
    )


def describe(instance: Instance, table: Minutes) -> "vroom.Input":
    """Return the day in VROOM's words."""
    problem = vroom.Input()
    problem.set_durations_matrix("car", np.ceil(table * 60 - 1e-6).astype(np.uint32))
    groups = {
        takers: n for n, takers in enumerate(dict.fromkeys(v.takers for v in instance.visits))
    }
    for row, clinician in enumerate(instance.clinicians):
        skills = {number for takers, number in groups.items() if clinician.id in takers}
        problem.add_vehicle(_vehicle(row, clinician, instance, skills))
    for position, visit in enumerate(instance.visits):
        if visit.takers:
            problem.add_job(_job(position, visit, instance, groups[visit.takers]))
    return problem


def solve(instance: Instance, table: Minutes, effort: Effort) -> Orders:
    """Return the orders of VROOM's best plan."""
    problem = describe(instance, table)
    solution = problem.solve(
        exploration_level=BEST_LEVEL if effort.level is None else effort.level,
        nb_threads=os.cpu_count() or 1,
        timeout=timedelta(seconds=effort.seconds),
    )
    orders: Orders = [[] for _ in instance.clinicians]
    for step in solution.routes.itertuples():
        if step.type == "job":
            orders[step.vehicle_id - 1].append(int(step.id) - 1)
    return orders


if __name__ == "__main__":
    run_peer(solve)
