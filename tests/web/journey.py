"""The steps of whole journeys, and what must stand in the tables when they are over."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, Page
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.serving import make_server

from scheduler.domain.geography import PostalAddress
from scheduler.services.intake import NewPatient, register_patient
from scheduler.store.audit import AuditRow
from scheduler.store.base import Base
from scheduler.store.messages import CallTaskRow, MessageRow
from scheduler.store.people import AddressRow, ConsentRow, PatientRow, Role
from scheduler.store.treatment import (
    AdministrationRow,
    AttemptRow,
    IntakeRow,
    OrderRow,
    SeriesRow,
    WeightRow,
)
from scheduler.store.visits import VisitRequestRow, VisitRow
from tests.conftest import Database
from tests.web.browser import opened
from tests.web.doors import enter_as_staff, prove_phone, say_who
from tests.web.hands import Person
from tests.web.site import DOSED, NOW, Site, site_on
from tests.web.visitor import PASSWORD, staff_account

PHONE = "360-light"
DESK = "1440-light"
SIX = [1, 2, 3, 3, 3, 3]
CENTRAL = timedelta(hours=-5)
"""October in Kansas City."""

NORAS_PHONE, NORAS_BIRTHDAY = "816-555-0188", "1984-03-02"
TEN = "Tue, Oct 27, 10:00 AM to 11:00 AM CDT"
NEVER_TWICE: tuple[type[Base], ...] = (
    *(PatientRow, AddressRow, IntakeRow, WeightRow, OrderRow, AdministrationRow),
)
LOOKING = ("view", "read", "search", "sign in")
HOME = "home: 12 Fiction Street, Testville, KS 66101"
NOWHERE = "other: 9 Invented Avenue, Testville, CA 90012"
"""Where the rules for nurses have not been read."""


@dataclass
class Town:
    """Ada may treat in Kansas and Missouri, Sol prescribes there; nobody is a patient yet."""

    site: Site
    emails: dict[Role, str]
    url: str = ""
    hands: Callable[[Page], Person] = Person
    clock_file: Path | None = None

    def at(self, instant: datetime) -> None:
        """Move the practice's clock; a server of its own reads it from a file."""
        self.site.world.clock.instant = instant
        if self.clock_file is not None:
            fresh = self.clock_file.with_suffix(".new")
            fresh.write_text(instant.isoformat())
            fresh.replace(self.clock_file)

    def wait(self) -> None:
        """Let the time go by in which a limit counts passwords; twice that for codes."""
        self.at(self.site.world.clock.instant + timedelta(minutes=15))

    @contextmanager
    def patient(self, browser: Browser) -> Iterator[Person]:
        """Give somebody at a phone without scripts."""
        with opened(browser, self.url, PHONE, scripts=False) as page:
            yield self.hands(page)

    @contextmanager
    def seat(self, browser: Browser, role: Role) -> Iterator[Person]:
        """Give somebody of the staff who has signed in."""
        look = PHONE if role is Role.CLINICIAN else DESK
        with opened(browser, self.url, look) as page:
            person = self.hands(page)
            self.sign_in(person, role)
            yield person

    def sign_in(self, person: Person, role: Role) -> None:
        """Sign in as the town's person of a role."""
        enter_as_staff(person, self.emails[role], PASSWORD)


@contextmanager
def town_on(database: Database, folder: Path) -> Iterator[Town]:
    """Give a town on a database that has the schema; nothing is served yet."""
    with site_on(database, folder) as site:
        world = site.world
        world.service()
        world.service(DOSED, needs_order=True, dosed=True, care_minutes=100)
        world.scope("KS", "MO")
        world.compact("KS", "MO")
        world.protocol(administrations=SIX)
        ada = world.clinician("Ada Example", "66101", "KS")
        world.licence(ada, "KS", multistate=True)
        sol = world.prescriber("66101", "KS", "MO").actor.person_id
        emails = {
            Role.CLINICIAN: staff_account(site, Role.CLINICIAN, ada),
            Role.PRESCRIBER: staff_account(site, Role.PRESCRIBER, sol),
            Role.DISPATCHER: staff_account(site, Role.DISPATCHER),
        }
        town = Town(site, emails)
        town.at(NOW + timedelta(seconds=30))  # the next time that is planned is 12:15
        yield town


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


