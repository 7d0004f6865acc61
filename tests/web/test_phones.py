"""Phones in a browser: one that several patients share, and one that takes no texts any more."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from scheduler.domain.geography import PostalAddress
from scheduler.services.intake import NewPatient, register_patient
from scheduler.store.messages import CallTaskRow, MessageRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.conftest import Database
from tests.web.dispatching import opt_out
from tests.web.doors import prove_phone, say_who
from tests.web.hands import Person
from tests.web.journey import (
    HOME,
    Town,
    answer_questions,
    candidates,
    count,
    served,
    tally,
    town_on,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
PHONE, AS_KEPT = "816-555-0142", "+18165550142"
FICTION_STREET = PostalAddress("12 Fiction Street", "Testville", "KS", "66101")
MAYS_BIRTHDAY, ROBINS_BIRTHDAY = date(1980, 5, 17), date(2001, 9, 30)


@pytest.fixture
def town(sqlite_database: Database, tmp_path: Path) -> Iterator[Town]:
    with town_on(sqlite_database, tmp_path) as town, served(town.site) as town.url:
        for name, born in (
            ("May Example", MAYS_BIRTHDAY),
            ("Robin Example", ROBINS_BIRTHDAY),
        ):
            new = NewPatient(name, born, AS_KEPT, FICTION_STREET, sms_consent=True)
            register_patient(town.site.world.dispatcher, new)
        yield town


def test_a_shared_phone_opens_whose_birth_date_is_given(town: Town, browser: Browser) -> None:
    with town.patient(browser) as somebody:
        prove_phone(somebody, PHONE)
        people = somebody.page.locator("main .form-check label")
        assert sorted(set(people.all_inner_texts())) == ["May", "Robin"]
        say_who(somebody, "Robin", MAYS_BIRTHDAY.isoformat())
        assert "This is not the birth date that we have for this person." in somebody.told
        somebody.open("/my")
        assert somebody.page.url.endswith("/sign-in?next=/my"), "a wrong birth date let in"
        somebody.open("/sign-in/person")
        say_who(somebody, "Robin", ROBINS_BIRTHDAY.isoformat())
        somebody.open("/my")
        assert somebody.page.locator("header .name").inner_text() == "Robin Example"
        assert somebody.page.locator("header .name").is_visible()
        assert "May" not in somebody.page.locator("body").inner_text()


def test_dispatch_books_for_a_phone_that_takes_no_texts(town: Town, browser: Browser) -> None:
    opt_out(town.site, AS_KEPT)
    with town.seat(browser, Role.DISPATCHER) as dispatch:
        find_by_phone(dispatch)
        assert "Opted out of texts: every text becomes a call" in dispatch.told
        dispatch.follow("Ask for a visit")
        dispatch.pick("address_id", HOME)
        dispatch.tick("input[name=service_code][value=checkup]")
        answer_questions(dispatch)
        dispatch.press("Take down the request")
        assert candidates(dispatch) == ["Ada Example, RN"]
        dispatch.tick("input[name=choice]")
        dispatch.press("Assign")
        assert "booked" in dispatch.told
        assert "No texts." in dispatch.told
        assert "Call to confirm the visit. by Tue, Oct 20, 12:15 PM CDT" in dispatch.told
        dispatch.open("/dispatch/calls")
        lines = [line for line in dispatch.told.splitlines() if line.startswith(("May", "Call "))]
        assert sorted(lines) == [
            "Call to confirm the visit.",
            "Call to remind of the visit.",
            "May Example (816) 555-0142",
            "May Example (816) 555-0142",
        ]
    assert count(town, MessageRow) == 0
    assert tally(town, VisitRow.state) == {"BOOKED": 1}
    assert tally(town, CallTaskRow.what) == {
        "Call to confirm the visit.": 1,
        "Call to remind of the visit.": 1,
    }


def find_by_phone(dispatch: Person) -> None:
    dispatch.open("/dispatch/patients")
    dispatch.write("phone", PHONE)
    dispatch.press("Find")
    assert "2 patients" in dispatch.told
    dispatch.follow("May Example")
