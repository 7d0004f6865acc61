"""Small days to plan, and a plain look at whether a plan keeps every rule, engine apart."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, permutations, product

import numpy as np
from hypothesis import strategies as st

from scheduler.matching.day_plan import DayPlan, PlannedRound, PlannedStop
from scheduler.matching.day_problem import DayProblem, DayVisit, Id, Pause, Pin, Shift

CLINICIANS = "ABC"
PROMISE = 100_000.0
HAIR = 1e-6
LEFT_OUT = 333.0


@st.composite
def shifts(draw: st.DrawFn, clinician: str) -> Shift:
    opens = draw(st.sampled_from([0, 60]))
    pause = None
    if draw(st.booleans()):
        pause_opens = opens + draw(st.integers(60, 200))
        pause = Pause(pause_opens, pause_opens + draw(st.sampled_from([0, 40, 120])), 30)
    closes = opens + draw(st.integers(240, 540))
    most = draw(st.integers(1, 5))
    return Shift(clinician, opens, closes, pause, most, draw(st.sampled_from([60, 150, 600])))


@st.composite
def visits(draw: st.DrawFn, number: int, who: str) -> DayVisit:
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        opens = draw(st.integers(0, 480))
        windows.append((opens, opens + draw(st.sampled_from([0, 15, 60, 200]))))
    return DayVisit(
        id=number,
        minutes=draw(st.sampled_from([20, 45, 90])),
        windows=tuple(windows),
        allowed=frozenset(draw(st.sets(st.sampled_from(who)))),
        worth=draw(st.sampled_from([0.0, LEFT_OUT, 2 * LEFT_OUT])),
        extra={each: draw(st.sampled_from([0.0, 30.0, 120.0])) for each in who},
        promised=draw(st.booleans()),
    )


@st.composite
def days(draw: st.DrawFn, most_visits: int = 7) -> DayProblem:
    """Draw a day of one to three clinicians; drives are whole minutes, another way each way."""
    who = CLINICIANS[: draw(st.integers(1, 3))]
    asked = tuple(draw(visits(n, who)) for n in range(draw(st.integers(1, most_visits))))
    size = 2 * len(who) + len(asked)
    row = st.lists(st.integers(0, 60), min_size=size, max_size=size)
    minutes = np.array([draw(row) for _ in range(size)], dtype=np.float64)
    return DayProblem(tuple(draw(shifts(each)) for each in who), asked, minutes)


def with_pin(day: DayProblem, plan: DayPlan) -> DayProblem:
    """Pin the first visit of a plan where it stands, if the plan has one."""
    for each in plan.rounds:
        for stop in each.stops[:1]:
            pinned = [_pinned(v, each, stop.start) if v.id == stop.visit else v for v in day.visits]
            return DayProblem(day.shifts, tuple(pinned), day.minutes)
    return day


def _pinned(visit: DayVisit, each: PlannedRound, start: float) -> DayVisit:
    return replace(visit, pinned=Pin(each.clinician, start))


def orders_of(plan: DayPlan) -> list[list[Id]]:
    return [[stop.visit for stop in each.stops] for each in plan.rounds]


def broken_rules(day: DayProblem, plan: DayPlan) -> list[str]:
    """Return what is wrong with a plan, in words."""
    wrong = []
    placed = [visit for order in orders_of(plan) for visit in order]
    if sorted([*placed, *plan.unassigned], key=str) != sorted((v.id for v in day.visits), key=str):
        wrong.append("a visit is lost or there twice")
    for k, (shift, each) in enumerate(zip(day.shifts, plan.rounds, strict=True)):
        wrong += [f"{shift.clinician}: {text}" for text in _broken_in_round(day, shift, each, k)]
    if abs(sum(each.travel_minutes for each in plan.rounds) - plan.travel_minutes) > HAIR:
        wrong.append("driving does not add up")
    return wrong


def _broken_in_round(day: DayProblem, shift: Shift, each: PlannedRound, k: int) -> list[str]:
    if not each.stops:
        return [] if each.break_start is None else ["a break on a free day"]
    number = {visit.id: index for index, visit in enumerate(day.visits)}
    asked = [day.visits[number[stop.visit]] for stop in each.stops]
    places = [k, *(2 * len(day.shifts) + number[stop.visit] for stop in each.stops)]
    legs = [day.minutes[a, b] for a, b in pairwise([*places, len(day.shifts) + k])]
    wrong = []
    if len(asked) > shift.max_visits:
        wrong.append("too many visits")
    if sum(legs) > shift.max_travel_minutes + HAIR or abs(sum(legs) - each.travel_minutes) > HAIR:
        wrong.append("too much driving, or told wrong")
    for visit, stop in zip(asked, each.stops, strict=True):
        wrong += [f"{visit.id} {text}" for text in _broken_at_stop(visit, stop, shift)]
    free = [shift.opens, *(stop.end for stop in each.stops)]
    needed = [*(stop.start for stop in each.stops), shift.closes]
    return wrong + _broken_drives(shift, each, legs, list(zip(free, needed, strict=True)))


def _broken_at_stop(visit: DayVisit, stop: PlannedStop, shift: Shift) -> list[str]:
    wrong = []
    if shift.clinician not in visit.allowed:
        wrong.append("is made by somebody who may not")
    if not any(opens <= stop.start <= closes for opens, closes in visit.windows):
        wrong.append("starts outside its windows")
    if abs(stop.end - stop.start - visit.minutes) > HAIR or stop.arrive > stop.start + HAIR:
        wrong.append("has another length")
    if visit.pinned and visit.pinned != Pin(shift.clinician, stop.start):
        wrong.append("left its pin")
    return wrong


def _broken_drives(
    shift: Shift, each: PlannedRound, legs: list[float], gaps: list[tuple[float, float]]
) -> list[str]:
    """Look for time for every drive between stops, and for the break in one place."""
    wrong, rests = [], 0
    for leg, (low, high) in zip(legs, gaps, strict=True):
        at = each.break_start
        if shift.pause and at is not None and low - HAIR <= at and rests == 0:
            ends = at + shift.pause.minutes
            if ends + max(0.0, leg - (at - low)) <= high + HAIR:
                rests += 1
                continue
        if low + leg > high + HAIR:
            wrong.append(f"no time for {leg} minutes between {low} and {high}")
    if shift.pause is None:
        return wrong if each.break_start is None else [*wrong, "a break nobody asked for"]
    if each.break_start is None or rests != 1:
        return [*wrong, "no break"]
    if not shift.pause.opens <= each.break_start <= shift.pause.closes:
        wrong.append("the break is outside its window")
    return wrong


def cost_of(day: DayProblem, orders: tuple[tuple[int, ...], ...]) -> float:
    """Return the cost of visits (indices) in these orders: driving, extras and what is left out."""
    total, placed = 0.0, set()
    for k, order in enumerate(orders):
        total += cost_of_round(day, k, order)
        total += sum(day.visits[visit].extra[day.shifts[k].clinician] for visit in order)
        placed |= set(order)
    return total + sum(
        visit.worth + PROMISE * visit.promised
        for index, visit in enumerate(day.visits)
        if index not in placed
    )


def cost_of_round(day: DayProblem, k: int, order: Sequence[int]) -> float:
    """Return the minutes driven in a round; nobody drives without visits."""
    places = [k, *(2 * len(day.shifts) + visit for visit in order), len(day.shifts) + k]
    return float(sum(day.minutes[a, b] for a, b in pairwise(places))) if order else 0.0


def cheapest(day: DayProblem) -> float:
    """Return the least cost of all plans there are, found by trying them all."""
    best = float("inf")
    givers = range(-1, len(day.shifts))
    for given in product(givers, repeat=len(day.visits)):
        rounds = [[v for v, k in enumerate(given) if k == j] for j in range(len(day.shifts))]
        choices = [list(drivable(day, k, visits)) for k, visits in enumerate(rounds)]
        for orders in product(*choices):
            best = min(best, cost_of(day, orders))
    return best


def drivable(day: DayProblem, k: int, asked: list[int]) -> list[tuple[int, ...]]:
    """Return the orders in which a clinician can make these visits."""
    shift = day.shifts[k]
    if len(asked) > shift.max_visits:
        return []
    if any(shift.clinician not in day.visits[visit].allowed for visit in asked):
        return []
    return [order for order in permutations(asked) if can_be_driven(day, k, order)]


def can_be_driven(day: DayProblem, k: int, order: tuple[int, ...]) -> bool:
    """Drive a round forward, the break on each leg in turn, at every minute of its window."""
    if not order:
        return True
    shift = day.shifts[k]
    places = [k, *(2 * len(day.shifts) + visit for visit in order), len(day.shifts) + k]
    legs = [int(day.minutes[a, b]) for a, b in pairwise(places)]
    if sum(legs) > shift.max_travel_minutes:
        return False
    rests: list[int | None] = [None] if shift.pause is None else list(range(len(legs)))
    return any(_in_time(day, shift, order, legs, rest) for rest in rests)


def _in_time(
    day: DayProblem, shift: Shift, order: tuple[int, ...], legs: list[int], rest: int | None
) -> bool:
    now = shift.opens
    for index, leg in enumerate(legs):
        now = _after_leg(shift, now, leg) if index == rest else now + leg
        if index < len(order):
            visit = day.visits[order[index]]
            starts = [max(now, a) for a, b in visit.windows if max(now, a) <= b]
            now = min(starts, default=float("inf")) + visit.minutes
    return now <= shift.closes


def _after_leg(shift: Shift, now: float, leg: int) -> float:
    pause = shift.pause
    if pause is None or now == float("inf"):
        return float("inf")
    first, last = int(max(now, pause.opens)), int(pause.closes)
    ends = [at + pause.minutes + max(0.0, leg - (at - now)) for at in range(first, last + 1)]
    return min(ends, default=float("inf"))
