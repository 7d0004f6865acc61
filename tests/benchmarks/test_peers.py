"""The peers plan the days that are made, each as a program, and keep every rule."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.instance_file import parse_instance
from benchmarks.instances import make_instance
from benchmarks.model import minutes_table
from benchmarks.peers import greedy
from benchmarks.peers.entry import Effort
from benchmarks.peers.repair import repair
from benchmarks.plan_file import make_plan
from benchmarks.planners import Task, command_of, run_once
from tests.benchmarks.days import a_clinician, a_day, a_visit, checked

LIBRARIES = {"vroom": "vroom", "ortools": "ortools", "pyvrp": "pyvrp"}


@pytest.mark.parametrize("peer", [*LIBRARIES, "greedy"])
@pytest.mark.parametrize("measured", [False, True], ids=["estimated", "measured"])
def test_a_peer_keeps_every_rule(tmp_path: Path, peer: str, measured: bool) -> None:
    if peer in LIBRARIES and importlib.util.find_spec(LIBRARIES[peer]) is None:
        pytest.skip(f"benchmark peer {peer} is not installed: requirements-bench.txt has it")
    day = tmp_path / "day.json"
    day.write_text(json.dumps(make_instance(25, 2, measured=measured)))
    task = Task(day, 25, 2, 1)
    command = command_of(peer, task, sys.executable, tmp_path)
    outcome = run_once(peer, task, command, tmp_path)
    assert (outcome.failure, outcome.violations) == ("", ())
    assert outcome.cost_hours is not None
    assert outcome.unassigned_priority < 20  # of about 40
    assert outcome.peak_mb > 10


Order = Callable[[dict[str, Any]], list[list[int]]]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("way", ["all to the first", "dealt out", "pins left out"])
def test_whatever_a_peer_says_the_repaired_plan_keeps_every_rule(seed: int, way: str) -> None:
    record = make_instance(40, seed)
    instance = parse_instance(record)
    table = minutes_table(instance)
    orders: list[list[int]] = [[] for _ in instance.clinicians]
    for position, visit in enumerate(instance.visits):
        if way == "pins left out" and visit.pinned:
            continue
        orders[0 if way == "all to the first" else position % len(orders)].append(position)
    fixed, moved = repair(instance, table, orders)
    assert moved > 0
    assert checked(record, make_plan(instance, table, fixed)).violations == ()


def test_a_plan_within_the_rules_is_not_repaired() -> None:
    instance = parse_instance(make_instance(40, 1))
    table = minutes_table(instance)
    orders = greedy.solve(instance, table, Effort(1, 1, None))
    before = [list(order) for order in orders]
    assert repair(instance, table, orders) == (before, 0)


def test_greedy_takes_the_least_detour_and_serves_priority_first() -> None:
    """Ada has time for one of the two; Cy lives next door to Ben."""
    minutes = np.full((7, 7), 30.0) - np.diag([30.0] * 7)
    minutes[1, 5] = minutes[5, 3] = 5  # Cy's start to Ben, Ben to Cy's end
    people = [a_clinician(max_visits=1), a_clinician("Cy", max_visits=1)]
    both = ["Ada", "Cy"]
    visits = [
        a_visit("Ann", priority=1),
        a_visit("Ben", priority=2, allowed=both),
        a_visit("Dee", priority=4),
    ]
    record = a_day(people, visits, travel={"minutes": minutes.tolist()})
    instance = parse_instance(record)
    orders = greedy.solve(instance, minutes_table(instance), Effort(1, 1, None))
    assert orders == [[2], [1]]
