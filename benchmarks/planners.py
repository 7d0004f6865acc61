"""Run one way of planning a day as a program of its own, measure it, and have its plan checked."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

OURS = "ours"
PEERS = ("vroom", "ortools", "pyvrp", "greedy")
VROOM_LEVELS = (1, 3, 5)
GRACE = 1.1  # of the seconds asked for …
START_SECONDS = 2.0  # … and this for starting, reading and writing
LONGEST_FACTOR, LONGEST_EXTRA_SECONDS = 6, 120


class UncheckedPlanError(Exception):
    """The checker could not read the plan; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Task:
    """A day, the seconds to take by the clock, and the seed to search with."""

    day: Path
    visits: int
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave: its plan's figures by the checker, or why there are none."""

    planner: str
    task: Task
    wall_seconds: float
    peak_mb: float
    load: float
    cost_hours: float | None = None
    unassigned_priority: float = 0.0
    violations: tuple[str, ...] = ()
    repaired: int = 0
    failure: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether there is a plan that breaks no rule."""
        return self.cost_hours is not None and not self.violations

    @property
    def in_time(self) -> bool:
        """Whether the run kept to its seconds, but for starting and a tenth."""
        return self.wall_seconds <= GRACE * self.task.seconds + START_SECONDS


def run_planner(planner: str, task: Task, python: str, folder: Path) -> Outcome:
    """Return the outcome of a planner; of VROOM's levels the best that was in time."""
    if planner != "vroom":
        return run_once(planner, task, command_of(planner, task, python, folder), folder)
    tries = []
    for level in VROOM_LEVELS:
        command = [*command_of(planner, task, python, folder), "--level", str(level)]
        tries.append(run_once(planner, task, command, folder))
    return choose(tries)


def choose(tries: list[Outcome]) -> Outcome:
    """Return the cheapest valid outcome in time; with none in time, the fastest valid one."""
    valid = [each for each in tries if each.is_valid]
    if in_time := [each for each in valid if each.in_time]:
        return min(in_time, key=lambda each: each.cost_hours or 0.0)
    return min(valid or tries, key=lambda each: each.wall_seconds)


def command_of(planner: str, task: Task, python: str, folder: Path) -> list[str]:
    """Return the program that plans a day into the folder's plan.json."""
    plan, seconds, seed = str(folder / "plan.json"), f"{task.seconds:g}", str(task.seed)
    if planner == OURS:
        options = ["--instance", str(task.day), "--seconds", seconds, "--seed", seed]
        return [python, "-m", "benchmarks.day_plan", *options, "--out", plan]
    module = f"benchmarks.peers.{planner}"
    return [python, "-m", module, str(task.day), seconds, plan, "--seed", seed]


def run_once(planner: str, task: Task, command: list[str], folder: Path) -> Outcome:
    """Run a program that writes plan.json into the folder, and have the plan checked."""
    plan = folder / "plan.json"
    plan.unlink(missing_ok=True)
    load = os.getloadavg()[0]
    began = time.perf_counter()
    limit = LONGEST_FACTOR * task.seconds + LONGEST_EXTRA_SECONDS
    status, peak_mb = _run_measured(command, folder, limit)
    wall = time.perf_counter() - began
    if status != 0 or not plan.exists():
        failure = _failure((folder / "stderr").read_text()) or f"ended with status {status}"
        return Outcome(planner, task, wall, peak_mb, load, failure=failure)
    outcome = Outcome(planner, task, wall, peak_mb, load)
    try:
        verdict = check(task.day, plan)
    except UncheckedPlanError as error:
        return replace(outcome, failure=str(error))
    return replace(
        outcome,
        cost_hours=verdict["cost_hours"],
        unassigned_priority=verdict["unassigned_priority"],
        violations=tuple(verdict["violations"]),
        repaired=_repaired((folder / "stdout").read_text()),
    )


def _run_measured(command: list[str], folder: Path, limit: float) -> tuple[int, float]:
    """Return the exit status and the peak of resident memory in MB; past the limit it is killed."""
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors)  # noqa: S603 (our own command)
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 1024


def _failure(said: str) -> str:
    """Return the last line a program said, without the paths of this machine."""
    return re.sub(r"\S*/", "", (said.strip().splitlines() or [""])[-1])


def _repaired(printed: str) -> int:
    """Return how many visits a peer says its repair moved, 0 from a program that does not say."""
    lines = printed.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return 0
    return int(json.loads(lines[-1]).get("repaired", 0))


def check(day: Path, plan: Path) -> dict[str, Any]:
    """Return the verdict of the independent checker; raises UncheckedPlanError for no plan."""
    command = [sys.executable, "-m", "benchmarks.check", str(day), str(plan), "--json"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if not checked.stdout:
        raise UncheckedPlanError(_failure(checked.stderr))
    verdict: dict[str, Any] = json.loads(checked.stdout)
    return verdict