# Patient, prescriber, patient, clinician, prescriber


def go_from_request_to_second_dose(town: Town, browser: Browser) -> None:
    """Go the whole way: request, intake, order, six visits, first visit given, second dose."""
    with town.patient(browser) as patient:
        patient.open("/?zip_code=66101")
        assert "Yes, we come to" in patient.told
        patient.follow("Ask for a visit")
        register(patient)
        ask(patient, DOSED)
        assert "A prescriber looks at your answers" in patient.told
        sign(town, browser, sign_order)
        take_plan(patient)
        sign(town, browser, partial(sign_dose, number=1, mg="18"))
        give_first_dose(town, browser)
        sign(town, browser, partial(sign_dose, number=2, mg="29"))
        patient.open("/my")
        assert "sign in" in patient.told


def register(patient: Person) -> None:
    """Sign in as somebody new; whoever is known already, as their answer was lost, says who."""
    prove_phone(patient, NORAS_PHONE)
    for name, value in {
        "first_name": "Nora",
        "last_name": "Example",
        "birth_date": NORAS_BIRTHDAY,
        "street": "12 Fiction Street",
        "city": "Testville",
        "state": "Kansas",
        "zip_code": "66101",
    }.items():
        patient.write(name, value)
    patient.tick("#sms_consent")
    patient.press("Go on")
    for _ in range(patient.tries - 1):
        if patient.page.url.endswith("/my"):
            break
        prove_phone(patient, NORAS_PHONE)
        say_who(patient, "Nora", NORAS_BIRTHDAY)
    patient.page.wait_for_url("**/my")


def ask(patient: Person, service: str) -> None:
    """Ask for a visit: what and when, the questions, a look over it all, send."""
    patient.follow("Ask for a visit")
    patient.tick(f"input[name=service_code][value={service}]")
    patient.write("last_day", "2026-10-24")
    patient.press("Go on to the questions")
    answer_questions(patient)
    patient.press("Go on and check")
    assert "160 pounds (72.57 kilograms)" in patient.told
    patient.press("Send my request")


def answer_questions(person: Person) -> None:
    """Answer every question, harmlessly, and agree."""
    person.write("q_reason", "low mood")
    person.write("weight", "160")
    person.tick("input[name=weight_unit][value=lb]")
    fields = "main fieldset:has(input[value=no]), main textarea[required]:not(#q_reason)"
    for field in person.page.locator(fields).all():
        name = str(field.get_attribute("id"))
        if field.evaluate("element => element.tagName") == "FIELDSET":
            person.tick(f"input[name={name}][value=no]")
        else:
            person.write(name, "none")
    person.tick("#treatment_consent")


def sign(town: Town, browser: Browser, what: Callable[[Person], bool]) -> None:
    """Sign in and sign; a password that was given too often has to wait."""
    with town.seat(browser, Role.PRESCRIBER) as prescriber:
        for _ in range(prescriber.tries):
            if what(prescriber):
                return
            prescriber.wait()
            town.sign_in(prescriber, Role.PRESCRIBER)
        raise AssertionError(f"it is not signed: {prescriber.told}")


def sign_order(prescriber: Person) -> bool:
    """Read what waits for an order and sign it; say whether it is signed."""
    prescriber.open("/prescriber")
    prescriber.follow("Nora Example")
    prescriber.tick("input[name=protocol_id]")
    for name, value in {
        "indication": "fictitious",
        "max_mg_per_administration": "60",
        "max_cumulative_mg": "300",
        "max_administrations": "6",
        "expires_on": "2027-01-15",
        "password": PASSWORD,
    }.items():
        prescriber.write(name, value)
    prescriber.press("Sign the order")
    return "The order is signed." in prescriber.told


def take_plan(patient: Person) -> None:
    """Look at the whole calendar and take it."""
    patient.open("/my")
    patient.follow("Look at the plan")
    assert patient.page.locator("main ol.places li").count() == 6
    patient.tick("#policy")
    patient.press("Take all 6 visits")
    patient.open("/my")
    assert patient.told.count("planned") >= 6


