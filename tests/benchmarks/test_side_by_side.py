"""The table of planners side by side, from runs of programs that plan well, badly or not at all."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import side_by_side
from benchmarks.comparison import mean_cost, render
from benchmarks.instances import make_instance
from benchmarks.planners import Outcome, Task, choose, run_once

TASK = Task(Path("day.json"), 100, 1, 5)


def an_outcome(planner: str = "vroom", seed: int = 1, **other: object) -> Outcome:
    outcome = Outcome(planner, replace(TASK, seed=seed), 5.1, 80.0, 0.5, 50.0)
    return replace(outcome, **other)  # type: ignore[arg-type]  # fields by name


def test_the_best_level_is_the_cheapest_valid_one_in_time() -> None:
    late = an_outcome(cost_hours=10.0, wall_seconds=7.6)
    broken = an_outcome(cost_hours=20.0, violations=("visit Ann: is missing",))
    dear, cheap = an_outcome(cost_hours=40.0), an_outcome(cost_hours=30.0, wall_seconds=7.4)
    assert choose([late, broken, dear, cheap]) is cheap
    later = an_outcome(cost_hours=5.0, wall_seconds=9.0)
    assert choose([later, late, broken]) is late
    assert choose([broken]) is broken


def test_a_mean_needs_a_valid_plan_of_every_run() -> None:
    assert mean_cost([an_outcome(cost_hours=40.0), an_outcome(cost_hours=50.0)]) == 45
    assert mean_cost([an_outcome(), an_outcome(violations=("broken",))]) is None
    assert mean_cost([an_outcome(), an_outcome(cost_hours=None, failure="gone")]) is None


def test_the_table_shows_means_seeds_and_what_went_wrong() -> None:
    page = render(
        [
            an_outcome("ours", 1, cost_hours=40.0),
            an_outcome("ours", 2, cost_hours=44.0),
            an_outcome("vroom", 1, cost_hours=48.0, wall_seconds=8.0),
            an_outcome("vroom", 2, cost_hours=52.0),
            an_outcome("ortools", 1, cost_hours=None, failure="not installed"),
            an_outcome("pyvrp", 1, violations=("visit Ann: is missing",), repaired=3),
            an_outcome("greedy", 1, cost_hours=49.0),
        ],
        "the command",
    )
    rows = [line for line in page.splitlines() if line.startswith("| 100")]
    assert rows == [
        "| 100 | **ours** | 42.0 | 40.0 / 44.0 | 0.0 | 5.1 | 80 |  |",
        "| 100 | VROOM | 50.0 | 48.0 / 52.0 | 0.0 | 8.0 | 80 | late |",
        "| 100 | OR-Tools | - | - | - | 5.1 | 80 | not installed |",
        "| 100 | PyVRP | - | invalid | 0.0 | 5.1 | 80 | repaired 3; visit Ann: is missing |",
        "| 100 | greedy | 49.0 | 49.0 | 0.0 | 5.1 | 80 |  |",
    ]
    assert "- 100 visits: ours / best peer 0.857, ours / VROOM 0.840" in page
    assert "Made by `the command`" in page


@pytest.fixture
def task(tmp_path: Path) -> Task:
    day = tmp_path / "day.json"
    day.write_text(json.dumps(make_instance(20, 1)))
    return Task(day, 20, 1, 1)


def test_a_program_that_fails_is_named_without_the_paths_of_this_machine(task: Task) -> None:
    command = [sys.executable, "-c", "raise SystemExit('/opt/secret/python: no such planner')"]
    outcome = run_once("vroom", task, command, task.day.parent)
    assert (outcome.failure, outcome.cost_hours) == ("python: no such planner", None)


def test_a_program_that_leaves_no_plan_fails(task: Task) -> None:
    outcome = run_once("vroom", task, [sys.executable, "-c", ""], task.day.parent)
    assert outcome.failure == "ended with status 0"


def test_a_plan_of_the_run_before_does_not_count(task: Task) -> None:
    (task.day.parent / "plan.json").write_text("{}")
    assert run_once("vroom", task, [sys.executable, "-c", ""], task.day.parent).failure


def test_a_plan_nobody_can_read_counts_as_a_failure(task: Task) -> None:
    plan = task.day.parent / "plan.json"
    program = f"open({str(plan)!r}, 'w').write('{{}}')"
    outcome = run_once("vroom", task, [sys.executable, "-c", program], task.day.parent)
    assert outcome.failure == "cannot read plan: routes is missing"


def test_the_whole_of_it_with_greedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "page.md"
    options = ["--sizes", "20", "--seeds", "1", "--seconds", "1", "--planners", "greedy"]
    monkeypatch.setattr("sys.argv", ["side_by_side", *options, "--out", str(page)])
    side_by_side.main()
    printed = capsys.readouterr()
    assert page.read_text() in printed.out
    assert "| 20 | greedy |" in page.read_text()
    assert f"python -m benchmarks.side_by_side {' '.join(options)}`" in page.read_text()
    assert str(tmp_path) not in page.read_text()
    assert "20 visits, seed 1, 1 s, greedy … " in printed.err
