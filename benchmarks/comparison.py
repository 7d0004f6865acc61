"""The table of planners side by side, as Markdown."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from benchmarks.planners import OURS, VROOM_LEVELS, Outcome

NAMES = {
    OURS: "**ours**",
    "vroom": "VROOM",
    "ortools": "OR-Tools",
    "pyvrp": "PyVRP",
    "greedy": "greedy",
}
HEAD = """# Day plans side by side

Cost = travel hours + 5.556 for each unit of unassigned priority, worked out by the independent
checker; less is better. Every planner ran as a program of its own for the same seconds by the
clock, one after the other; memory is the program's peak. VROOM ran once at each of its exploration
levels {levels} on every core, and its cheapest plan in time counts. *Repaired* counts visits that
lost the place a peer gave them, because it knows no breaks (PyVRP) or had left a pinned visit out;
they were placed anew by greedy insertion or stay unassigned. *Late*: not done a tenth and two
seconds after its time.

Made by `{command}` on {machine}; load while it ran {loads}.
"""
NONE = "-"
RULE = "|---:|---|---:|---|---:|---:|---:|---|"
COLUMNS = (
    "| visits | planner | mean cost, h | by seed | priority left | wall, s | memory, MB | remarks |"
)


def describe_machine() -> str:
    """Return processor, cores and Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def render(outcomes: Sequence[Outcome], command: str) -> str:
    """Return the whole document; `command` is what makes it again."""
    loads = [outcome.load for outcome in outcomes]
    parts = [
        HEAD.format(
            levels=", ".join(map(str, VROOM_LEVELS)),
            command=command,
            machine=describe_machine(),
            loads=f"{min(loads):.1f} to {max(loads):.1f}",
        )
    ]
    for seconds in sorted({outcome.task.seconds for outcome in outcomes}):
        mine = [outcome for outcome in outcomes if outcome.task.seconds == seconds]
        seeds = ", ".join(str(seed) for seed in sorted({each.task.seed for each in mine}))
        parts.append(f"## {seconds:g} seconds, seeds {seeds}\n")
        parts.append("\n".join([COLUMNS, RULE, *_rows(mine)]) + "\n")
        parts.append("\n".join(_ratios(mine)) + "\n")
    return "\n".join(part for part in parts if part.strip())


def _groups(outcomes: Sequence[Outcome]) -> Iterable[tuple[int, str, list[Outcome]]]:
    for visits in sorted({outcome.task.visits for outcome in outcomes}):
        for planner in NAMES:
            runs = [o for o in outcomes if o.planner == planner and o.task.visits == visits]
            if runs:
                yield visits, planner, sorted(runs, key=lambda run: run.task.seed)


def mean_cost(runs: Sequence[Outcome]) -> float | None:
    """Return the mean cost in hours, None unless every run gave a valid plan."""
    if not runs or not all(run.is_valid for run in runs):
        return None
    return fmean(run.cost_hours or 0.0 for run in runs)


def _rows(outcomes: Sequence[Outcome]) -> Iterable[str]:
    for visits, planner, runs in _groups(outcomes):
        mean = mean_cost(runs)
        done = [run for run in runs if run.cost_hours is not None]
        cells = [
            f"{visits:,}",
            NAMES[planner],
            NONE if mean is None else f"{mean:.1f}",
            " / ".join(_cost(run) for run in runs),
            f"{fmean(run.unassigned_priority for run in done):.1f}" if done else NONE,
            f"{max(run.wall_seconds for run in runs):.1f}",
            f"{max(run.peak_mb for run in runs):.0f}",
            _remarks(runs),
        ]
        yield f"| {' | '.join(cells)} |"


def _cost(run: Outcome) -> str:
    if run.cost_hours is None:
        return NONE
    return f"{run.cost_hours:.1f}" if run.is_valid else "invalid"


def _remarks(runs: Sequence[Outcome]) -> str:
    remarks = [f"repaired {moved}"] if (moved := sum(run.repaired for run in runs)) else []
    remarks += ["late"] if not all(run.in_time for run in runs) else []
    failures = {run.failure for run in runs if run.failure}
    broken = {run.violations[0] for run in runs if run.violations}
    return "; ".join([*remarks, *sorted(failures | broken)])


def _ratios(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """Yield one line a size: our mean cost beside VROOM's and beside the best peer's."""
    groups = {(visits, who): mean_cost(runs) for visits, who, runs in _groups(outcomes)}
    for visits in sorted({visits for visits, _ in groups}):
        ours, vroom = groups.get((visits, OURS)), groups.get((visits, "vroom"))
        peers = [
            cost for (size, who), cost in groups.items() if size == visits and who != OURS and cost
        ]
        if ours is None or not peers:
            continue
        line = f"- {visits:,} visits: ours / best peer {ours / min(peers):.3f}"
        yield line + (f", ours / VROOM {ours / vroom:.3f}" if vroom else "")
