"""The best order and givers of a day's visits: from nothing, or from the plan that stands."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from scheduler.domain.errors import SchedulingError
from scheduler.matching.day_problem import DayProblem, DayVisit, Id, Shift

if TYPE_CHECKING:
    from scheduler.matching.kernels.rounds import Rounds, Work
    from scheduler.matching.kernels.ruin_recreate import Search

LOOK_EVERY_SECONDS = 0.05
FIRST_TRIALS = 100
"""Trials before the first look at the watch, and"""
TRIALS_BETWEEN_LOOKS = 500
"""between two looks where trials are counted, so that the same count always does the same."""
NO_LEG = -1


class PlanCancelled(SchedulingError):
    """Whoever asked for the plan called it off; nothing was changed."""

    code = "plan_cancelled"


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a search ends: after so many trials or so many seconds, whichever comes first."""

    trials: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.seconds is None:
            raise ValueError("trials or seconds must be given")
        if self.trials is not None and self.trials < 0:
            raise ValueError(f"trials >= 0 is broken by {self.trials}")
        if self.seconds is not None and not (isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds >= 0 is broken by {self.seconds}")


@dataclass(frozen=True, slots=True)
class Annealing:
    """How far a search may go uphill, in minutes of cost, at its beginning and at its end."""

    hot: float = 30.0
    cold: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.cold <= self.hot < float("inf"):
            raise ValueError(f"0 < cold <= hot is broken by cold={self.cold}, hot={self.hot}")

    def at(self, done: float) -> float:
        """Return the temperature after a share of the search."""
        return float(self.hot * (self.cold / self.hot) ** done)


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


Progress = Callable[[float, float], bool]
"""Is told the share done and the best cost so far; answers whether to go on."""


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
    from scheduler.matching.kernels import loading, ruin_recreate

    work = loading.load_work(day)
    start = loading.load_rounds(day, work, current)
    search = ruin_recreate.begin_search(work, start, seed)
    ruin_recreate.put_waiting(work, search)
    began_at = float(search.cost[1])
    trials = _run(work, search, stop, annealing or Annealing(), progress)
    return _read(day, work, search.best, began_at, trials)


def compile_loops() -> None:
    """Compile what a plan needs, or load it compiled before; the first time takes some seconds."""
    shift = Shift(0, 0.0, 600.0, None, 1, 600.0)
    visits = tuple(DayVisit(v, 30.0, ((0.0, 600.0),), frozenset({0}), 60.0) for v in range(2))
    plan_day(DayProblem((shift,), visits, np.zeros((4, 4))), StopRule(trials=1))


def _run(
    work: "Work", search: "Search", stop: StopRule, annealing: Annealing, progress: Progress
) -> int:
    """Improve until the rule says stop; return the trials made."""
    from scheduler.matching.kernels.ruin_recreate import improve

    improve(work, search, 0, annealing.hot, annealing.hot)  # the watch does not count compiling
    watch = _Watch(stop)
    while watch.share < 1:
        if not progress(watch.share, float(search.cost[1])):
            raise PlanCancelled("The plan was called off.")
        trials = watch.next_trials()
        improve(work, search, trials, annealing.at(watch.share), annealing.at(watch.then(trials)))
        watch.done(trials)
    progress(1.0, float(search.cost[1]))
    return watch.trials


class _Watch:
    """Says how much of a search is done, and how many trials to make before the next look."""

    def __init__(self, stop: StopRule) -> None:
        self._stop = stop
        self._began = self._looked = time.monotonic()
        self._pace = FIRST_TRIALS
        self.trials = 0

    @property
    def share(self) -> float:
        """The share of the search that is done, 0 to 1."""
        return self._share(self.trials, self._looked - self._began)

    def _share(self, trials: int, seconds: float) -> float:
        shares = [0.0]
        if self._stop.trials is not None:
            shares.append(trials / self._stop.trials if self._stop.trials else 1.0)
        if self._stop.seconds is not None:
            shares.append(seconds / self._stop.seconds if self._stop.seconds else 1.0)
        return min(max(shares), 1.0)

    def next_trials(self) -> int:
        """Return how many trials to make now."""
        if self._stop.seconds is None:
            return min(TRIALS_BETWEEN_LOOKS, (self._stop.trials or 0) - self.trials)
        if self._stop.trials is None:
            return self._pace
        return min(self._pace, self._stop.trials - self.trials)

    def then(self, trials: int) -> float:
        """Return the share that will be done after some more trials."""
        if self._stop.seconds is None:
            return self._share(self.trials + trials, 0.0)
        return self._share(self.trials + trials, self._looked - self._began + LOOK_EVERY_SECONDS)

    def done(self, trials: int) -> None:
        """Look at the watch after some trials."""
        before, self._looked = self._looked, time.monotonic()
        self.trials += trials
        took = max(self._looked - before, 1e-6)
        pace = trials * LOOK_EVERY_SECONDS / took
        self._pace = max(1, int(min(pace, 4 * self._pace)))


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
