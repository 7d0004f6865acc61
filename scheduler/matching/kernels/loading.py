"""A day's problem as the arrays of the loops, and the plan to begin with."""

from collections.abc import Iterable, Sequence

import numpy as np

from scheduler.domain.errors import InvalidInput
from scheduler.matching.day_problem import DayProblem, DayVisit, Id
from scheduler.matching.kernels.districts import nearest, nearest_visits
from scheduler.matching.kernels.rounds import (
    NEVER,
    NOWHERE,
    Numbers,
    Rounds,
    Whole,
    Work,
    empty_rounds,
    put,
    refresh,
)

NEAR_VISITS = 40
NEAR_ROUNDS = 12
PROMISE_WORTH = 100_000.0
"""Minutes beside its worth that leaving a promised visit out costs: more than any day's driving."""


def load_work(day: DayProblem) -> Work:
    """Return the problem as arrays; shifts and visits keep their order."""
    rounds = len(day.shifts)
    opens, closes = _windows(day.visits)
    drives = np.ascontiguousarray(day.minutes, dtype=np.float64)
    return Work(
        minutes=drives,
        service=_numbers(visit.minutes for visit in day.visits),
        opens=opens,
        closes=closes,
        worth=_numbers(visit.worth + PROMISE_WORTH * visit.promised for visit in day.visits),
        leeway=np.where(closes >= opens, closes - opens, 0.0).sum(axis=1),
        allowed=_allowed(day),
        extra=_extra(day),
        fixed=np.array([visit.pinned is not None for visit in day.visits], dtype=np.bool_),
        shift=np.array([(shift.opens, shift.closes) for shift in day.shifts], dtype=np.float64),
        pause=_pauses(day),
        most_visits=np.array([shift.max_visits for shift in day.shifts], dtype=np.int64),
        most_travel=_numbers(shift.max_travel_minutes for shift in day.shifts),
        near=nearest_visits(drives, rounds, NEAR_VISITS),
        near_rounds=nearest(drives[:rounds, 2 * rounds :].T, NEAR_ROUNDS),
    )


def _numbers(values: Iterable[float]) -> Numbers:
    return np.array(list(values), dtype=np.float64)


def _windows(visits: Sequence[DayVisit]) -> tuple[Numbers, Numbers]:
    """Return opening and closing, sorted and without overlaps; a pin is a window of one moment."""
    merged = [_merged(visit) for visit in visits]
    most = max(len(windows) for windows in merged)
    opens, closes = np.full((len(visits), most), NEVER), np.full((len(visits), most), -NEVER)
    for index, windows in enumerate(merged):
        for place, (low, high) in enumerate(windows):
            opens[index, place], closes[index, place] = low, high
    return opens, closes


def _merged(visit: DayVisit) -> list[tuple[float, float]]:
    if visit.pinned is not None:
        return [(visit.pinned.start, visit.pinned.start)]
    merged: list[tuple[float, float]] = []
    for low, high in sorted(visit.windows):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _allowed(day: DayProblem) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    column = {shift.clinician: k for k, shift in enumerate(day.shifts)}
    allowed = np.zeros((len(day.visits), len(day.shifts)), dtype=np.bool_)
    for index, visit in enumerate(day.visits):
        able = visit.allowed if visit.pinned is None else {visit.pinned.clinician}
        allowed[index, [column[each] for each in able]] = True
    return allowed


def _extra(day: DayProblem) -> Numbers:
    column = {shift.clinician: k for k, shift in enumerate(day.shifts)}
    extra = np.zeros((len(day.visits), len(day.shifts)))
    for index, visit in enumerate(day.visits):
        for clinician, cost in visit.extra.items():
            if clinician in column:
                extra[index, column[clinician]] = cost
    return extra


def _pauses(day: DayProblem) -> Numbers:
    pauses = [shift.pause for shift in day.shifts]
    rows = [(p.opens, p.closes, p.minutes) if p else (NEVER, -NEVER, 0.0) for p in pauses]
    return np.array(rows, dtype=np.float64)


def load_rounds(day: DayProblem, work: Work, current: Sequence[Sequence[Id]] | None) -> Rounds:
    """Return the current plan (visits of each shift in order), with pinned visits in their place.

    Raises:
        InvalidInput: the current plan or the pins cannot be driven; the clinician is named.
    """
    plan = empty_rounds(work)
    number = {visit.id: index for index, visit in enumerate(day.visits)}
    orders = [[number[each] for each in ids] for ids in _orders(day, number, current)]
    placed = {visit for order in orders for visit in order}
    column = {shift.clinician: k for k, shift in enumerate(day.shifts)}
    for index, visit in enumerate(day.visits):
        if visit.pinned is not None and index not in placed:
            _put_pinned(work, orders[column[visit.pinned.clinician]], index)
    for k, order in enumerate(orders):
        _lay(day, work, plan, k, order)
    return plan


def _orders(
    day: DayProblem, number: dict[Id, int], current: Sequence[Sequence[Id]] | None
) -> Sequence[Sequence[Id]]:
    if current is None:
        return [()] * len(day.shifts)
    if len(current) != len(day.shifts):
        raise InvalidInput({"current": f"must have {len(day.shifts)} rounds, has {len(current)}"})
    given = [each for ids in current for each in ids]
    problems = {f"visit {each}": "is not of this day" for each in given if each not in number}
    problems |= {f"visit {e}": "is in the plan twice" for e in given if given.count(e) > 1}
    if problems:
        raise InvalidInput(problems)
    return current


def _put_pinned(work: Work, order: list[int], visit: int) -> None:
    """Put a pinned visit before the first one that cannot start earlier."""
    start = work.opens[visit, 0]
    place = sum(bool(work.opens[each, 0] <= start) for each in order)
    order.insert(place, visit)


def _lay(day: DayProblem, work: Work, plan: Rounds, k: int, order: Sequence[int]) -> None:
    who = f"clinician {day.shifts[k].clinician}"
    if len(order) > work.most_visits[k]:
        raise InvalidInput({who: f"has {len(order)} visits, {work.most_visits[k]} are allowed"})
    for place, visit in enumerate(order):
        if not work.allowed[visit, k]:
            raise InvalidInput({f"visit {day.visits[visit].id}": f"may not be made by {who}"})
        put(plan, visit, k, place)
    if not refresh(work, plan, k):
        named = ", ".join(f"visit {day.visits[visit].id}" for visit in order)
        raise InvalidInput({who: f"cannot keep {named} within shift, windows, break and driving"})


def hold_promises(day: DayProblem, work: Work, plan: Rounds) -> None:
    """Make promised visits that are in the plan dearer than all the others together."""
    promised = np.array([visit.promised for visit in day.visits], dtype=np.bool_)
    work.worth[promised & (plan.round_of != NOWHERE)] += PROMISE_WORTH * len(day.visits)


def waiting(plan: Rounds) -> Whole:
    """Return the visits that are in nobody's round."""
    return np.flatnonzero(plan.round_of == NOWHERE)
