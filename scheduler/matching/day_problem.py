"""A day to be planned: who works, what is to be done, and how long every drive takes."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.errors import InvalidInput

Id = Hashable


@dataclass(frozen=True, slots=True)
class Pause:
    """A break of `minutes` that starts between two moments, even on the road."""

    opens: float
    closes: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Shift:
    """A clinician's working day; moments and lengths in minutes, on one clock for the whole day."""

    clinician: Id
    opens: float
    closes: float
    pause: Pause | None
    max_visits: int
    max_travel_minutes: float


@dataclass(frozen=True, slots=True)
class Pin:
    """A clinician and a start that a visit keeps."""

    clinician: Id
    start: float


@dataclass(frozen=True, slots=True)
class DayVisit:
    """A visit that may be made on the day.

    `minutes`: from arrival to end of pack-down. `windows`: when it may start, both ends included.
    `allowed`: clinicians that pass all hard rules but time. `worth`: what leaving it out costs, in
    minutes of driving. `extra`: what each clinician costs beside driving, such as the tax on a
    change of what the patient was told. `promised`: never left out once it is in a plan.
    """

    id: Id
    minutes: float
    windows: tuple[tuple[float, float], ...]
    allowed: frozenset[Id]
    worth: float
    extra: Mapping[Id, float] = field(default_factory=dict)
    pinned: Pin | None = None
    promised: bool = False


@dataclass(frozen=True, slots=True)
class DayProblem:
    """Shifts, visits, and the minutes between their places.

    `minutes` is square: first the start of each shift, then the end of each, then each visit. A
    shift without an end point has a row and a column of zeros there. It need not be symmetric.

    Raises:
        InvalidInput: something cannot be planned with; each problem is named by its entity, as
            "visit 7" or "clinician 3".
    """

    shifts: tuple[Shift, ...]
    visits: tuple[DayVisit, ...]
    minutes: NDArray[np.float64]

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = defaultdict(list)
        for entity, text in _problems(self):
            problems[entity].append(text)
        if problems:
            raise InvalidInput({entity: "; ".join(texts) for entity, texts in problems.items()})


Problems = Iterator[tuple[str, str]]


def _problems(day: DayProblem) -> Problems:
    if not day.shifts:
        yield "clinicians", "nobody works on this day"
    if not day.visits:
        yield "visits", "there is nothing to plan"
    yield from _repeated("clinician", [shift.clinician for shift in day.shifts])
    yield from _repeated("visit", [visit.id for visit in day.visits])
    for shift in day.shifts:
        for text in _shift_problems(shift):
            yield f"clinician {shift.clinician}", text
    shifts = {shift.clinician: shift for shift in day.shifts}
    for visit in day.visits:
        for text in (*_visit_problems(visit, shifts), *_pin_problems(visit, shifts)):
            yield f"visit {visit.id}", text
    yield from _minutes_problems(day)


def _repeated(kind: str, ids: Sequence[Id]) -> Problems:
    seen: set[Id] = set()
    for each in ids:
        if each in seen:
            yield f"{kind} {each}", "is there twice"
        seen.add(each)


def _shift_problems(shift: Shift) -> Iterator[str]:
    if not (isfinite(shift.opens) and isfinite(shift.closes) and shift.opens < shift.closes):
        yield f"the shift from {shift.opens} to {shift.closes} has no length"
    if shift.max_visits < 0 or not shift.max_travel_minutes >= 0:
        yield "max_visits and max_travel_minutes must not be negative"
    pause = shift.pause
    if pause is None:
        return
    if not (isfinite(pause.minutes) and pause.minutes > 0):
        yield "a break must last longer than 0 minutes"
    if not (isfinite(pause.opens) and isfinite(pause.closes) and pause.opens <= pause.closes):
        yield f"the break's window from {pause.opens} to {pause.closes} closes before it opens"


def _visit_problems(visit: DayVisit, shifts: Mapping[Id, Shift]) -> Iterator[str]:
    if not (isfinite(visit.minutes) and visit.minutes > 0):
        yield "must last longer than 0 minutes"
    if not (isfinite(visit.worth) and visit.worth >= 0):
        yield "worth must be a number, 0 or more"
    if not all(isfinite(cost) and cost >= 0 for cost in visit.extra.values()):
        yield "extra costs must be numbers, 0 or more"
    if not visit.windows:
        yield "has no window"
    for opens, closes in visit.windows:
        if not (isfinite(opens) and isfinite(closes) and opens <= closes):
            yield f"the window from {opens} to {closes} closes before it opens"
    yield from _giver_problems(visit, shifts)


def _giver_problems(visit: DayVisit, shifts: Mapping[Id, Shift]) -> Iterator[str]:
    unknown = sorted(str(each) for each in visit.allowed - shifts.keys())
    if unknown:
        yield f"allowed names nobody of the day: {', '.join(unknown)}"
    lengths = [shifts[each].closes - shifts[each].opens for each in visit.allowed & shifts.keys()]
    if lengths and visit.minutes > max(lengths):
        yield f"lasts {visit.minutes:g} minutes, longer than every shift it may be given to"


def _pin_problems(visit: DayVisit, shifts: Mapping[Id, Shift]) -> Iterator[str]:
    pin = visit.pinned
    if pin is None:
        return
    if pin.clinician not in visit.allowed:
        yield f"is pinned to clinician {pin.clinician}, who may not make it"
    if not any(opens <= pin.start <= closes for opens, closes in visit.windows):
        yield f"is pinned to {pin.start:g}, outside its windows"
    shift = shifts.get(pin.clinician)
    if shift and not shift.opens <= pin.start <= shift.closes - visit.minutes:
        yield f"is pinned to {pin.start:g}, outside the shift of clinician {pin.clinician}"


def _minutes_problems(day: DayProblem) -> Problems:
    names = [f"the start of clinician {shift.clinician}" for shift in day.shifts]
    names += [f"the end of clinician {shift.clinician}" for shift in day.shifts]
    names += [f"visit {visit.id}" for visit in day.visits]
    if day.minutes.shape != (len(names), len(names)):
        yield "minutes", f"must be {len(names)} by {len(names)}, is {day.minutes.shape}"
        return
    odd = np.array([not (np.isfinite(row) & (row >= 0)).all() for row in day.minutes])
    if not odd.any():
        return
    wrong = ~np.isfinite(day.minutes) | (day.minutes < 0)
    worst = np.maximum(wrong.sum(axis=0), wrong.sum(axis=1))
    while wrong.any():
        index = int(worst.argmax())
        yield names[index], "cannot be reached: a drive has no length"
        wrong[index, :] = wrong[:, index] = False
        worst = np.maximum(wrong.sum(axis=0), wrong.sum(axis=1))
