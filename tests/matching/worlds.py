"""Small made-up days: random ones for both engine and checker, and people with names."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import numpy as np

from scheduler.domain.care import CareService, ScopeRule, WayOfGiving
from scheduler.domain.geography import Place, Point, Precision
from scheduler.domain.licensure import CompactMember, Credential, Licence, LicenceHolder
from scheduler.domain.timing import TimeWindow, at_local, from_minute, to_minute
from scheduler.matching.insertion import Numbers
from scheduler.matching.model import Break, Candidate, Route, Rulebook, Stop
from tests.matching import exhaustive

PLACES = 8
RN = Credential.RN
IV = WayOfGiving.IV_INFUSION
ADA, BEA, CY, PATIENT = (UUID(int=number) for number in (1, 2, 3, 99))


def point(index: int) -> Point:
    """Return the point that stands for a place of the table: its longitude is the index."""
    return Point(0.0, float(index))


@dataclass(frozen=True)
class TableTravel:
    """Looks minutes up; asymmetric where the table is."""

    table: list[list[int]]

    def __call__(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Numbers:
        rows = [[self._minutes(a, b) for b in destinations] for a in origins]
        return np.array(rows, dtype=np.float64).reshape(len(origins), len(destinations))

    def _minutes(self, a: Point, b: Point) -> float:
        minutes = self.table[int(a.longitude)][int(b.longitude)]
        return minutes - 0.4 if minutes else 0.0  # the engine rounds up


def flat_travel(minutes: float) -> TableTravel:
    """Return the same minutes between any two different places."""
    size = range(PLACES)
    return TableTravel([[0 if a == b else int(minutes) for b in size] for a in size])


def random_table(rng: random.Random) -> list[list[int]]:
    top = rng.choice([12, 40, 90])
    size = range(PLACES)
    return [[0 if a == b else rng.randint(1, top) for b in size] for a in size]


def random_day(rng: random.Random, table: list[list[int]], opens: int) -> exhaustive.Day:
    """Return a day that can be driven: stops are added while it holds."""
    closes = opens + rng.randint(240, 600)
    pause = None
    if rng.random() < 0.6:
        first = opens + rng.randint(0, 300)
        pause = (rng.choice([15, 30, 45]), first, first + rng.choice([0, 20, 60, 150]))
    day = exhaustive.Day(
        opens,
        closes,
        rng.randrange(PLACES),
        rng.choice([None, rng.randrange(PLACES)]),
        pause,
        rng.choice([2, 3, 4, 6]),
        rng.choice([60, 120, 240, 900]),
        (),
    )
    for _ in range(rng.randint(0, 5)):
        earliest = opens + rng.randint(-60, closes - opens)
        width = rng.choice([0, 0, 30, 60, 120, 400])
        call = exhaustive.Call(
            rng.randrange(PLACES), earliest, earliest + width, rng.choice([20, 45, 90])
        )
        longer = [day for _, day in exhaustive.insertions(day, call)]
        possible = [day for day in longer if exhaustive.holds(day, table)]
        if possible:
            day = rng.choice(possible)
    return day


def as_route(day: exhaustive.Day, clinician_id: UUID, on: date, plan: list[int]) -> Route:
    """Write the checker's day in the engine's words."""
    pause = Break(*day.pause) if day.pause else None
    stops = tuple(
        Stop(
            UUID(int=1000 + index), point(call.place), call.earliest, call.latest, call.minutes, at
        )
        for index, (call, at) in enumerate(zip(day.calls, plan, strict=True))
    )
    return Route(
        clinician_id,
        on,
        day.opens,
        day.closes,
        point(day.start),
        None if day.end is None else point(day.end),
        pause,
        day.most_calls,
        day.most_travel,
        stops,
    )


def place(state: str, zip_code: str, zone: str, index: int = 1) -> Place:
    return Place(point(index), state, zip_code, zone, Precision.ZIP)


def service(
    *, preparation: int = 30, care: int = 40, pack_down: int = 20, window: int = 60
) -> CareService:
    """Return an infusion service; 90 minutes in the home unless told."""
    skills = frozenset({"iv"})
    return CareService(
        code="infusion",
        name="Infusion",
        way_of_giving=IV,
        skills=skills,
        needs_order=True,
        dosed=True,
        preparation_minutes=preparation,
        care_minutes=care,
        pack_down_minutes=pack_down,
        arrival_window_minutes=window,
    )


def licence(state: str, *, multistate: bool = False, through: date = date(2030, 1, 1)) -> Licence:
    return Licence(state, RN, f"{state}-1", multistate, date(2020, 1, 1), through)


def nurse(clinician_id: UUID, *licences: Licence, skills: Collection[str] = ("iv",)) -> Candidate:
    holder = LicenceHolder(RN, licences[0].state, licences)
    return Candidate(
        id=clinician_id,
        name=f"Nurse {clinician_id.int}",
        active=True,
        holder=holder,
        skills=frozenset(skills),
    )


def scope(state: str) -> ScopeRule:
    return ScopeRule(
        state=state,
        credential=RN,
        way_of_giving=IV,
        needs_prescriber_on_site=False,
        needs_second_person=False,
        citation="made up",
        verified_by="Dee",
        verified_on=date(2026, 1, 1),
    )


def rulebook(*states: str) -> Rulebook:
    """Return scope rows for the states, all of them members of the compact."""
    since = date(2020, 1, 1)
    members = tuple(CompactMember("NLC", state, frozenset({RN}), since, since) for state in states)
    return Rulebook(tuple(scope(state) for state in states), members)


def local_window(day: date, first: time, last: time, zone: str) -> TimeWindow:
    return TimeWindow(at_local(day, first, zone), at_local(day, last, zone))


def free_day(
    clinician_id: UUID, on: date, zone: str, hours: tuple[int, int] = (7, 21), *stops: Stop
) -> Route:
    opens, closes = (to_minute(at_local(on, time(hour), zone)) for hour in hours)
    home = point(0)
    return Route(clinician_id, on, opens, closes, home, home, None, 6, 600, stops)


def later(instant: datetime, minutes: int) -> datetime:
    return instant + timedelta(minutes=minutes)


def window_of(first: int, last: int) -> TimeWindow:
    return TimeWindow(from_minute(first), from_minute(last))
