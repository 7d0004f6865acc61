"""Drives by the roads: what is asked, what is kept, and what stands in where no answer comes."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.adapters.roads import (
    NO_ROAD_MINUTES,
    Remembered,
    RoadLimits,
    RoadTravel,
    blocks,
)
from scheduler.adapters.travel import GeodesicTravel, Traffic, TravelCalibration
from scheduler.domain.driving import DayPart
from scheduler.domain.geography import Point
from tests.standin.roads import RoadFault, Roads, serving_roads

ESTIMATE = GeodesicTravel(
    TravelCalibration(overhead_minutes=2.0, least_minutes=4.0),
    Traffic(1.0, 1.5, 1.0, 1.0, 1.0, 1.0),
)
WEST, EAST = Point(40.0, -76.9), Point(40.0, -76.8)  # 8.5180 km apart
FAR = Point(45.0, -100.0)


@dataclass
class Hand:
    """A clock turned by hand."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return its time."""
        return self.seconds


@pytest.fixture
def roads() -> Iterator[Roads]:
    with serving_roads() as roads:
        yield roads


def travel(roads: Roads, clock: Hand | None = None, **limits: float) -> RoadTravel:
    quick = {"timeout_seconds": 0.3} | limits
    return RoadTravel(roads.url, ESTIMATE, RoadLimits(**quick), clock or Hand())  # type: ignore[arg-type]


def town(count: int) -> list[Point]:
    return [Point(40.0 + number / 1000, -76.9 + number % 7 / 100) for number in range(count)]


def test_minutes_come_from_the_road_there_and_back_by_hour(roads: Roads) -> None:
    known = travel(roads)
    # 8.518 km at 90 s/km: 12.78 min west, 19.17 east; 2 min more, and 1.5 times in the peak
    assert known.minutes([WEST, EAST], [WEST, EAST], DayPart.NIGHT).tolist() == [[4, 22], [15, 4]]
    assert known.minutes([EAST], [WEST], DayPart.MORNING_PEAK).tolist() == [[22]]
    assert known.minutes([EAST], [WEST]).tolist() == [[22]]  # a plan must hold in the peak, too
    assert known.kilometres([(WEST, EAST)])[0] == pytest.approx(8.518 * 1.3, abs=1e-3)
    assert len(roads.asked) == 1
    assert not known.falling_back


def test_single_drives_are_asked_together_and_only_they_are_kept(roads: Roads) -> None:
    places = town(70)
    legs = list(pairwise(places))
    known = travel(roads)
    table = RoadTravel(roads.url, ESTIMATE, RoadLimits()).minutes(places, places)
    roads.asked.clear()
    assert known.legs(legs).tolist() == table[range(69), range(1, 70)].tolist()
    assert roads.asked == [100, 38]
    assert known.legs(legs).tolist() == table[range(69), range(1, 70)].tolist()
    assert len(roads.asked) == 2


@pytest.mark.parametrize(("rows", "columns"), [(1, 250), (250, 1), (120, 130), (3, 3), (0, 4)])
def test_a_large_table_is_asked_in_pieces_the_server_takes(
    roads: Roads, rows: int, columns: int
) -> None:
    places = town(max(rows, columns))
    minutes = travel(roads).minutes(places[:rows], places[:columns])
    assert minutes.shape == (rows, columns)
    assert max(roads.asked, default=0) <= 100
    expected = [
        [
            math.ceil(max(round((roads.seconds(a, b) or 0) / 60 * 1.5 + 2, 6), 4))
            for b in places[:columns:29]
        ]
        for a in places[:rows:29]
    ]
    assert minutes[::29, ::29].tolist() == expected


def test_a_server_that_takes_fewer_points_is_asked_for_fewer_from_then_on(roads: Roads) -> None:
    roads.most_points = 30
    known = travel(roads)
    places = town(60)
    assert not known.falling_back
    assert (known.minutes(places, places) == travel(roads).minutes(places, places)).all()
    assert not known.falling_back
    assert [points for points in roads.asked if points > 30][:2] == [100, 50]
    roads.asked.clear()
    known.minutes(town(90)[60:], places)
    assert max(roads.asked) <= 25


def test_a_server_that_takes_no_two_points_counts_as_silent(roads: Roads) -> None:
    roads.most_points = 1
    known = travel(roads)
    assert (known.minutes([WEST], [EAST]) == ESTIMATE.minutes([WEST], [EAST])).all()
    assert known.falling_back


def test_a_point_far_from_any_road_is_estimated_and_spoils_no_other(roads: Roads) -> None:
    roads.off_map = {FAR}
    known = travel(roads)
    minutes = known.minutes([WEST, FAR], [EAST, FAR])
    assert minutes[0, 0] == 31  # as above, in the peak: 28.8 and 2
    assert minutes[1, 0] == ESTIMATE.minutes([FAR], [EAST])[0, 0]
    assert minutes[0, 1] == ESTIMATE.minutes([WEST], [FAR])[0, 0]
    assert not known.falling_back
    asked = len(roads.asked)
    known.minutes([WEST, FAR], [EAST, FAR])
    assert len(roads.asked) == asked


