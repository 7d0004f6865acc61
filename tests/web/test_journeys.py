"""Whole journeys of three people in a real browser, under a clock that the tests move."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from scheduler.domain.geography import PostalAddress
from scheduler.services.intake import NewPatient, register_patient
from scheduler.store.people import Role
from scheduler.store.treatment import SeriesRow
from scheduler.store.visits import VisitRow
from tests.conftest import Database
from tests.web.browser import chromium, opened, prove_phone, sign_in_staff
from tests.web.site import DOSED, Site, site_on
from tests.web.visitor import PASSWORD, staff_account

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
PHONE = "360-light"
DESK = "1440-light"
SIX = [1, 2, 3, 3, 3, 3]
CENTRAL = timedelta(hours=-5)
"""October in Kansas City."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve the application of a test on a port of its own, with the test's clock."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Town:
    """Ada may treat in Kansas and Missouri, Sol prescribes there; nobody is a patient yet."""

    site: Site
    url: str
    ada: UUID
    emails: dict[Role, str]

    def at(self, instant: datetime) -> None:
        """Move the practice's clock."""
        self.site.world.clock.instant = instant

    @contextmanager
    def seat(self, browser: Browser, role: Role) -> Iterator[Page]:
        """Give a browser in which somebody of the staff has signed in."""
        look = PHONE if role is Role.CLINICIAN else DESK
        with opened(browser, self.url, look) as page:
            sign_in_staff(page, self.emails[role], PASSWORD)
            yield page


@pytest.fixture
def town(sqlite_database: Database, tmp_path: Path) -> Iterator[Town]:
    with site_on(sqlite_database, tmp_path) as site:
        world = site.world
        world.service()
        world.service(DOSED, needs_order=True, dosed=True, care_minutes=100)
        world.scope("KS", "MO")
        world.protocol(administrations=SIX)
        ada = world.clinician("Ada Example", "66101", "KS")
        for state in ("KS", "MO"):
            world.licence(ada, state)
        sol = world.prescriber("66101", "KS", "MO").actor.person_id
        emails = {
            Role.CLINICIAN: staff_account(site, Role.CLINICIAN, ada),
            Role.PRESCRIBER: staff_account(site, Role.PRESCRIBER, sol),
            Role.DISPATCHER: staff_account(site, Role.DISPATCHER),
        }
        with served(site) as url:
            yield Town(site, url, ada, emails)


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words).first.click()


def register(page: Page, phone: str) -> None:
    prove_phone(page, phone)
    for name, value in {
        "first_name": "Nora",
        "last_name": "Example",
        "birth_date": "1984-03-02",
        "street": "12 Fiction Street",
        "city": "Testville",
        "state": "Kansas",
        "zip_code": "66101",
    }.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#sms_consent").check()
    press(page, "Go on")
    page.wait_for_url("**/my")


def ask(page: Page, service: str) -> None:
    page.goto("/my/requests/new")
    page.locator(f"input[name=service_code][value={service}]").check()
    page.locator("#last_day").fill("2026-10-24")
    press(page, "Go on to the questions")
    answer_questions(page)
    press(page, "Go on and check")
    assert "160 pounds (72.57 kilograms)" in page.locator("main").inner_text()
    press(page, "Send my request")


def answer_questions(page: Page) -> None:
    page.locator("#q_reason").fill("low mood")
    for no in page.locator("input[type=radio][value=no]").all():
        no.check()
    for text in page.locator("textarea[required]:not(#q_reason)").all():
        text.fill("none")
    page.locator("#weight").fill("160")
    page.locator("input[name=weight_unit][value=lb]").check()
    page.locator("#treatment_consent").check()


def sign_order(page: Page) -> None:
    page.goto("/prescriber")
    page.locator("main a[href*='/prescriber/requests/']").first.click()
    if not page.locator("#indication").count():
        page.get_by_role("link", name="Sign the order").click()
    page.locator("input[name=protocol_id]").first.check()
    for name, value in {
        "indication": "fictitious",
        "max_mg_per_administration": "60",
        "max_cumulative_mg": "300",
        "max_administrations": "6",
        "expires_on": "2027-01-15",
        "password": PASSWORD,
    }.items():
        page.locator(f"#{name}").fill(value)
    press(page, "Sign the order")


def sign_dose(page: Page, series: str, number: int, mg: str) -> None:
    page.goto(f"/prescriber/series/{series}/doses/{number}")
    page.locator("#mg").fill(mg)
    page.locator("#password").fill(PASSWORD)
    press(page, "Sign off this dose")


