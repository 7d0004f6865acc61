"""Offers over HTTP by the real roads of Harrisburg, Pennsylvania, from a real road service.

Map data © OpenStreetMap contributors, ODbL 1.0.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import requests

from benchmarks.roads import NoRoads, build_graph, find_extract, find_programs, serving
from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.adapters.roads import RoadLimits, RoadTravel
from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.driving import DayPart
from scheduler.domain.geography import Point
from scheduler.store.people import Role
from tests.conftest import Database
from tests.web.site import IN_TEN_DAYS, TOMORROW, Site, site_on
from tests.web.visitor import staff_visitor

START, HOME, SOUTH = "17109", "17111", "17113"
KANSAS_CITY = Point(39.1, -94.6)


@dataclass
class RoadService:
    """The road service, and how to end it."""

    url: str
    stack: ExitStack


@pytest.fixture
def harrisburg(tmp_path: Path) -> Iterator[RoadService]:
    try:
        programs, extract = find_programs(), find_extract("harrisburg.osm.pbf")
    except NoRoads as missing:
        pytest.skip(str(missing))
    graph = build_graph(programs, extract, tmp_path)
    with ExitStack() as stack:
        yield RoadService(stack.enter_context(serving(programs, graph)), stack)


def point(zip_code: str) -> Point:
    return ZipGeocoder().find_zip(zip_code).point


def road_minutes(url: str, a: Point, b: Point) -> float:
    """Return free-flow minutes by the service's route answer, which the product never asks for."""
    way = f"{a.longitude},{a.latitude};{b.longitude},{b.latitude}"
    answer = requests.get(f"{url}/route/v1/driving/{way}?overview=false", timeout=5).json()
    return float(answer["routes"][0]["duration"]) / 60


def ask(site: Site, zip_code: str) -> list[dict[str, object]]:
    """Return what dispatch is offered over HTTP for somebody new."""
    ids = site.world.patient(zip_code, "PA", phone=None)
    request_id: UUID = site.world.request(ids, "checkup", (TOMORROW, IN_TEN_DAYS))
    answer = site.dispatcher.get(f"/requests/{request_id}/offers")
    assert answer.status_code == 200
    offers: list[dict[str, object]] = answer.json["offers"] if answer.json else []
    return offers


def test_offers_by_real_roads_and_what_happens_when_the_service_dies(
    harrisburg: RoadService, sqlite_database: Database, tmp_path: Path
) -> None:
    url = harrisburg.url
    roads = RoadTravel(url, limits=RoadLimits(timeout_seconds=10, pause_seconds=0))
    start, home, south = point(START), point(HOME), point(SOUTH)
    there, back = road_minutes(url, start, home), road_minutes(url, home, start)

    night = roads.minutes([start, home, KANSAS_CITY], [start, home], DayPart.NIGHT)
    assert night[0, 1] == pytest.approx(there + 2, abs=1.5)
    assert night[1, 0] == pytest.approx(back + 2, abs=1.5)
    estimate = GeodesicTravel()
    far = estimate.minutes([KANSAS_CITY], [start], DayPart.NIGHT)[0, 0]
    assert night[2, 0] == far  # not taken for the nearest road of Harrisburg
    assert roads.kilometres([(start, home)])[0] > 3

    with site_on(sqlite_database, tmp_path, travel=roads) as site:
        world = site.world
        world.service()
        world.scope("PA")
        ada = world.clinician("Ada", START, "PA")
        world.licence(ada, "PA")
        best = min(int(str(offer["added_travel_minutes"])) for offer in ask(site, HOME))
        planned = sum(math.ceil(minutes * 1.33 + 2) for minutes in (there, back))
        assert best == pytest.approx(planned, abs=2)
        assert best != int(2 * estimate.minutes([start], [home])[0, 0])
        client = site.app.test_client()
        assert client.get("/health").json["travel"] == "roads"  # type: ignore[index]
        dispatcher = staff_visitor(site, Role.DISPATCHER)
        dispatcher.get("/dispatch")
        assert "© OpenStreetMap contributors" in dispatcher.text()
        assert "not answering" not in dispatcher.text()

        harrisburg.stack.close()
        offers = ask(site, SOUTH)
        assert min(int(str(offer["added_travel_minutes"])) for offer in offers) == int(
            2 * estimate.minutes([start], [south])[0, 0]
        )
        assert client.get("/health").json["travel"] == "estimate: roads do not answer"  # type: ignore[index]
        dispatcher.get("/dispatch")
        assert "The road service is not answering." in dispatcher.text()