def sign_dose(prescriber: Person, number: int, mg: str) -> bool:
    """Sign off the next dose; say whether it is signed."""
    prescriber.open("/prescriber/doses")
    prescriber.follow("Nora Example")
    prescriber.write("mg", mg)
    prescriber.write("password", PASSWORD)
    prescriber.press("Sign off this dose")
    booked = "The dose is signed off and the visit is booked." in prescriber.told
    return booked and f"Dose {number} of 6\n✓\nsigned off" in prescriber.told


def give_first_dose(town: Town, browser: Browser) -> None:
    """Set out, arrive, start, and record what was given."""
    town.site.session.rollback()
    first = select(VisitRow.starts_at).where(VisitRow.number == 1)
    starts_at = town.site.session.scalars(first).one()
    town.at(starts_at - timedelta(minutes=30))
    with town.seat(browser, Role.CLINICIAN) as clinician:
        clinician.open("/route")
        assert "18 mg" in clinician.told
        clinician.follow("Nora Example")
        for words in ("On my way", "I have arrived", "Start"):
            clinician.press(words)
        began = starts_at + timedelta(minutes=30)
        town.at(began + timedelta(minutes=45))
        clinician.follow("Record the outcome")
        clinician.write("given_mg", "18")
        clinician.write("started_at", f"{began + CENTRAL:%H:%M}")
        clinician.write("ended_at", f"{began + CENTRAL + timedelta(minutes=40):%H:%M}")
        clinician.tick("input[name=stopped_early][value=no]")
        clinician.tick("input[name=tolerance]")
        clinician.press("Complete the visit")
        assert "done" in clinician.told
    town.at(began + timedelta(minutes=50))


# Dispatch: the hotel over the line


@dataclass(frozen=True)
class Hotel:
    """Pat of Kansas waits at a hotel in Missouri; Bea and Cy may not come there."""

    patient: UUID
    room: UUID


def open_hotel(town: Town) -> Hotel:
    """Let Pat ask for Tuesday, 10 to 12, at the hotel."""
    world = town.site.world
    bea = world.clinician("Bea Example", "66101", "KS")
    world.licence(bea, "KS")
    cy = world.clinician("Cy Example", "64108", "MO")
    world.licence(cy, "MO", valid_through=date(2026, 10, 26))
    home = PostalAddress("12 Fiction Street", "Testville", "KS", "66101")
    born = date(1980, 5, 17)
    caller = NewPatient("Pat Example", born, "+18165550142", home, sms_consent=True)
    patient, _ = register_patient(world.dispatcher, caller)
    room = world.address(patient, "64108", "MO")
    world.address(patient, "90012", "CA")
    opens = datetime(2026, 10, 27, 15, tzinfo=UTC)
    world.request((patient, room), "checkup", (opens, opens + timedelta(hours=2)))
    return Hotel(patient, room)


def book_the_hotel(dispatch: Person) -> None:
    """Read why two may not come, and give the visit to the one who may."""
    dispatch.open("/dispatch/unassigned")
    dispatch.follow("Who can take this?")
    assert "Bea Example, RN\tNo Missouri license or privilege" in dispatch.told
    assert "Cy Example, RN\tMissouri license expired 10-26" in dispatch.told
    assert candidates(dispatch) == ["Ada Example, RN"]
    dispatch.tick("input[name=choice]")
    dispatch.press("Assign")
    assert "booked" in dispatch.told
    assert TEN in dispatch.told


def candidates(dispatch: Person) -> list[str]:
    """Return who can take a visit, the best one first."""
    return dispatch.page.locator("ol.candidates h3").all_inner_texts()


def look_elsewhere(dispatch: Person) -> None:
    """Ask who could come if the address were another: home, then where nothing is verified."""
    dispatch.follow("Move or give to somebody else")
    dispatch.pick("address", HOME)
    dispatch.press("Show")
    assert sorted(candidates(dispatch)) == ["Ada Example, RN", "Bea Example, RN"]
    assert "Cy Example, RN\tNo Kansas license or privilege" in dispatch.told
    dispatch.pick("address", NOWHERE)
    dispatch.press("Show")
    assert "not verified for the state" in dispatch.told
    assert candidates(dispatch) == []
    dispatch.follow("Back to the visit")
    assert TEN in dispatch.told


