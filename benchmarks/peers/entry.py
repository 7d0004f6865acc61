"""What every peer's program does: read the day, solve it, keep the rules, write the plan."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.instance_file import read_instance
from benchmarks.model import Instance, Minutes, minutes_table
from benchmarks.peers.insertion import Orders
from benchmarks.peers.repair import repair
from benchmarks.plan_file import make_plan, write_plan

SECONDS_PER_PRIORITY = 20_001.6
"""What a unit of unassigned priority costs: 5.556 hours, in seconds of travel."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a peer may take, by the clock, and how it should search."""

    seconds: float
    seed: int
    level: int | None


Solve = Callable[[Instance, Minutes, Effort], Orders]
"""The day, its minutes and the effort become each clinician's visits in order."""


def run_peer(solve: Solve) -> None:
    """Solve the day named on the command line; print how many visits the repair moved, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("instance", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--level", type=int, help="the peer's own level of search, if it has any")
    arguments = parser.parse_args()
    instance = read_instance(arguments.instance)
    table = minutes_table(instance)
    effort = Effort(arguments.seconds, arguments.seed, arguments.level)
    orders, moved = repair(instance, table, solve(instance, table, effort))
    write_plan(make_plan(instance, table, orders), arguments.out)
    print(json.dumps({"repaired": moved}))
