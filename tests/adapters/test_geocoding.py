"""Addresses by the bundled ZIP table and by a Nominatim service on this machine."""

import csv
import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import available_timezones

import pytest

from scheduler.adapters.geocoding import ZIP_TABLE, NominatimGeocoder, Throttle, ZipGeocoder
from scheduler.domain.geography import (
    STATES,
    Point,
    PostalAddress,
    Precision,
    StateMismatch,
    UnknownZip,
    great_circle_km,
)
from scheduler.ports import Geocoder

ADDRESS = PostalAddress("701 N 7th St", "Kansas City", "KS", "66101", unit="4B")
CITY_HALL = {"lat": "39.1137", "lon": "-94.6268", "place_rank": 30, "display_name": "City Hall"}


@pytest.mark.parametrize(
    ("zip_code", "states", "timezone"),
    [
        ("66101", frozenset({"KS"}), "America/Chicago"),
        ("64108", frozenset({"MO"}), "America/Chicago"),
        ("80202", frozenset({"CO"}), "America/Denver"),
        ("10025", frozenset({"NY"}), "America/New_York"),
        ("37203", frozenset({"TN"}), "America/Chicago"),
        ("90012", frozenset({"CA"}), "America/Los_Angeles"),
        ("42223", frozenset({"KY", "TN"}), "America/Chicago"),
        ("20001", frozenset({"DC"}), "America/New_York"),
        ("00901", frozenset({"PR"}), "America/Puerto_Rico"),
        ("96910", frozenset({"GU"}), "Pacific/Guam"),
        ("96799", frozenset({"AS"}), "Pacific/Pago_Pago"),
        ("96950", frozenset({"MP"}), "Pacific/Saipan"),
        ("99501", frozenset({"AK"}), "America/Anchorage"),
        ("85004", frozenset({"AZ"}), "America/Phoenix"),
        ("86515", frozenset({"AZ", "NM"}), "America/Denver"),
    ],
)
def test_known_zips_have_their_states_and_zone(
    zip_code: str, states: frozenset[str], timezone: str
) -> None:
    area = ZipGeocoder().find_zip(zip_code)
    assert (area.states, area.timezone) == (states, timezone)
    assert area.state in states


def test_a_zip_has_place_and_point() -> None:
    area = ZipGeocoder().find_zip("37203")
    assert (area.place, area.state) == ("Nashville", "TN")
    assert great_circle_km(area.point, Point(36.15, -86.79)) < 2


@pytest.mark.parametrize("zip_code", ["00000", "09012", "", "66101-1234", "Kansas"])
def test_military_and_made_up_zips_are_unknown(zip_code: str) -> None:
    with pytest.raises(UnknownZip):
        ZipGeocoder().find_zip(zip_code)


def test_every_zip_makes_a_sound_area() -> None:
    with gzip.open(ZIP_TABLE, "rt", encoding="utf-8") as table:
        zips = [row["zip"] for row in csv.DictReader(table)]
    areas = [ZipGeocoder().find_zip(zip_code) for zip_code in zips]
    assert len(zips) == len(set(zips)) > 41_000
    assert {area.state for area in areas} == set(STATES)
    assert all(area.states <= set(STATES) and area.place for area in areas)
    assert {area.timezone for area in areas} <= available_timezones()
    assert sum(area.crosses_state_line for area in areas) < 0.06 * len(areas)


def test_an_address_is_placed_at_its_zip_with_its_own_state() -> None:
    tennessee = replace(ADDRESS, city="Fort Campbell", state="TN", zip_code="42223")
    place = ZipGeocoder().locate(tennessee)
    assert (place.state, place.precision) == ("TN", Precision.ZIP)
    assert place.point == ZipGeocoder().find_zip("42223").point


def test_an_address_in_a_state_its_zip_does_not_touch_is_refused() -> None:
    with pytest.raises(StateMismatch, match="66101 lies in Kansas"):
        ZipGeocoder().locate(replace(ADDRESS, state="MO"))