def test_where_no_road_leads_nobody_is_sent(roads: Roads) -> None:
    roads.islands = {EAST}
    known = travel(roads)
    assert known.minutes([WEST], [EAST, WEST]).tolist() == [[NO_ROAD_MINUTES, 4]]
    assert known.kilometres([(WEST, EAST)]) == ESTIMATE.kilometres([(WEST, EAST)])


@pytest.mark.parametrize("fault", RoadFault)
def test_whatever_goes_wrong_the_estimate_stands_in_and_says_so(
    roads: Roads, fault: RoadFault, caplog: pytest.LogCaptureFixture
) -> None:
    roads.plan(fault)
    clock = Hand()
    known = travel(roads, clock)
    with caplog.at_level(logging.DEBUG):
        found = known.minutes([WEST, EAST], [EAST, WEST])
    assert (found == ESTIMATE.minutes([WEST, EAST], [EAST, WEST])).all()
    assert known.falling_back
    assert len(caplog.records) == 1
    assert not any(part in caplog.text for part in ("40.0", "76.", "/table", "127.0.0.1"))


def test_a_silent_server_is_left_alone_for_a_while_then_asked_again(roads: Roads) -> None:
    clock = Hand()
    known = travel(roads, clock, pause_seconds=30)
    by_road = travel(roads).minutes([WEST], [EAST])
    roads.plan(RoadFault.HANGS)
    roads.asked.clear()
    known.minutes([WEST], [EAST])
    clock.seconds = 29.9
    known.minutes([WEST], [EAST])
    assert len(roads.asked) == 1
    clock.seconds = 30
    assert (known.minutes([WEST], [EAST]) == by_road).all()
    assert not known.falling_back


def test_what_was_answered_before_outlives_a_failure(roads: Roads) -> None:
    known = travel(roads)
    before = known.minutes([WEST], [EAST])
    roads.plan(RoadFault.FAILS)
    both = known.minutes([WEST], [EAST, FAR])
    assert both[0, 0] == before[0, 0]
    assert both[0, 1] == ESTIMATE.minutes([WEST], [FAR])[0, 0]


def test_answers_are_not_used_for_ever(roads: Roads) -> None:
    clock = Hand()
    known = travel(roads, clock, kept_hours=1)
    known.minutes([WEST], [EAST])
    clock.seconds = 3600
    known.minutes([WEST], [EAST])
    assert len(roads.asked) == 2


def test_a_table_larger_than_the_memory_is_still_answered(roads: Roads) -> None:
    places = town(12)
    small = travel(roads, kept_pairs=10)
    assert (small.minutes(places, places) == travel(roads).minutes(places, places)).all()


def test_a_server_too_slow_for_the_whole_table_is_not_waited_for(roads: Roads) -> None:
    clock = Hand()
    known = travel(roads, clock, table_points=4, patience_seconds=1)

    class Slow(Hand):
        def __call__(self) -> float:
            self.seconds += 0.4
            return self.seconds

    slow = RoadTravel(
        roads.url,
        ESTIMATE,
        RoadLimits(table_points=4, timeout_seconds=1, patience_seconds=1),
        Slow(),
    )
    places = town(8)
    assert not np.array_equal(slow.minutes(places, places), known.minutes(places, places))
    assert slow.falling_back


@given(st.integers(0, 40), st.integers(0, 40), st.integers(2, 12))
def test_pieces_cover_the_table_once_and_none_is_too_large(
    rows: int, columns: int, most: int
) -> None:
    starts, goals = [f"a{n}" for n in range(rows)], [f"b{n}" for n in range(columns)]
    pairs: list[tuple[str, str]] = []
    for some, others in blocks(starts, goals, most):
        assert len(some) + len(others) <= most
        pairs.extend((a, b) for a in some for b in others)
    assert sorted(pairs) == sorted((a, b) for a in starts for b in goals)


@given(st.lists(st.integers(0, 30)), st.integers(2, 10))
def test_memory_is_bounded_and_never_wrong(keys: list[int], most: int) -> None:
    memory: Remembered[int, str] = Remembered(most, 10, Hand())
    for key in keys:
        memory.put({key: str(key)})
        assert len(memory) <= most
        assert memory.get([key, -1]) == [str(key), None]


@pytest.mark.parametrize(
    ("field", "value", "inequality"),
    [
        ("table_points", 1, "table_points >= 2"),
        ("radius_metres", math.inf, "0 < radius_metres < infinity"),
        ("timeout_seconds", 0, "0 < timeout_seconds"),
        ("timeout_seconds", 13, "timeout_seconds <= patience_seconds"),
        ("kept_pairs", 1, "kept_pairs >= 2"),
        ("kept_hours", 0, "0 < kept_hours < infinity"),
    ],
)
def test_bad_limits_name_the_broken_inequality(field: str, value: float, inequality: str) -> None:
    with pytest.raises(ValueError, match=inequality):
        RoadLimits(**{field: value})  # type: ignore[arg-type]
