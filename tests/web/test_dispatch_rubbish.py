"""Rubbish in every field of dispatch's forms: refused by name, entries kept, nothing changed."""

from datetime import timedelta
from uuid import UUID

import pytest

from scheduler.domain.visits import VisitState
from scheduler.store import queries
from scheduler.store.people import Role
from tests.web.dispatching import PAT_PHONE, asked, booked, opt_out, tasks, visit_row, visits_of
from tests.web.patient_pages import answers, choices_of
from tests.web.rubbish import (
    EVERYTHING,
    NEVER_TEXT,
    TEXT_IS_RIGHT,
    FoundForm,
    assert_rubbish_is_refused,
    forms_of,
)
from tests.web.site import NOW, Clinic
from tests.web.visitor import Visitor, staff_visitor

NOTHING = frozenset({"nothing"})
UNKNOWN = frozenset({"an unknown id"})
OPTIONAL_TEXT = TEXT_IS_RIGHT | NOTHING
ADDRESS = {
    "street": "1 Made-Up Road",
    "unit": "7",
    "city": "Kansas City",
    "state": "KS",
    "zip_code": "66101",
}
ADDRESS_TAKES = {"street": TEXT_IS_RIGHT, "unit": OPTIONAL_TEXT, "city": TEXT_IS_RIGHT}


@pytest.fixture
def drew(lone_clinic: Clinic) -> Visitor:
    """A dispatcher at a browser."""
    return staff_visitor(lone_clinic.site, Role.DISPATCHER)


def form_on(drew: Visitor, path: str, action: str = "") -> FoundForm:
    """Return the form of a page of dispatch's."""
    return forms_of(drew.get(path), action or path)[0]


def test_looking_for_a_patient(drew: Visitor) -> None:
    form = form_on(drew, "/dispatch/patients")
    good = {"phone": "816-555-0142", "name": "Pat"}
    taken = {"phone": NOTHING, "name": OPTIONAL_TEXT}
    assert assert_rubbish_is_refused(drew, form, good, taken) > 15


def test_a_new_patient(drew: Visitor) -> None:
    form = form_on(drew, "/dispatch/patients/new")
    good = ADDRESS | {
        "name": "Rae Sample",
        "birth_date": "1890-02-03",  # refused as well: nobody is registered by this test
        "phone": "816-555-0199",
        "access": "side door",
    }
    taken = ADDRESS_TAKES | {
        "name": TEXT_IS_RIGHT,
        "phone": NOTHING,
        "access": OPTIONAL_TEXT,
        "sms_consent": NOTHING,
    }
    assert assert_rubbish_is_refused(drew, form, good, taken) > 80


def test_a_further_address(drew: Visitor, lone_clinic: Clinic) -> None:
    form = form_on(drew, f"/dispatch/patients/{lone_clinic.pat}/addresses/new")
    good = ADDRESS | {"label": "hotel"}
    taken = ADDRESS_TAKES | {"label": TEXT_IS_RIGHT}
    assert assert_rubbish_is_refused(drew, form, good, taken) > 40


def test_asking_by_phone(drew: Visitor, lone_clinic: Clinic) -> None:
    form = form_on(drew, f"/dispatch/patients/{lone_clinic.pat}/ask")
    good = answers() | {
        "address_id": str(lone_clinic.home),
        "service_code": "checkup",
        "first_day": "2026-10-21",
        "last_day": "2026-10-30",
    }
    taken = {
        "address_id": UNKNOWN,  # looks as if it were not there: 404
        "q_medicines": OPTIONAL_TEXT,
        "q_allergies": OPTIONAL_TEXT,
        "q_reason": TEXT_IS_RIGHT,
        "q_how_bad": NOTHING,
    }
    assert assert_rubbish_is_refused(drew, form, good, taken) > 250


