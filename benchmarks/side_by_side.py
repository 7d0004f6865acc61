"""Plan the same days by the engine and its peers: python -m benchmarks.side_by_side

Peers are optional: `pip install -r requirements-bench.txt`, into an environment of their own if you
like, named by --peer-python. Prints the table and writes it to --out.
"""

import argparse
import json
import sys
import tempfile
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.comparison import render
from benchmarks.instances import make_instance
from benchmarks.planners import OURS, PEERS, Outcome, Task, run_planner

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "day_plan.md"


def read_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.side_by_side",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 400, 1000, 3000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--seconds", type=int, nargs="+", default=[5, 20])
    parser.add_argument(
        "--planners", nargs="+", choices=[OURS, *PEERS], default=[OURS, *PEERS], metavar="PLANNER"
    )
    parser.add_argument("--peer-python", default=sys.executable, help="the peers' interpreter")
    parser.add_argument("--out", type=Path, default=PAGE)
    return parser.parse_args()


def make_tasks(arguments: argparse.Namespace, folder: Path) -> Iterator[Task]:
    """Yield every day to plan, its file written into the folder."""
    for visits in arguments.sizes:
        for seed in arguments.seeds:
            day = folder / f"day-{visits}-{seed}.json"
            day.write_text(json.dumps(make_instance(visits, seed)))
            for seconds in arguments.seconds:
                yield Task(day, visits, seed, seconds)


def run_all(
    tasks: Iterable[Task], planners: list[str], peer_python: str, folder: Path
) -> Iterator[Outcome]:
    """Yield the outcome of every planner for every task; progress goes to standard error."""
    for task in tasks:
        for planner in planners:
            python = sys.executable if planner == OURS else peer_python
            label = f"{task.visits} visits, seed {task.seed}, {task.seconds:g} s, {planner}"
            print(f"{label} …", end=" ", file=sys.stderr, flush=True)
            outcome = run_planner(planner, task, python, folder)
            print(_summary(outcome), file=sys.stderr, flush=True)
            yield outcome


def _summary(outcome: Outcome) -> str:
    if outcome.cost_hours is None:
        return outcome.failure
    broken = f", {len(outcome.violations)} rules broken" if outcome.violations else ""
    return f"{outcome.cost_hours:.1f} h in {outcome.wall_seconds:.1f} s{broken}"


def command_of(arguments: argparse.Namespace) -> str:
    """Return the command that makes the same table on any machine."""
    options = " ".join(
        f"--{name} {' '.join(f'{value}' for value in getattr(arguments, name))}"
        for name in ("sizes", "seeds", "seconds", "planners")
    )
    return f"python -m benchmarks.side_by_side {options}"


def main() -> None:
    """Run what the command line asks for, print the table and write its page."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks = make_tasks(arguments, folder)
        outcomes = list(run_all(tasks, arguments.planners, arguments.peer_python, folder))
    page = render(outcomes, command_of(arguments))
    print(page)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
