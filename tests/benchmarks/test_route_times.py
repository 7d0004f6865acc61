"""The times of a route in a fixed order: valid where found, and found wherever there are any."""

import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.instance_file import parse_instance
from benchmarks.model import minutes_table
from benchmarks.plan_file import make_plan
from benchmarks.route_times import time_route
from tests.benchmarks.days import a_clinician, a_day, a_visit, checked

STEP = 10


def by_hand(order: list[int], record: dict[str, Any]) -> bool:
    """Return whether any start on a grid of ten minutes makes a plan the checker accepts."""
    clinician, visits = record["clinicians"][0], record["visits"]
    minutes = record["travel"]["minutes"]
    pause = clinician["break"]
    span = range(0, clinician["shift"][1] + 1, STEP)
    rests = [None] if pause is None else _inside([pause["window"]], span)
    starts = [_inside(visits[v]["windows"], span) for v in order]
    travel = sum(minutes[a][b] for a, b in itertools.pairwise([0, *(2 + v for v in order), 1]))
    for begins in rests:
        for chosen in itertools.product(*starts):
            stops = [
                {
                    "visit": visits[v]["id"],
                    "arrive": start if begins is None else settle(start, begins, pause["minutes"]),
                    "start": start,
                    "end": start + visits[v]["service_minutes"],
                }
                for v, start in zip(order, chosen, strict=True)
            ]
            plan = {
                "routes": [{"clinician": "Ada", "break_start": begins, "stops": stops}],
                "unassigned": [v["id"] for n, v in enumerate(visits) if n not in order],
                "travel_minutes": travel,
                "assigned_priority": len(order),
            }
            if not checked(record, plan).violations:
                return True
    return False


def _inside(windows: list[list[int]], span: range) -> list[int]:
    return [t for t in span if any(opens <= t <= closes for opens, closes in windows)]


def settle(start: int, begins: int, length: int) -> int:
    """Return the latest arrival for a start: at it, or before a break that ends with the wait."""
    return begins if begins < start <= begins + length else start


@st.composite
def short_routes(draw: st.DrawFn) -> dict[str, Any]:
    tens = st.integers(0, 3).map(lambda n: n * STEP)
    opens = st.integers(0, 20).map(lambda n: n * STEP)
    windows = st.lists(
        st.tuples(opens, tens).map(lambda w: [w[0], w[0] + w[1]]), min_size=1, max_size=2
    )
    count = draw(st.integers(1, 3))
    pause = draw(
        st.none()
        | st.fixed_dictionaries({"minutes": st.just(20), "window": windows.map(lambda w: w[0])})
    )
    clinician = a_clinician(shift=[draw(tens), 240], max_travel_minutes=90, pause=pause)
    visits = [
        a_visit(f"v{n}", windows=draw(windows), service_minutes=draw(tens)) for n in range(count)
    ]
    table = [[draw(tens) for _ in range(2 + count)] for _ in range(2 + count)]
    return a_day([clinician], visits, travel={"minutes": table})


@given(short_routes())
def test_times_are_found_exactly_where_some_exist(record: dict[str, Any]) -> None:
    instance = parse_instance(record)
    order = list(range(len(instance.visits)))
    timed = time_route(instance, minutes_table(instance), 0, order)
    assert (timed is not None) == by_hand(order, record)
    if timed:
        plan = make_plan(instance, minutes_table(instance), [order])
        assert checked(record, plan).violations == ()


def test_a_break_splits_a_leg_and_the_day_is_as_short_as_it_can_be() -> None:
    minutes = np.full((4, 4), 40.0) - np.diag([40.0] * 4)
    clinician = a_clinician(shift=[480, 780], pause={"minutes": 30, "window": [590, 600]})
    visits = [a_visit(windows=[[500, 600]]), a_visit("Ben", windows=[[600, 720]])]
    record = a_day([clinician], visits, travel={"minutes": minutes.tolist()})
    instance = parse_instance(record)
    timed = time_route(instance, minutes_table(instance), 0, [0, 1])
    assert timed is not None
    assert [(s.arrive, s.start, s.end) for s in timed.stops] == [(520, 520, 580), (650, 650, 710)]
    assert timed.break_start == 590
