"""The best order and givers of a day's visits: from nothing, or from the plan that stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scheduler.matching.day_problem import DayProblem, DayVisit, Id, Shift
from scheduler.matching.stopping import Annealing, Progress, StopRule, Watch

if TYPE_CHECKING:
    from scheduler.matching.kernels.rounds import Rounds, Work

NO_LEG = -1


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A visit in a plan: the moments of arrival, start and end, in the minutes of the problem."""

    visit: Id
    arrive: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class PlannedRound:
    """A clinician's day in a plan; `break_start` is None where no break is due."""

    clinician: Id
    break_start: float | None
    stops: tuple[PlannedStop, ...]
    travel_minutes: float
    ends: float


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A plan that keeps every hard rule; costs in minutes of driving.

    `cost`: driving, extras, and the worth of what is left out (a promised visit left out counts
    `PROMISE_WORTH` more). `began_at`: the cost of the plan that the search began with.
    """

    rounds: tuple[PlannedRound, ...]
    unassigned: tuple[Id, ...]
    travel_minutes: float
    cost: float
    began_at: float
    trials: int


def _go_on(_share: float, _cost: float) -> bool:
    return True


def plan_day(
    day: DayProblem,
    stop: StopRule,
    seed: int = 0,
    current: Sequence[Sequence[Id]] | None = None,
    annealing: Annealing | None = None,
    progress: Progress = _go_on,
) -> DayPlan:
    """Return the best plan found for a day; never a worse one than the plan it began with.

    Args:
        day: what is asked. Pinned visits keep clinician and start; promised ones that are in the
            current plan are never left out.
        stop: with trials alone, the same seed gives the same plan on every machine.
        current: the visits of each shift in order; None begins with nothing but the pins. Visits
            that it leaves out are first put where they cost least.
        progress: is asked about every 50 ms.

    Raises:
        InvalidInput: the current plan, or the pins together, cannot be driven.
        PlanCancelled: `progress` said no.
    """
    from scheduler.matching.kernels import loading
    from scheduler.matching.kernels.ruin_recreate import begin_search, put_waiting
    from scheduler.matching.kernels.side_by_side import Searching, search

    work = loading.load_work(day)
    start = loading.load_rounds(day, work, current)
    loading.hold_promises(day, work, start)
    first = begin_search(work, start, seed)
    put_waiting(work, first)
    began_at = float(first.cost[1])
    how = Searching(Watch(stop), annealing or Annealing(), progress)
    best = search(work, first, seed, how)
    return _read(day, work, best, began_at, how.watch.trials)


def compile_loops() -> None:
    """Compile what a plan needs, or load it compiled before; the first time takes some seconds."""
    shift = Shift(0, 0.0, 600.0, None, 1, 600.0)
    visits = tuple(DayVisit(v, 30.0, ((0.0, 600.0),), frozenset({0}), 60.0) for v in range(2))
    plan_day(DayProblem((shift,), visits, np.zeros((4, 4))), StopRule(trials=1))


def _read(day: DayProblem, work: "Work", plan: "Rounds", began_at: float, trials: int) -> DayPlan:
    from scheduler.matching.kernels.rounds import cost_of

    rounds = []
    for k, shift in enumerate(day.shifts):
        order = [int(visit) for visit in plan.order[k, : plan.length[k]]]
        rounds.append(_read_round(day, shift, k, order))
    left_out = [v.id for v, k in zip(day.visits, plan.round_of, strict=True) if k < 0]
    travel = sum(each.travel_minutes for each in rounds)
    cost = float(cost_of(work, plan))
    return DayPlan(tuple(rounds), tuple(left_out), travel, cost, began_at, trials)


def _read_round(day: DayProblem, shift: Shift, k: int, order: Sequence[int]) -> PlannedRound:
    """Return a round with its break where the day ends soonest."""
    if not order:
        return PlannedRound(shift.clinician, None, (), 0.0, shift.opens)
    places = [k, *(2 * len(day.shifts) + visit for visit in order), len(day.shifts) + k]
    legs = [float(day.minutes[a, b]) for a, b in pairwise(places)]
    visits = [day.visits[visit] for visit in order]
    legs_with_pause = range(len(legs)) if shift.pause else [NO_LEG]
    rounds = [_drive(shift, visits, legs, leg) for leg in legs_with_pause]
    return min((each for each in rounds if each is not None), key=lambda each: each.ends)


def _drive(
    shift: Shift, visits: Sequence[DayVisit], legs: Sequence[float], pause_on: int
) -> PlannedRound | None:
    """Return the round, everything as early as can be, or None where it breaks a limit."""
    at, break_start, stops = shift.opens, None, []
    for index, leg in enumerate(legs):
        arrive = ready = at + leg
        if index == pause_on and shift.pause is not None:
            if at > shift.pause.closes:
                return None
            break_start = max(shift.pause.opens, min(shift.pause.closes, arrive))
            ready = max(arrive, shift.pause.opens) + shift.pause.minutes
            arrive = ready if break_start < arrive else arrive
        if index == len(visits):
            at = ready
            continue
        start = _first_start(visits[index], ready)
        if start is None:
            return None
        at = start + visits[index].minutes
        stops.append(PlannedStop(visits[index].id, arrive, start, at))
    if at > shift.closes:
        return None
    return PlannedRound(shift.clinician, break_start, tuple(stops), sum(legs), at)


def _first_start(visit: DayVisit, ready: float) -> float | None:
    """Return the first moment from `ready` on at which the visit may start."""
    if visit.pinned is not None:
        return visit.pinned.start if ready <= visit.pinned.start else None
    starts = [max(ready, opens) for opens, closes in visit.windows if ready <= closes]
    return min(starts, default=None)
