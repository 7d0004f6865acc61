"""The straight-line estimate of driving minutes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.adapters.travel import GeodesicTravel, Traffic, TravelCalibration
from scheduler.domain.driving import TOP_KMH, DayPart
from scheduler.domain.geography import Point, great_circle_km

PLAIN = TravelCalibration(
    least_minutes=0, detour=1.5, kmh_short=30.0, kmh_long=60.0, short_km=3.0, overhead_minutes=2.0
)
FREE = Traffic(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
SOUTH, NORTH = Point(39.0, -94.5), Point(39.1, -94.5)  # 11.1195 km apart

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
kilometres = st.floats(0, 20_000)
calibrations = st.builds(
    TravelCalibration,
    detour=st.floats(1, 3),
    kmh_short=st.floats(5, 60),
    kmh_long=st.floats(60, TOP_KMH),
    short_km=st.floats(0, 50),
    overhead_minutes=st.floats(0, 30),
)


def test_slow_road_first_then_faster_then_up_to_whole_minutes() -> None:
    # 16.679 km of road: 3 km at 30 km/h is 6 min, 13.679 km at 60 km/h 13.68 min, and 2 min
    assert GeodesicTravel(PLAIN, FREE).minutes([SOUTH], [NORTH]).tolist() == [[22.0]]


def test_a_short_drive_stays_on_the_slow_road() -> None:
    assert PLAIN.minutes(np.array([1.0])).tolist() == [5.0]  # 1.5 km at 30 km/h, and 2 min


def test_a_town_drive_by_the_numbers_in_use() -> None:
    # 5 km: 7.25 km of road, 6 at 32 km/h and 1.25 at 80 km/h, and 2 min: 14.2
    assert math.ceil(TravelCalibration().minutes(np.array([5.0]))[0]) == 15


def test_one_row_an_origin_one_column_a_destination() -> None:
    minutes = GeodesicTravel(PLAIN, FREE).minutes([SOUTH, NORTH, SOUTH], [NORTH, SOUTH])
    assert minutes.dtype == np.float64
    assert minutes.tolist() == [[22.0, 2.0], [2.0, 22.0], [22.0, 2.0]]


@pytest.mark.parametrize(("origins", "destinations"), [(0, 2), (2, 0), (0, 0)])
def test_no_points_make_an_empty_table(origins: int, destinations: int) -> None:
    minutes = GeodesicTravel().minutes([SOUTH] * origins, [NORTH] * destinations)
    assert minutes.shape == (origins, destinations)


@given(st.lists(points, min_size=1, max_size=6))
def test_the_way_back_takes_as_long(places: list[Point]) -> None:
    minutes = GeodesicTravel().minutes(places, places)
    assert (minutes == minutes.T).all()


@given(st.lists(points, min_size=1, max_size=6))
def test_equal_points_may_be_two_homes_of_one_zip_code(places: list[Point]) -> None:
    assert (GeodesicTravel().minutes(places, places).diagonal() == 8).all()


@given(points, points, calibrations)
def test_never_faster_than_the_straight_line_at_top_speed(
    a: Point, b: Point, calibration: TravelCalibration
) -> None:
    minutes = GeodesicTravel(calibration).minutes([a], [b])[0, 0]
    assert minutes >= 60 * great_circle_km(a, b) / calibration.kmh_long - 1e-6


@given(kilometres, kilometres, calibrations)
def test_further_never_takes_less(one: float, other: float, calibration: TravelCalibration) -> None:
    near, far = calibration.minutes(np.array(sorted([one, other])))
    assert near <= far


@given(kilometres, kilometres, calibrations)
def test_a_stop_on_the_way_never_saves_time(
    first: float, second: float, calibration: TravelCalibration
) -> None:
    direct, *legs = calibration.minutes(np.array([first + second, first, second]))
    assert direct <= sum(legs) + 1e-6


@given(st.lists(points, min_size=1, max_size=6))
def test_minutes_are_whole(places: list[Point]) -> None:
    minutes = GeodesicTravel().minutes(places, places[::-1])
    assert (minutes == np.round(minutes)).all()


@pytest.mark.parametrize(
    ("field", "value", "inequality"),
    [
        ("detour", 0.99, "detour >= 1"),
        ("detour", math.nan, "detour >= 1"),
        ("detour", math.inf, "detour < infinity"),
        ("kmh_short", 0.0, "kmh_short > 0"),
        ("kmh_short", 81.0, "kmh_short <= kmh_long"),
        ("kmh_long", 131.0, "kmh_long <= 130"),
        ("short_km", -1.0, "0 <= short_km < infinity"),
        ("overhead_minutes", -1.0, "0 <= overhead_minutes < infinity"),
        ("overhead_minutes", math.inf, "0 <= overhead_minutes < infinity"),
    ],
)
def test_a_bad_calibration_names_the_broken_inequality(
    field: str, value: float, inequality: str
) -> None:
    with pytest.raises(ValueError, match=inequality):
        TravelCalibration(**{field: value})


def test_traffic_lengthens_the_driving_not_what_comes_before_and_after() -> None:
    travel = GeodesicTravel(PLAIN, Traffic(night=1.0, morning_peak=1.5))
    # 19.68 min of driving as above: 1.5 times that is 29.52, and 2 min
    assert travel.minutes([SOUTH], [NORTH], DayPart.MORNING_PEAK).tolist() == [[32.0]]
    assert travel.minutes([SOUTH], [NORTH], DayPart.NIGHT).tolist() == [[22.0]]


@given(points, points, st.sampled_from(DayPart))
def test_what_is_planned_suffices_at_any_hour(a: Point, b: Point, part: DayPart) -> None:
    travel = GeodesicTravel()
    assert travel.minutes([a], [b]) >= travel.minutes([a], [b], part)


@given(st.lists(st.tuples(points, points), max_size=5), st.sampled_from([None, *DayPart]))
def test_single_drives_take_what_the_table_says(
    legs: list[tuple[Point, Point]], part: DayPart | None
) -> None:
    travel = GeodesicTravel()
    table = travel.minutes([a for a, _ in legs], [b for _, b in legs], part)
    assert np.abs(travel.legs(legs, part) - table.diagonal()).max(initial=0) <= 1


def test_kilometres_of_road_are_longer_than_the_straight_line() -> None:
    kilometres = GeodesicTravel(PLAIN).kilometres([(SOUTH, NORTH), (NORTH, NORTH)])
    assert kilometres.tolist() == pytest.approx([16.679, 0], abs=1e-3)


@pytest.mark.parametrize(
    ("field", "value", "inequality"),
    [
        ("night", 0.99, "1 <= night <= 5"),
        ("evening_peak", 5.01, "1 <= evening_peak <= 5"),
        ("weekend", math.nan, "1 <= weekend <= 5"),
    ],
)
def test_impossible_traffic_names_the_broken_inequality(
    field: str, value: float, inequality: str
) -> None:
    with pytest.raises(ValueError, match=inequality):
        Traffic(**{field: value})