# What stands in the tables


def tally(town: Town, column: InstrumentedAttribute[object]) -> dict[str, int]:
    """Return how many rows hold each value of a column."""
    town.site.session.rollback()
    rows = town.site.session.execute(select(column, func.count()).group_by(column))
    return {str(value): count for value, count in rows}


def acts(town: Town) -> Counter[str]:
    """Return how often each act was recorded; looks and sign-ins may be repeated."""
    counted = tally(town, AuditRow.action)
    return Counter({act: n for act, n in counted.items() if not act.startswith(LOOKING)})


def count(town: Town, kind: type[Base]) -> int:
    """Return how many rows a table has."""
    town.site.session.rollback()
    return town.site.session.scalar(select(func.count()).select_from(kind)) or 0


def texts(town: Town) -> dict[tuple[str, str], int]:
    """Return how many texts there are of each template in each state."""
    town.site.session.rollback()
    kind = (MessageRow.template, MessageRow.state)
    rows = town.site.session.execute(select(*kind, func.count()).group_by(*kind))
    return {(str(template), str(state)): count for template, state, count in rows}


def assert_series_stands_once(town: Town, *, waited: bool = False) -> None:
    """Expect one series of six visits, one order, one outcome, and two doses signed.

    Who had `waited` for a limit signed perhaps within two hours of the first visit: too late for
    the reminder that goes two hours before.
    """
    assert {kind.__tablename__: count(town, kind) for kind in NEVER_TWICE} == {
        "patient": 1,
        "address": 1,
        "intake": 1,
        "weight": 1,
        "treatment_order": 1,
        "administration": 1,
    }
    assert tally(town, ConsentRow.kind) == {"sms": 1, "treatment": 1}
    assert tally(town, VisitRequestRow.state) == {"BOOKED": 1}
    assert tally(town, SeriesRow.state) == {"ACTIVE": 1}
    assert tally(town, VisitRow.number) == {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1}
    assert tally(town, VisitRow.state) == {"COMPLETED": 1, "BOOKED": 1, "TENTATIVE": 4}
    assert tally(town, AttemptRow.state) == {"OUTCOME_RECORDED": 1, "BOOKED": 1, "LOCKED": 4}
    found = texts(town)
    if waited:
        found.setdefault(("reminder_2h", "CANCELLED"), 1)
    assert found == {
        ("choose_time", "CANCELLED"): 1,  # the time was chosen before a text left
        ("series_planned", "PENDING"): 1,
        ("reminder_7d", "PENDING"): 3,  # visits 4 to 6 are more than a week away
        ("confirmation", "CANCELLED"): 1,  # visit 1 was that day, and is over
        ("reminder_2h", "CANCELLED"): 1,
        ("confirmation", "PENDING"): 1,  # visit 2 is on Friday at 2 PM
        ("reminder_48h", "PENDING"): 1,
        ("reminder_24h", "PENDING"): 1,
        ("reminder_2h", "PENDING"): 1,
    }
    assert tally(town, CallTaskRow.what) == {}
    assert acts(town) == {
        "register": 1,
        "request": 1,
        "sign order": 1,
        "plan series": 1,
        "authorise dose": 2,
        "set out": 1,
        "arrive": 1,
        "start": 1,
        "complete": 1,
    }


def assert_hotel_stands_once(town: Town) -> None:
    """Expect one booked visit with its texts."""
    assert tally(town, VisitRequestRow.state) == {"BOOKED": 1}
    assert tally(town, VisitRow.state) == {"BOOKED": 1}
    assert texts(town) == {
        ("confirmation", "PENDING"): 1,
        ("reminder_48h", "PENDING"): 1,
        ("reminder_24h", "PENDING"): 1,
        ("reminder_2h", "PENDING"): 1,
    }
    assert tally(town, CallTaskRow.what) == {}
    assert acts(town) == {"register": 1, "add address": 2, "request": 1, "reserve": 1, "book": 1}
