"""The exact insertion test against driving every possibility forward."""

import random
from datetime import date

import pytest

from scheduler.matching.insertion import find_gaps, find_placements, retime, route_legs
from scheduler.matching.model import Break
from tests.matching import exhaustive
from tests.matching.worlds import (
    ADA,
    PLACES,
    TableTravel,
    as_route,
    point,
    random_day,
    random_table,
)

DAY = date(2026, 10, 27)
OPENS = 29_880_000  # a multiple of 15


def disagreements(count: int, seed: int) -> tuple[int, int]:
    """Return how many of `count` random insertions differ, and how many fitted somewhere."""
    rng = random.Random(seed)
    wrong = fitted = 0
    for _ in range(count):
        table = random_table(rng)
        day = random_day(rng, table, OPENS + rng.randint(0, 60))
        minutes = rng.choice([20, 45, 90])
        opens = day.opens + rng.randint(-60, 400)
        closes = opens + rng.choice([0, 30, 120, 400])
        wanted = exhaustive.Call(rng.randrange(PLACES), opens, closes, minutes)
        starts = (
            [opens] if opens == closes else [m for m in range(opens, closes + 1) if m % 15 == 0]
        )
        expected = exhaustive.starts_that_fit(day, wanted, table, starts)
        travel = TableTravel(table)
        route = as_route(day, ADA, DAY, [call.earliest for call in day.calls])
        gaps = find_gaps([route], travel)
        found = find_placements(gaps, point(wanted.place), minutes, [(opens, closes)], travel)
        positions = gaps.position[found.gap].tolist()
        actual = set(zip(positions, found.start.astype(int).tolist(), strict=True))
        wrong += actual != expected
        fitted += bool(expected)
    return wrong, fitted


def test_insertions_agree_with_driving_every_possibility() -> None:
    wrong, fitted = disagreements(1_500, seed=1)
    assert wrong == 0
    assert 300 < fitted < 1_400


@pytest.mark.soak
def test_ten_thousand_insertions_agree_with_driving_every_possibility() -> None:
    assert disagreements(10_000, seed=2)[0] == 0


def valid(day: exhaustive.Day, table: list[list[int]], arrivals: list[int]) -> bool:
    pinned = tuple(
        exhaustive.Call(call.place, at, at, call.minutes)
        for call, at in zip(day.calls, arrivals, strict=True)
    )
    inside = all(
        call.earliest <= at <= call.latest for call, at in zip(day.calls, arrivals, strict=True)
    )
    return inside and exhaustive.timings(replace_calls(day, pinned), table)


def replace_calls(day: exhaustive.Day, calls: tuple[exhaustive.Call, ...]) -> exhaustive.Day:
    return exhaustive.Day(
        day.opens,
        day.closes,
        day.start,
        day.end,
        day.pause,
        day.most_calls,
        day.most_travel,
        calls,
    )


def test_a_route_is_timed_anew_whenever_it_can_be() -> None:
    rng = random.Random(3)
    impossible = 0
    for _ in range(800):
        table = random_table(rng)
        day = random_day(rng, table, OPENS)
        if day.calls and rng.random() < 0.4:  # one more stop, that may not fit
            at = day.opens + rng.randint(0, 500)
            extra = exhaustive.Call(rng.randrange(PLACES), at, at + rng.choice([0, 60]), 30)
            day = rng.choice(list(exhaustive.insertions(day, extra)))[1]
        plan = [rng.randint(call.earliest, call.latest) for call in day.calls]
        route = as_route(day, ADA, DAY, plan)
        arrivals = retime(route, route_legs(route, TableTravel(table)))
        if exhaustive.timings(day, table):
            assert arrivals is not None
            assert valid(day, table, arrivals)
            if valid(day, table, plan):
                assert arrivals == plan
        else:
            impossible += 1
            assert arrivals is None or not day.calls
    assert impossible > 50


def test_a_break_is_at_least_a_minute_and_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="minutes"):
        Break(0, 10, 20)
    with pytest.raises(ValueError, match="latest"):
        Break(30, 20, 10)
