"""The day of everybody: drives, gaps, promises at risk, and few statements however full it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select

from scheduler.domain.geography import PostalAddress
from scheduler.domain.messages import MessageState
from scheduler.domain.timing import at_local
from scheduler.domain.visits import VisitState
from scheduler.services.intake import NewPatient, add_patient, locate
from scheduler.services.staffing import add_time_off
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import db, transaction
from scheduler.store.messages import MessageRow
from scheduler.store.people import Role
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow
from tests.web.dispatching import booked, visit_row
from tests.web.site import NOW, Clinic, Site
from tests.web.visitor import Visitor, staff_visitor
from tests.world import World

CENTRAL = "America/Chicago"
FRIDAY = date(2026, 10, 23)


@pytest.fixture
def drew(clinic: Clinic) -> Visitor:
    """A dispatcher at a browser."""
    return staff_visitor(clinic.site, Role.DISPATCHER)


def rows_of(visitor: Visitor) -> dict[str, str]:
    """Return the words of each clinician's row by the clinician's name."""
    assert visitor.page is not None
    page = visitor.page.get_data(as_text=True)
    sections = [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", each.partition(">")[2])).split())
        for each in page.split("<section")[1:]
    ]
    return {each.partition(",")[0]: each for each in sections}


def test_a_day_shows_drives_gaps_breaks_and_licenses(clinic: Clinic, drew: Visitor) -> None:
    """Two visits of 90 minutes in one ZIP: eight minutes between them, the rest is free."""
    with transaction(clinic.site.session) as session:
        ada = session.get_one(ClinicianRow, clinic.ada)
        ada.break_minutes, ada.break_opens, ada.break_closes = 30, time(11), time(14)
    nine = at_local(FRIDAY, time(9), CENTRAL)
    booked(clinic, nine)
    booked(clinic, nine + timedelta(hours=4), "quinn")
    drew.get(f"/dispatch?on={FRIDAY}")
    row = rows_of(drew)["Ada"]
    assert "Works 8:00 AM to 6:00 PM CDT" in row
    assert "30 min break, begins 11:00 AM to 2:00 PM CDT" in row
    assert "licensed in KS" in row
    assert row.index("9:00 AM") < row.index("142 min free") < row.index("1:00 PM")
    assert "promised 9:00 AM to 10:00 AM CDT" in row
    assert "min drive home" in row
    assert "24 minutes of driving, 0 miles" in row  # three drives inside one ZIP's point
    assert "Free all day (2) Bea, RN" in drew.text()
    assert drew.text().index("2 visits") < drew.text().index("0 promises at risk")


def test_days_and_states_are_chosen_in_the_address(clinic: Clinic, drew: Visitor) -> None:
    booked(clinic, at_local(FRIDAY, time(9), CENTRAL))
    drew.get("/dispatch")
    assert "Tue, Oct 20, 2026 (today)" in drew.text()
    assert "0 visits" in drew.text()
    assert drew.page is not None
    page = drew.page.get_data(as_text=True)
    assert 'href="/dispatch?on=2026-10-19"' in page
    assert 'href="/dispatch?on=2026-10-21"' in page
    drew.get(f"/dispatch?on={FRIDAY}&state=KS")
    assert "1 visits" in drew.text() or "1 visit" in drew.text()
    drew.get(f"/dispatch?on={FRIDAY}&state=MO")
    assert "Nobody works on this day." in drew.text()
    for rubbish in ("on=never", "on=0001-01-01", "state=%00", "state=Kansas"):
        assert drew.get(f"/dispatch?{rubbish}").status_code == 200


def test_a_promise_at_risk_is_marked_in_words_and_shape(clinic: Clinic) -> None:
    starts = at_local(NOW.date(), time(14), CENTRAL)
    visit_id = booked(clinic, starts)
    clock = clinic.site.world.clock
    clock.instant = starts + timedelta(minutes=5)
    drew = staff_visitor(clinic.site, Role.DISPATCHER)
    drew.get("/dispatch")
    assert "▲ Planned arrival has passed and nobody is on the way." in drew.text()
    clock.instant = starts + timedelta(minutes=61)
    drew = staff_visitor(clinic.site, Role.DISPATCHER)
    drew.get("/dispatch")
    assert "1 promise at risk" in drew.text()
    assert "▲ The arrival window is over and nobody has arrived." in drew.text()
    assert visit_row(clinic.site, visit_id).state is VisitState.BOOKED


def test_who_is_off_is_said_with_the_reason(clinic: Clinic, drew: Visitor) -> None:
    add_time_off(clinic.site.world.dispatcher, clinic.bea, (FRIDAY, FRIDAY), "on vacation")
    drew.get(f"/dispatch?on={FRIDAY}")
    assert "Off (1) Bea, RN on vacation" in drew.text()


def test_texts_that_need_a_look_are_counted(clinic: Clinic, drew: Visitor) -> None:
    booked(clinic, at_local(FRIDAY, time(9), CENTRAL))
    with transaction(clinic.site.session) as session:
        session.scalars(select(MessageRow)).all()[0].state = MessageState.NEEDS_PERSON
    drew.get("/dispatch")
    assert "1 text needs a look" in drew.text()
    drew.get("/dispatch/messages?show=trouble")
    assert "somebody must call" in drew.text()
    assert "Nobody can say whether it left. Call the patient" in drew.text()


# As full as a day gets


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Collect the statements that the application sends."""
    seen: list[str] = []

    def look(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        seen.append(text)

    with site.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", look)
    yield seen
    event.remove(engine, "before_cursor_execute", look)


def fill(world: World, clinicians: int, visits: int) -> None:
    """Give clinicians their visits of Friday, four or five each, all of different patients."""
    ids = [world.clinician(f"Nurse {number}", "66101", "KS") for number in range(clinicians)]
    desk = world.dispatcher
    address = PostalAddress("12 Fiction Street", "Testville", "KS", "66101")
    new = NewPatient("Pat Example", date(1980, 5, 17), None, address)
    located = locate(desk, new)
    with transaction(world.session):
        for number in range(visits):
            patient, home = add_patient(desk, new, located)
            world.session.flush()
            hour = 8 + 2 * (number // clinicians)
            add_visit(world, (patient.id, home.id), ids[number % clinicians], hour)


def add_visit(world: World, ids: tuple[UUID, UUID], clinician_id: UUID, hour: int) -> None:
    starts = at_local(FRIDAY, time(hour), CENTRAL)
    request = VisitRequestRow(
        id=uuid4(),
        patient_id=ids[0],
        address_id=ids[1],
        service_code="checkup",
        state=RequestState.BOOKED,
        wanted_from=starts,
        wanted_until=starts + timedelta(hours=1),
        created_at=NOW,
        created_by=uuid4(),
    )
    world.session.add(request)
    world.session.flush()
    world.session.add(
        VisitRow(
            request_id=request.id,
            patient_id=ids[0],
            address_id=ids[1],
            clinician_id=clinician_id,
            service_code="checkup",
            state=VisitState.BOOKED,
            on_day=FRIDAY,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=90),
            window_starts_at=starts,
            window_ends_at=starts + timedelta(hours=1),
            timezone=CENTRAL,
            promise_version=1,
            created_at=NOW,
        )
    )


def test_a_full_board_takes_no_more_statements_than_a_small_one(site: Site) -> None:
    site.world.service()
    fill(site.world, 2, 5)
    drew = staff_visitor(site, Role.DISPATCHER)
    with counted(site) as few:
        drew.get(f"/dispatch?on={FRIDAY}")
    assert "5 visits" in drew.text()
    fill(site.world, 58, 263)
    with counted(site) as many:
        drew.get(f"/dispatch?on={FRIDAY}")
    assert "268 visits" in drew.text()
    assert len(many) == len(few)
    assert len(many) <= 20
