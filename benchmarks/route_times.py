"""The earliest times of a route whose order is fixed, with its break."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.model import Break, Clinician, Instance, Minutes, Span

SLACK = 1e-9  # minutes that sums of floats may be off


@dataclass(frozen=True, slots=True)
class TimedStop:
    """A visit by its position in the instance, with minutes of the day."""

    visit: int
    arrive: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TimedRoute:
    """A day that keeps every rule."""

    break_start: float | None
    stops: tuple[TimedStop, ...]
    travel_minutes: float


@dataclass(frozen=True, slots=True)
class _State:
    """The earliest moment to drive on, before or after the break, and how it was reached."""

    free: float
    before: "_State | None" = None
    stop: TimedStop | None = None
    break_start: float | None = None


def legs_of(
    instance: Instance, table: Minutes, clinician: int, order: Sequence[int]
) -> list[float]:
    """Return the minutes of each leg of a route with visits, the first and the last included."""
    places = [
        instance.start_of(clinician),
        *(instance.home_of(visit) for visit in order),
        instance.end_of(clinician),
    ]
    return [float(table[a, b]) for a, b in pairwise(places)]


def time_route(
    instance: Instance, table: Minutes, clinician: int, order: Sequence[int]
) -> TimedRoute | None:
    """Return the earliest times of the visits in this order, None where no times keep the rules.

    The visits and the clinician are given by their positions in the instance.
    """
    person = instance.clinicians[clinician]
    if not order:
        return TimedRoute(None, (), 0.0)
    legs = legs_of(instance, table, clinician, order)
    if len(order) > person.max_visits or sum(legs) > person.max_travel_minutes + SLACK:
        return None
    if any(person.id not in instance.visits[visit].takers for visit in order):
        return None
    early: _State | None = _State(person.shift[0])
    rested: _State | None = None
    for visit, leg in zip(order, legs, strict=False):
        late = _earlier(
            _drive(instance, rested, visit, leg), _rest(instance, early, visit, leg, person)
        )
        early, rested = _drive(instance, early, visit, leg), late
        if early is None and rested is None:
            return None
    final = _finish(person, early, rested, legs[-1])
    return None if final is None else _unroll(final, sum(legs))


def _drive(instance: Instance, state: _State | None, visit: int, leg: float) -> _State | None:
    if state is None:
        return None
    arrive = state.free + leg
    return _serve(instance, state, visit, (arrive, arrive), None)


def _rest(
    instance: Instance, state: _State | None, visit: int, leg: float, person: Clinician
) -> _State | None:
    """Return the state after a break on the way, or between arrival and service."""
    begins = _break_start(state, person)
    if state is None or begins is None or person.pause is None:
        return None
    there = state.free + leg
    arrive = there + person.pause.minutes if begins < there else there
    ready = max(arrive, begins + person.pause.minutes)
    return _serve(instance, state, visit, (arrive, ready), begins)


def _break_start(state: _State | None, person: Clinician) -> float | None:
    pause: Break | None = person.pause
    if state is None or pause is None:
        return None
    begins = max(state.free, pause.window[0])
    if begins > pause.window[1] or begins + pause.minutes > person.shift[1]:
        return None
    return begins


def _serve(
    instance: Instance, state: _State, visit: int, reached: Span, break_start: float | None
) -> _State | None:
    arrive, ready = reached
    wanted = instance.visits[visit]
    for opens, closes in wanted.starts:
        if ready <= closes + SLACK:
            start = min(max(ready, opens), closes)
            end = start + wanted.service_minutes
            return _State(end, state, TimedStop(visit, arrive, start, end), break_start)
    return None


def _earlier(first: _State | None, second: _State | None) -> _State | None:
    if first is None or second is None:
        return first or second
    return first if first.free <= second.free else second


def _finish(
    person: Clinician, early: _State | None, rested: _State | None, leg: float
) -> _State | None:
    """Return the last state with which the day ends inside the shift."""
    closes = person.shift[1] + SLACK
    done = early if person.pause is None else rested
    if done is not None and done.free + leg <= closes:
        return done
    begins = _break_start(early, person)
    if early is None or begins is None or person.pause is None:
        return None
    back = early.free + leg
    back += person.pause.minutes if begins < back else 0.0
    return _State(back, early, None, begins) if back <= closes else None


def _unroll(state: _State | None, travel: float) -> TimedRoute:
    stops: list[TimedStop] = []
    break_start = None
    while state is not None:
        stops += [state.stop] if state.stop else []
        break_start = state.break_start if break_start is None else break_start
        state = state.before
    return TimedRoute(break_start, tuple(reversed(stops)), travel)
