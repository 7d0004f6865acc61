"""Whole journeys of three people in a real browser, under a clock that the tests move."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from scheduler.store.people import Role
from tests.conftest import Database
from tests.web.hands import Person, Typist
from tests.web.journey import (
    Town,
    assert_hotel_stands_once,
    assert_series_stands_once,
    book_the_hotel,
    go_from_request_to_second_dose,
    look_elsewhere,
    open_hotel,
    served,
    town_on,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
HANDS = [
    pytest.param(Person, id="pointing"),
    pytest.param(Typist, id="keyboard alone"),
]


@pytest.fixture
def town(sqlite_database: Database, tmp_path: Path) -> Iterator[Town]:
    with town_on(sqlite_database, tmp_path) as town, served(town.site) as town.url:
        yield town


@pytest.mark.parametrize(
    "hands",
    [
        pytest.param(Person, id="pointing", marks=pytest.mark.soak),  # pointed through with kills
        pytest.param(Typist, id="keyboard alone"),
    ],
)
def test_from_a_request_to_the_second_dose(
    town: Town, browser: Browser, hands: Callable[[Page], Person]
) -> None:
    town.hands = hands
    go_from_request_to_second_dose(town, browser)
    assert_series_stands_once(town)


@pytest.mark.parametrize("hands", HANDS)
def test_dispatch_books_an_unassigned_request_and_reads_why(
    town: Town, browser: Browser, hands: Callable[[Page], Person]
) -> None:
    """Scenario A: home in Kansas, a hotel over the line; who may not come is said in words."""
    town.hands = hands
    open_hotel(town)
    with town.seat(browser, Role.DISPATCHER) as dispatch:
        book_the_hotel(dispatch)
        look_elsewhere(dispatch)
    assert_hotel_stands_once(town)
