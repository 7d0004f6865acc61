"""A search that asks for few drives finds just what one with all of them would."""

import random
from collections.abc import Sequence
from datetime import date, time
from uuid import UUID

import numpy as np
import pytest

from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.driving import DayPart
from scheduler.domain.geography import Place, Point, Precision
from scheduler.matching.finalists import finalists
from scheduler.matching.model import Break, Route, Schedule, Stop, Wanted
from scheduler.matching.offers import find_offers, rank_options
from scheduler.matching.straight_line import least_minutes
from scheduler.ports import Minutes
from scheduler.services.driving import SearchDrives, drives_for_search, leg_minutes
from tests.matching.worlds import licence, local_window, nurse, rulebook, service

CENTRAL = "America/Chicago"
TUESDAY = date(2026, 10, 27)
NURSES = [UUID(int=number) for number in range(1, 9)]


class Winding(GeodesicTravel):
    """Roads that wind, each its own way, there other than back; counts the drives it was asked."""

    by_network = True

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.asked = 0

    def minutes(
        self,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        part: DayPart | None = None,
    ) -> Minutes:
        """Return between one and four times the least, and up to a quarter of an hour more."""
        self.asked += len(origins) * len(destinations)
        rows = [[self._minutes(a, b) for b in destinations] for a in origins]
        return np.array(rows).reshape(len(origins), len(destinations))

    def legs(self, legs: Sequence[tuple[Point, Point]], part: DayPart | None = None) -> Minutes:
        """Return the same for single drives."""
        self.asked += len(legs)
        return np.array([self._minutes(a, b) for a, b in legs])

    def _minutes(self, a: Point, b: Point) -> float:
        chance = random.Random(f"{self.seed} {a} {b}")
        least = float(least_minutes([a], [b])[0, 0])
        return float(np.ceil(least * chance.uniform(1, 4) + chance.uniform(0, 15)))


def somewhere(rng: random.Random) -> Point:
    return Point(39 + rng.uniform(-0.7, 0.7), -94.6 + rng.uniform(-0.9, 0.9))


def some_route(rng: random.Random, who: UUID) -> Route:
    opens = local_minute(rng.choice([7, 8, 10]))
    closes = opens + rng.choice([180, 360, 540])
    stops = []
    for number in range(rng.randint(0, 3)):
        at = opens + 60 + 120 * number
        width = rng.choice([0, 60, 200])
        stops.append(Stop(UUID(int=100 + number), somewhere(rng), at, at + width, 45, at))
    pause = Break(30, opens + 60, opens + 240) if rng.random() < 0.5 else None
    home = somewhere(rng)
    return Route(
        *(who, TUESDAY, opens, closes, home, rng.choice([home, None]), pause),
        rng.choice([2, 4]),
        rng.choice([60, 120, 400]),
        tuple(stops),
    )


def local_minute(hour: int) -> int:
    opens = local_window(TUESDAY, time(hour), time(hour), CENTRAL).starts_at
    return int(opens.timestamp() // 60)


def some_day(seed: int) -> tuple[Wanted, Schedule]:
    rng = random.Random(seed)
    people = {who: nurse(who, licence("KS")) for who in NURSES}
    routes = tuple(some_route(rng, who) for who in NURSES)
    place = Place(somewhere(rng), "KS", "66101", CENTRAL, Precision.STREET)
    first = rng.choice([8, 10])
    window = local_window(TUESDAY, time(first), time(first + rng.choice([1, 5])), CENTRAL)
    return Wanted(UUID(int=99), service(), place, (window,)), Schedule(
        people, routes, rulebook("KS")
    )


@pytest.mark.parametrize("seed", range(60))
def test_few_drives_give_the_same_answer_as_all(seed: int) -> None:
    wanted, loaded = some_day(seed)
    roads = Winding(seed)
    drives = drives_for_search(roads, [wanted], loaded)
    assert rank_options(wanted, loaded, drives) == rank_options(wanted, loaded, roads.minutes)
    few, every = find_offers(wanted, loaded, drives), find_offers(wanted, loaded, roads.minutes)
    assert (few.offers, few.cause) == (every.offers, every.cause)
    assert {each.clinician_id for each in few.exclusions} == {
        each.clinician_id for each in every.exclusions
    }


def test_the_straight_line_spares_questions_and_keeps_some() -> None:
    days = [some_day(seed) for seed in range(60)]
    kept = sum(len(finalists([wanted], loaded)) for wanted, loaded in days)
    assert 0 < kept < len(days) * len(NURSES) * 0.8


def test_the_search_asks_for_less_than_every_drive() -> None:
    wanted, loaded = some_day(7)
    roads = Winding(7)
    SearchDrives(roads, [wanted], loaded)
    spared, roads.asked = roads.asked, 0
    find_offers(wanted, loaded, roads.minutes)
    assert 0 < spared < roads.asked


def test_an_estimate_that_costs_no_question_is_used_as_it_is() -> None:
    wanted, loaded = some_day(1)
    travel = GeodesicTravel()
    assert drives_for_search(travel, [wanted], loaded) == travel.minutes


def test_each_drive_of_a_day_goes_by_the_traffic_of_its_hour() -> None:
    travel = GeodesicTravel()
    a, b = Point(39.0, -94.5), Point(39.2, -94.5)  # 22.24 km apart
    at = [local_window(TUESDAY, time(hour), time(hour), CENTRAL).starts_at for hour in (8, 12, 23)]
    # 32.25 km of road: 6 at 32 km/h, 26.25 at 80 km/h: 30.94 min, times 1.33, 1.15 and 1, and 2
    assert leg_minutes(travel, [a, b, a, b], CENTRAL, at) == [44, 38, 33]
    assert leg_minutes(travel, [], CENTRAL, []) == []
