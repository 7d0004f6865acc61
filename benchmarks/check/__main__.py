"""Check a day plan against its instance: python -m benchmarks.check FILE PLAN.json

The format of both files is in docs/benchmarks/format.md. This program shares no code with the
engine, nor with the rest of the benchmarks: it reads the files by itself, with the standard library
alone, and works every rule out again. It prints the plan's cost and one line for each broken rule.

Exit status: 0 the plan is valid, 1 it breaks a rule, 2 a file cannot be read.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.check.reading import UnreadableFileError, load, read_case, read_plan
from benchmarks.check.rules import Verdict, judge


def describe(verdict: Verdict, *, as_json: bool) -> str:
    """Return the verdict as lines for people, or as one line of JSON."""
    if as_json:
        return json.dumps({"cost_hours": verdict.cost_hours} | vars(verdict))
    lines = [
        f"cost {verdict.cost_hours:.3f} h: {verdict.travel_hours:.3f} h of travel, "
        f"{verdict.unassigned} visits unassigned (priority {verdict.unassigned_priority:g})",
        *verdict.violations,
        f"{len(verdict.violations)} rules broken" if verdict.violations else "valid",
    ]
    return "\n".join(lines)


def main() -> int:
    """Check the plan named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.check", description=__doc__)
    parser.add_argument("instance", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of words")
    arguments = parser.parse_args()
    try:
        case, plan = read_case(load(arguments.instance)), read_plan(load(arguments.plan))
    except UnreadableFileError as error:
        print(f"cannot read {error}", file=sys.stderr)
        return 2
    verdict = judge(case, plan)
    print(describe(verdict, as_json=arguments.json))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
