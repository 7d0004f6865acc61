"""Plan a day with our engine.

python -m benchmarks.day_plan --instance FILE --seconds S [--seed N] --out PLAN.json

The seconds hold starting up and reading the file. Compiling the engine's loops, which happens once
on a machine, may cost the search a fifth of them at most. The format of both files is in
docs/benchmarks/format.md.
"""

import argparse
import sys
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.instance_file import InstanceError, read_instance
from benchmarks.model import Clinician, Instance, Minutes, Visit, minutes_table
from benchmarks.plan_file import write_plan
from scheduler.domain.errors import InvalidInput
from scheduler.matching.day_plan import DayPlan, PlannedRound, compile_loops, plan_day
from scheduler.matching.day_problem import DayProblem, DayVisit, Pause, Pin, Shift
from scheduler.matching.stopping import StopRule

UNASSIGNED_MINUTES = 5.556 * 60
"""What a visit of priority 1 that is left out costs, in minutes of driving."""
LEAST_SHARE = 0.8
"""Of the seconds, the search has at least so much."""
CANNOT_READ = 2


def as_problem(instance: Instance, table: Minutes) -> DayProblem:
    """Return the engine's problem of a day; raises InvalidInput naming clinician or visit."""
    return DayProblem(
        tuple(_shift(each) for each in instance.clinicians),
        tuple(_visit(each) for each in instance.visits),
        table,
    )


def _shift(each: Clinician) -> Shift:
    pause = each.pause and each.pause.minutes and Pause(*each.pause.window, each.pause.minutes)
    return Shift(each.id, *each.shift, pause or None, each.max_visits, each.max_travel_minutes)


def _visit(each: Visit) -> DayVisit:
    pin = Pin(each.pinned.clinician, each.pinned.start) if each.pinned else None
    worth = each.priority * UNASSIGNED_MINUTES
    return DayVisit(
        each.id, each.service_minutes, each.starts, frozenset(each.takers), worth, pinned=pin
    )


def as_record(instance: Instance, plan: DayPlan) -> dict[str, object]:
    """Return the plan as it is written."""
    out = set(plan.unassigned)
    return {
        "routes": [_route(each) for each in plan.rounds if each.stops],
        "unassigned": list(plan.unassigned),
        "travel_minutes": plan.travel_minutes,
        "assigned_priority": sum(v.priority for v in instance.visits if v.id not in out),
    }


def _route(each: PlannedRound) -> dict[str, object]:
    stops = [
        {"visit": stop.visit, "arrive": stop.arrive, "start": stop.start, "end": stop.end}
        for stop in each.stops
    ]
    return {"clinician": each.clinician, "break_start": each.break_start, "stops": stops}


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan the day that the arguments name; return the exit status."""
    asked = _parser().parse_args(arguments)
    began = time.monotonic()
    compile_loops()
    try:
        instance = read_instance(asked.instance)
        problem = as_problem(instance, minutes_table(instance))
        left = max(LEAST_SHARE * asked.seconds, asked.seconds - (time.monotonic() - began))
        plan = plan_day(problem, StopRule(seconds=left), asked.seed)
    except (InstanceError, InvalidInput) as error:
        print(error, file=sys.stderr)
        return CANNOT_READ
    write_plan(as_record(instance, plan), asked.out)
    print(
        f"{plan.cost / 60:.2f} h: {plan.travel_minutes / 60:.2f} h of driving,"
        f" {len(plan.unassigned)} of {len(instance.visits)} visits unassigned, {plan.trials} trials"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.day_plan",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--instance", type=Path, required=True, help="the day, JSON")
    parser.add_argument("--seconds", type=float, required=True, help="seconds by the clock")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    parser.add_argument("--out", type=Path, required=True, help="where the plan goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
