"""A slow, plain answer to "does this visit fit": every order-keeping place, minute by minute.

Shares nothing with the engine: its own records, no states, no latest times, only driving forward.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Call:
    """A stop: where (an index into the table of minutes), arrival between two minutes, length."""

    place: int
    earliest: int
    latest: int
    minutes: int


@dataclass(frozen=True)
class Day:
    """A working day; `pause` is (minutes, earliest start, latest start) or None."""

    opens: int
    closes: int
    start: int
    end: int | None
    pause: tuple[int, int, int] | None
    most_calls: int
    most_travel: int
    calls: tuple[Call, ...]


Table = list[list[int]]


def legs_of(day: Day, table: Table) -> list[int]:
    """Return the minutes of each drive; none after the last stop when the day may end anywhere."""
    places = [day.start, *(call.place for call in day.calls)]
    if day.end is not None:
        places.append(day.end)
    legs = [table[a][b] for a, b in pairwise(places)]
    return legs if day.end is not None else [*legs, 0]


def drive(day: Day, table: Table, pause_leg: int | None) -> list[int] | None:
    """Drive the day as early as can be, the break on the given leg; None when something fails."""
    now = day.opens
    arrivals = []
    legs = legs_of(day, table)
    for index, leg in enumerate(legs):
        if index == pause_leg and day.pause is not None:
            ends = earliest_end_with_pause(now, leg, day.pause)
            if ends is None:
                return None
            now = ends
        else:
            now += leg
        if index == len(day.calls):
            break
        call = day.calls[index]
        now = max(now, call.earliest)
        if now > call.latest:
            return None
        arrivals.append(now)
        now += call.minutes
    return arrivals if now <= day.closes else None


def earliest_end_with_pause(now: int, leg: int, pause: tuple[int, int, int]) -> int | None:
    """Try each minute at which the break can begin: before, on or after the drive."""
    minutes, opens, closes = pause
    best = None
    for begins in range(max(opens, now), closes + 1):
        driven = min(leg, begins - now)
        ends = begins + minutes + (leg - driven)
        best = ends if best is None else min(best, ends)
        if begins - now >= leg:
            break
    return best


def holds(day: Day, table: Table) -> bool:
    """Say whether the day can be driven at all."""
    if len(day.calls) > day.most_calls or sum(legs_of(day, table)) > day.most_travel:
        return False
    return timings(day, table)


def timings(day: Day, table: Table) -> bool:
    """Say whether some placement of the break lets every stop be met."""
    places: list[int | None] = [None]
    if day.pause is not None:
        places = list(range(len(day.calls) + 1))
    return any(drive(day, table, leg) is not None for leg in places)


def insertions(day: Day, call: Call) -> Iterator[tuple[int, Day]]:
    """Yield the day with the call in each place of the order."""
    for position in range(len(day.calls) + 1):
        calls = (*day.calls[:position], call, *day.calls[position:])
        yield (
            position,
            Day(
                day.opens,
                day.closes,
                day.start,
                day.end,
                day.pause,
                day.most_calls,
                day.most_travel,
                calls,
            ),
        )


def starts_that_fit(
    day: Day, wanted: Call, table: Table, starts: list[int]
) -> set[tuple[int, int]]:
    """Return every (position, start) at which the wanted call, pinned there, fits."""
    found = set()
    for start in starts:
        pinned = Call(wanted.place, start, start, wanted.minutes)
        for position, longer in insertions(day, pinned):
            if holds(longer, table):
                found.add((position, start))
    return found
