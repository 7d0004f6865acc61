"""The weeks of bookings keep their promises, whichever way the nights are spent."""

import pytest

from benchmarks.booking_weeks import NIGHTS, Practice, run
from benchmarks.offers import TRAVEL
from scheduler.matching.decide import route_problem

pytestmark = pytest.mark.xdist_group("kernels")


@pytest.mark.parametrize("nights", NIGHTS)
def test_no_booking_is_lost_and_every_route_can_be_driven(nights: str) -> None:
    weeks = run(3, nights, Practice(days=2, asked=12))
    stops = [stop.visit_id for route in weeks.schedule.routes for stop in route.stops]
    assert len(stops) == len(set(stops)) == weeks.booked > 15
    assert [route_problem(route, TRAVEL) for route in weeks.schedule.routes if route.stops] == [
        None for route in weeks.schedule.routes if route.stops
    ]
    assert bool(weeks.changed) == (nights == "freely")
