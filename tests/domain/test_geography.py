"""Points, states, ZIP codes."""

import math

import pytest

from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import (
    STATES,
    AddressNotFound,
    Point,
    StateMismatch,
    UnknownZip,
    ZipArea,
    great_circle_km,
    parse_state,
    parse_zip,
)

KANSAS_CITY = Point(39.0997, -94.5786)


@pytest.mark.parametrize("latitude", [math.nan, math.inf, 90.01, -90.01])
def test_a_bad_latitude_is_named(latitude: float) -> None:
    with pytest.raises(ValueError, match="latitude"):
        Point(latitude, 0.0)


@pytest.mark.parametrize("longitude", [math.nan, -math.inf, 180.01, -180.01])
def test_a_bad_longitude_is_named(longitude: float) -> None:
    with pytest.raises(ValueError, match="longitude"):
        Point(0.0, longitude)


def test_poles_and_date_line_are_points() -> None:
    assert Point(90.0, -180.0).latitude == 90.0


def test_a_degree_of_latitude_is_111_km() -> None:
    assert great_circle_km(Point(0.0, 0.0), Point(1.0, 0.0)) == pytest.approx(111.195, abs=0.001)


def test_distance_crosses_the_date_line_by_the_short_way() -> None:
    assert great_circle_km(Point(0.0, 179.5), Point(0.0, -179.5)) == pytest.approx(
        111.195, abs=0.01
    )


def test_antipodes_are_half_the_circumference_apart() -> None:
    assert great_circle_km(Point(0.0, 0.0), Point(0.0, 180.0)) == pytest.approx(math.pi * 6371)


def test_kansas_city_to_saint_louis() -> None:
    assert great_circle_km(KANSAS_CITY, Point(38.6270, -90.1994)) == pytest.approx(383, abs=2)


def test_a_place_is_no_distance_from_itself() -> None:
    assert great_circle_km(KANSAS_CITY, KANSAS_CITY) == 0.0


def test_fifty_states_the_district_and_five_territories() -> None:
    assert len(STATES) == 56
    assert {"DC", "PR", "VI", "GU", "AS", "MP"} < set(STATES)
    assert all(len(code) == 2 for code in STATES)


@pytest.mark.parametrize(
    ("text", "code"),
    [("KS", "KS"), ("ks", "KS"), (" Kansas ", "KS"), ("NEW  york", "NY"), ("puerto rico", "PR")],
)
def test_a_state_is_read_by_code_or_name_in_any_case(text: str, code: str) -> None:
    assert parse_state(text) == code


def test_every_state_is_read_by_its_name() -> None:
    assert {parse_state(name) for name in STATES.values()} == set(STATES)


@pytest.mark.parametrize("text", ["", "K", "XX", "AE", "Ontario", "KS MO"])
def test_other_words_are_no_state(text: str) -> None:
    with pytest.raises(ValueError, match="state"):
        parse_state(text)


@pytest.mark.parametrize("text", ["66101", " 66101 ", "66101-1234", "66101-1234\n"])
def test_a_zip_is_five_digits_with_or_without_the_four(text: str) -> None:
    assert parse_zip(text) == "66101"


@pytest.mark.parametrize(
    "text", ["", "6610", "661011", "66101-", "66101-123", "661011234", "6610a", "6610\u0661"]
)
def test_anything_else_is_no_zip(text: str) -> None:
    with pytest.raises(ValueError, match="five-digit ZIP code"):
        parse_zip(text)


def test_a_zip_with_two_states_crosses_the_line() -> None:
    both = ZipArea(
        "42223",
        "Fort Campbell",
        "KY",
        frozenset({"KY", "TN"}),
        Point(36.6, -87.5),
        "America/Chicago",
    )
    one = ZipArea(
        "37203", "Nashville", "TN", frozenset({"TN"}), Point(36.1, -86.8), "America/Chicago"
    )
    assert both.crosses_state_line
    assert not one.crosses_state_line


@pytest.mark.parametrize(
    ("refusal", "code", "field"),
    [
        (UnknownZip, "unknown_zip", "zip_code"),
        (AddressNotFound, "address_not_found", "street"),
        (StateMismatch, "state_mismatch", "state"),
    ],
)
def test_refusals_name_the_field_at_fault(
    refusal: type[SchedulingError], code: str, field: str
) -> None:
    assert (refusal.code, refusal.field) == (code, field)