def test_giving_a_visit_to_somebody(drew: Visitor, lone_clinic: Clinic) -> None:
    request_id = asked(lone_clinic)
    path = f"/dispatch/requests/{request_id}"
    form = form_on(drew, path, f"{path}/assign")
    assert assert_rubbish_is_refused(drew, form, {}) == len(EVERYTHING)
    assert visits_of(lone_clinic.site, request_id) == []


def test_taking_a_plan(drew: Visitor, lone_clinic: Clinic) -> None:
    request_id = UUID(lone_clinic.ordered())
    path = f"/dispatch/requests/{request_id}"
    form = form_on(drew, path, f"{path}/plan")
    good: dict[str, str | list[str]] = {"visits": form.fields["visits"].options}
    assert assert_rubbish_is_refused(drew, form, good) == 2 * len(EVERYTHING)
    assert visits_of(lone_clinic.site, request_id) == []


def test_giving_a_visit_of_a_plan_its_time(drew: Visitor, lone_clinic: Clinic) -> None:
    series_id = lone_clinic.series()["id"]
    lone_clinic.site.session.rollback()
    second = queries.visits_of_series(lone_clinic.site.session, UUID(series_id))[1]
    drew.get(f"/dispatch/visits/{second.id}")
    drew.follow(drew.post(f"/dispatch/visits/{second.id}/cancel", reason="patient is away"))
    form = form_on(drew, f"/dispatch/series/{series_id}/visits/2")
    assert assert_rubbish_is_refused(drew, form, {}) == len(EVERYTHING)


def test_moving(drew: Visitor, lone_clinic: Clinic) -> None:
    starts = NOW + timedelta(days=2)
    visit_id = booked(lone_clinic, starts)
    form = form_on(drew, f"/dispatch/visits/{visit_id}/move")
    good = {"choice": choices_of(drew)[0], "reason": "asked"}
    choice = FoundForm(form.action, {"choice": form.fields["choice"]})
    assert assert_rubbish_is_refused(drew, choice, good) == len(EVERYTHING)
    reason = FoundForm(form.action, {"reason": form.fields["reason"]})
    refused = assert_rubbish_is_refused(drew, reason, good, kinds=NEVER_TEXT)
    assert refused == len(NEVER_TEXT)
    assert visit_row(lone_clinic.site, visit_id).starts_at == starts


def test_the_address_of_a_move(drew: Visitor, lone_clinic: Clinic) -> None:
    visit_id = booked(lone_clinic, NOW + timedelta(days=2))
    path = f"/dispatch/visits/{visit_id}/move"
    drew.get(path)
    good = {"choice": choices_of(drew)[0], "reason": "asked"}
    for value in ("no id", "🙂", "x" * 5000, "a\x00b"):
        assert drew.post(path, address_id=value, **good).status_code == 422
    unknown = "00000000-0000-4000-8000-00000000beef"
    assert drew.post(path, address_id=unknown, **good).status_code in {404, 409}


def test_locking_and_canceling(drew: Visitor, lone_clinic: Clinic) -> None:
    visit_id = booked(lone_clinic, NOW + timedelta(days=2))
    path = f"/dispatch/visits/{visit_id}"
    for act in ("lock", "cancel"):
        form = form_on(drew, path, f"{path}/{act}")
        assert assert_rubbish_is_refused(drew, form, {}, kinds=NEVER_TEXT) == len(NEVER_TEXT)
    row = visit_row(lone_clinic.site, visit_id)
    assert row.state is VisitState.BOOKED
    assert row.locked_at is None


def test_what_came_of_a_call(drew: Visitor, lone_clinic: Clinic) -> None:
    opt_out(lone_clinic.site, PAT_PHONE)
    booked(lone_clinic, NOW + timedelta(days=2))
    task = tasks(lone_clinic.site, lone_clinic.pat)[0]
    form = form_on(drew, "/dispatch/calls", f"/dispatch/calls/{task.id}")
    assert assert_rubbish_is_refused(drew, form, {}, kinds=NEVER_TEXT) == len(NEVER_TEXT)
    assert tasks(lone_clinic.site, lone_clinic.pat)[0].done_at is None