@dataclass
class Service:
    """What the little Nominatim answers, and what it was asked."""

    domain: str
    status: int = 200
    answer: Any = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    agents: list[str | None] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        told: ClassVar[Service]

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            self.told.asked.append({name: values[0] for name, values in query.items()})
            self.told.agents.append(self.headers["User-Agent"])
            if self.told.status == 0:  # hang up without a word
                return
            self.send_response(self.told.status)
            self.end_headers()
            self.wfile.write(json.dumps(self.told.answer).encode())

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.told = Service(f"127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield Handler.told
        server.shutdown()


def nominatim(domain: str, throttle: Throttle | None = None) -> NominatimGeocoder:
    unhurried = throttle or Throttle(0, patience_seconds=0)
    return NominatimGeocoder(
        ZipGeocoder(), domain, "practice-tests", scheme="http", throttle=unhurried
    )


def test_both_fulfil_the_port() -> None:
    geocoders: list[Geocoder] = [ZipGeocoder(), nominatim("127.0.0.1:9")]
    assert {geocoder.find_zip("66101").state for geocoder in geocoders} == {"KS"}


def test_a_street_that_is_found_gives_its_point(service: Service) -> None:
    service.answer = [CITY_HALL]
    place = nominatim(service.domain).locate(ADDRESS)
    assert (place.point, place.precision) == (Point(39.1137, -94.6268), Precision.STREET)
    assert (place.state, place.zip_code, place.timezone) == ("KS", "66101", "America/Chicago")


def test_the_question_is_structured_and_leaves_the_unit_out(service: Service) -> None:
    nominatim(service.domain).locate(ADDRESS)
    (asked,) = service.asked
    assert (asked["street"], asked["city"]) == ("701 N 7th St", "Kansas City")
    assert (asked["state"], asked["postalcode"]) == ("Kansas", "66101")
    assert "4B" not in " ".join(asked.values())
    assert service.agents == ["practice-tests"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(200, [], id="not found"),
        pytest.param(200, [{**CITY_HALL, "lat": "40.7128", "lon": "-74.0060"}], id="far away"),
        pytest.param(200, [{**CITY_HALL, "place_rank": 16}], id="only the town"),
        pytest.param(200, [{"lat": "39.1", "lon": "-94.6"}], id="does not say how fine"),
        pytest.param(200, [{**CITY_HALL, "lat": "north"}], id="nonsense"),
        pytest.param(200, {"error": "cannot"}, id="refuses"),
        pytest.param(429, [], id="too many questions"),
        pytest.param(503, [], id="down"),
        pytest.param(0, [], id="hangs up"),
    ],
)
def test_otherwise_the_zips_point_stands_in(service: Service, status: int, answer: object) -> None:
    service.status, service.answer = status, answer
    assert nominatim(service.domain).locate(ADDRESS) == ZipGeocoder().locate(ADDRESS)
    assert len(service.asked) == 1


def test_a_service_that_is_not_there_leaves_the_zips_point() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        domain = f"127.0.0.1:{server.server_port}"
    assert nominatim(domain).locate(ADDRESS).precision is Precision.ZIP


def test_a_silent_service_is_given_up_after_the_timeout() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # accepts, never answers
        geocoder = NominatimGeocoder(
            ZipGeocoder(), f"127.0.0.1:{server.server_port}", "practice-tests", 0.05, scheme="http"
        )
        assert geocoder.locate(ADDRESS).precision is Precision.ZIP


def test_a_wrong_state_is_refused_before_the_service_hears_of_it(service: Service) -> None:
    with pytest.raises(StateMismatch):
        nominatim(service.domain).locate(replace(ADDRESS, state="MO"))
    assert service.asked == []


@pytest.mark.parametrize("status", [200, 503, 0])
def test_no_address_is_ever_logged(
    service: Service, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    service.status = status
    nominatim(service.domain).locate(ADDRESS)
    assert "placed at its ZIP's point" in caplog.text
    for private in ("701", "7th", "66101", "39.1"):
        assert private not in caplog.text


class Stopwatch:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def read(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_calls_start_a_second_apart() -> None:
    watch = Stopwatch()
    throttle = Throttle(1.0, patience_seconds=5, clock=watch.read, sleep=watch.sleep)
    starts = [watch.read() for _ in range(3) if throttle.wait_turn()]
    assert starts == [0.0, 1.0, 2.0]


def test_a_turn_too_far_off_is_refused_at_once() -> None:
    throttle = Throttle(1.0, patience_seconds=1.5, clock=lambda: 0.0, sleep=lambda _: None)
    assert [throttle.wait_turn() for _ in range(4)] == [True, True, False, False]


def test_who_would_wait_too_long_gets_the_zips_point(service: Service) -> None:
    service.answer = [CITY_HALL]
    geocoder = nominatim(service.domain, Throttle(60, patience_seconds=0))
    precisions = [geocoder.locate(ADDRESS).precision for _ in range(2)]
    assert precisions == [Precision.STREET, Precision.ZIP]
    assert len(service.asked) == 1