def test_from_a_request_to_the_second_dose(town: Town, browser: Browser) -> None:
    with opened(browser, town.url, PHONE, scripts=False) as patient:
        patient.goto("/?zip_code=66101")
        assert patient.get_by_role("heading", name="Yes, we come to").count()
        patient.locator("main").get_by_role("link", name="Ask for a visit").click()
        register(patient, "816-555-0188")
        ask(patient, DOSED)
        assert "A prescriber looks at your answers" in patient.locator("main").inner_text()
        with town.seat(browser, Role.PRESCRIBER) as prescriber:
            sign_order(prescriber)
            patient.goto("/my")
            patient.get_by_role("link", name="Look at the plan").click()
            assert patient.locator("main ol.places li").count() == 6
            patient.locator("#policy").check()
            press(patient, "Take all 6 visits")
            patient.goto("/my")
            assert patient.locator("main").inner_text().count("planned") >= 6
            series = series_of(town)
            sign_dose(prescriber, series, 1, "18")
            visit = first_visit(town)
            give_first_dose(town, browser, visit)
            sign_in_staff(prescriber, town.emails[Role.PRESCRIBER], PASSWORD)  # rested too long
            sign_dose(prescriber, series, 2, "29")
            told = prescriber.locator("main").inner_text()
            assert "The dose is signed off and the visit is booked." in told
            assert "Dose 2 of 6\n✓\nsigned off" in told
        patient.goto("/my")
        assert "sign in" in patient.locator("main").inner_text()


def series_of(town: Town) -> str:
    town.site.session.rollback()
    return str(town.site.session.scalars(select(SeriesRow.id)).one())


def first_visit(town: Town) -> tuple[str, datetime]:
    town.site.session.rollback()
    row = town.site.session.scalars(select(VisitRow).where(VisitRow.number == 1)).one()
    return str(row.id), row.starts_at


def give_first_dose(town: Town, browser: Browser, visit: tuple[str, datetime]) -> None:
    visit_id, starts_at = visit
    town.at(starts_at - timedelta(minutes=30))
    with town.seat(browser, Role.CLINICIAN) as clinician:
        clinician.goto("/route")
        assert "18 mg" in clinician.locator("main").inner_text()
        clinician.goto(f"/route/visits/{visit_id}")
        for words in ("On my way", "Arrived", "Start"):
            press(clinician, words)
        began = starts_at + timedelta(minutes=30)
        town.at(began + timedelta(minutes=45))
        clinician.goto(f"/route/visits/{visit_id}/outcome")
        clinician.locator("#given_mg").fill("18")
        clinician.locator("#started_at").fill(f"{began + CENTRAL:%H:%M}")
        clinician.locator("#ended_at").fill(f"{began + CENTRAL + timedelta(minutes=40):%H:%M}")
        clinician.locator("input[name=stopped_early][value=no]").check()
        clinician.locator("input[name=tolerance]").first.check()
        press(clinician, "Complete the visit")
        assert "done" in clinician.locator("main").inner_text()
    town.at(began + timedelta(minutes=50))


def test_dispatch_books_an_unassigned_request_and_reads_why(town: Town, browser: Browser) -> None:
    """Scenario A: home in Kansas, a hotel over the line; who may not come is said in words."""
    world = town.site.world
    bea = world.clinician("Bea Example", "66101", "KS")
    world.licence(bea, "KS")
    cy = world.clinician("Cy Example", "64108", "MO")
    world.licence(cy, "MO", valid_through=date(2026, 10, 26))
    born = date(1980, 5, 17)
    home = PostalAddress("12 Fiction Street", "Testville", "KS", "66101")
    caller = NewPatient("Pat Example", born, "+18165550142", home, sms_consent=True)
    patient, _ = register_patient(world.dispatcher, caller)
    hotel = world.address(patient, "64108", "MO")
    opens = datetime(2026, 10, 27, 15, tzinfo=UTC)
    world.request((patient, hotel), "checkup", (opens, opens + timedelta(hours=2)))
    with town.seat(browser, Role.DISPATCHER) as dispatch:
        dispatch.goto("/dispatch/unassigned")
        dispatch.get_by_role("link", name="Who can take this?").click()
        told = dispatch.locator("main").inner_text()
        assert "Bea Example, RN\tNo Missouri license or privilege" in told
        assert "Cy Example, RN\tMissouri license expired 10-26" in told or "xpired 10-26" in told
        names = dispatch.locator("ol.candidates h3").all_inner_texts()
        assert names == ["Ada Example, RN"]
        dispatch.locator("input[name=choice]").first.check()
        press(dispatch, "Assign")
        told = dispatch.locator("main").inner_text()
        assert "booked" in told
        assert "Tue, Oct 27, 10:00 AM to 11:00 AM CDT" in told
        nowhere = world.address(patient, "90012", "CA")
        dispatch.get_by_role("link", name="Move or give to somebody else").click()
        dispatch.locator("#address").select_option(str(nowhere))
        press(dispatch, "Show")
        assert "not verified for the state" in dispatch.locator("main").inner_text()
        dispatch.get_by_role("link", name="Back to the visit").click()
        assert "Tue, Oct 27, 10:00 AM to 11:00 AM CDT" in dispatch.locator("main").inner_text()
