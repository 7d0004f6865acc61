"""The web process is killed in the middle of every step of both journeys; people just go on.

Each form is sent, the process dies by SIGKILL before it can answer, and the page is reloaded: the
same form comes again. Both journeys end as if nothing had happened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from scheduler.store.people import Role
from tests.conftest import Database
from tests.server import server_running
from tests.web.danger import Danger, stubborn
from tests.web.dying import CLOCK
from tests.web.journey import (
    Town,
    assert_hotel_stands_once,
    assert_series_stands_once,
    book_the_hotel,
    go_from_request_to_second_dose,
    look_elsewhere,
    open_hotel,
    town_on,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
ONE_WORKER = ("--workers", "1", "--preload", "--keep-alive", "0")
MOMENTS = [
    pytest.param(False, id="answer lost"),
    pytest.param(True, id="every moment", marks=pytest.mark.soak),
]
TO_THE_SECOND_DOSE = {
    "Text me a code: /sign-in",
    "Go on: /sign-in/code",
    "Go on: /sign-in/new",
    "Go on: /sign-in/person",  # who registered before the answer was lost is known now
    "Go on to the questions: /my/requests/new/intake",
    "Go on and check: /my/requests/new/check",
    "Send my request: /my/requests/new/send",
    "Sign in: /staff/sign-in",
    "Sign the order: /prescriber/requests/x/order",
    "Take all 6 visits: /my/requests/x/plan",
    "Sign off this dose: /prescriber/series/x/doses/x",
    "On my way: /route/visits/x/step",
    "I have arrived: /route/visits/x/step",
    "Start: /route/visits/x/step",
    "Complete the visit: /route/visits/x/outcome",
}
TO_THE_HOTEL = {"Sign in: /staff/sign-in", "Assign: /dispatch/requests/x/assign"}


@contextmanager
def town_in_danger(
    database: Database, folder: Path, *, every_moment: bool
) -> Iterator[tuple[Town, Danger]]:
    """Give a town served by processes of its own, which die while they serve."""
    with town_on(database, folder) as town:
        town.clock_file = folder / CLOCK
        town.at(town.site.world.clock.instant)
        with server_running(database.url, folder, "tests.web.dying:app", ONE_WORKER) as server:
            town.url = f"http://127.0.0.1:{server.port}"
            danger = Danger(server, folder, every_moment, wait=town.wait)
            town.hands = stubborn(danger)
            yield town, danger


def assert_died_of_every_form(danger: Danger, forms: set[str]) -> None:
    assert set(danger.deaths) == forms
    if danger.every_moment:  # when it has come, around a commit, with the answer ready
        assert min(danger.deaths.values()) >= 2
    else:
        assert set(danger.deaths.values()) == {1}


@pytest.mark.parametrize("every_moment", MOMENTS)
def test_from_a_request_to_the_second_dose(
    sqlite_database: Database, tmp_path: Path, browser: Browser, *, every_moment: bool
) -> None:
    with town_in_danger(sqlite_database, tmp_path, every_moment=every_moment) as (town, danger):
        go_from_request_to_second_dose(town, browser)
        assert_died_of_every_form(danger, TO_THE_SECOND_DOSE)
        assert_series_stands_once(town, waited=every_moment)


@pytest.mark.parametrize("every_moment", MOMENTS)
def test_dispatch_books_an_unassigned_request(
    sqlite_database: Database, tmp_path: Path, browser: Browser, *, every_moment: bool
) -> None:
    with town_in_danger(sqlite_database, tmp_path, every_moment=every_moment) as (town, danger):
        open_hotel(town)
        with town.seat(browser, Role.DISPATCHER) as dispatch:
            book_the_hotel(dispatch)
            look_elsewhere(dispatch)
        assert_died_of_every_form(danger, TO_THE_HOTEL)
        assert_hotel_stands_once(town)
