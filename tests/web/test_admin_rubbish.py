"""Rubbish in every field of the administrator's forms: named, entries kept, nothing changed."""

import pytest
from sqlalchemy import select

from scheduler.store.clinicians import ShiftRow
from scheduler.store.people import AccountRow, Role
from scheduler.store.rules import CompactMemberRow
from tests.web.rubbish import (
    EVERYTHING,
    REPEATED,
    TEXT_IS_RIGHT,
    assert_rubbish_is_refused,
    forms_of,
)
from tests.web.site import Clinic
from tests.web.visitor import PASSWORD, Visitor, staff_visitor

Taken = dict[str, frozenset[str]]
UNTICKED = frozenset({"nothing"})
OPTIONAL_TEXT = TEXT_IS_RIGHT | {"nothing"}
SKILL_WORDS = frozenset({"nothing", "not a number", "an unknown choice"})
NUMBERS = frozenset({"not a number", "a float", "a day that is none", "a far day", "an unknown id"})
CLINICIAN = {
    "name": "Dee Example",
    "credential": "RN",
    "street": "12 Fiction Street",
    "city": "Kansas City",
    "state": "KS",
    "zip_code": "66101",
    "max_visits": "4",
    "max_travel_minutes": "180",
    "break_minutes": "30",
    "break_opens": "11:00",
    "break_closes": "14:30",
}
CLINICIAN_TAKES: Taken = {
    "new_id": frozenset({"nothing", "an unknown id"}),
    "name": TEXT_IS_RIGHT,
    "street": OPTIONAL_TEXT,
    "city": TEXT_IS_RIGHT,
}
LICENCE = {
    "state": "KS",
    "credential": "RN",
    "number": "D-1",
    "valid_from": "2026-01-01",
    "valid_through": "2027-12-31",
}
LICENCE_TAKES: Taken = {"number": NUMBERS, "multistate": UNTICKED}
SERVICE = {
    "name": "Hydration",
    "preparation_minutes": "15",
    "care_minutes": "45",
    "pack_down_minutes": "10",
    "arrival_window_minutes": "60",
    "active": "yes",
}
SERVICE_TAKES: Taken = {
    "name": TEXT_IS_RIGHT,
    "skills": SKILL_WORDS | {REPEATED},
    "new_skill": SKILL_WORDS,
    "needs_order": UNTICKED,
    "dosed": UNTICKED,
    "active": UNTICKED,
}
HOURS = {
    "weekdays": "1",
    "opens": "09:00",
    "closes": "12:00",
    "from_day": "2026-12-01",
    "through_day": "2027-12-31",
}
RULE = {
    "state": "CO",
    "credential": "RN",
    "way_of_giving": "iv_infusion",
    "permission": "alone",
    "citation": "Fictitious act, section 1",
    "verified_by": "Max Example",
    "verified_on": "2026-10-20",
    "expires_on": "2027-10-20",
}
ACCOUNT = {
    "role": "clinician",
    "display_name": "Bea Example",
    "email": "bea@oakhome.example",
    "password": PASSWORD,
}
PASSWORDS = EVERYTHING - {"nothing", "ten thousand letters", REPEATED}
FORMS: dict[str, tuple[dict[str, str], Taken]] = {
    "/admin/clinicians/new": (CLINICIAN, CLINICIAN_TAKES),
    "/admin/clinicians/{ada}/edit": (CLINICIAN, CLINICIAN_TAKES),
    "/admin/clinicians/{ada}/skills": (
        {"new_skill": "iv start"},
        {"skills": SKILL_WORDS | {REPEATED}, "new_skill": SKILL_WORDS},
    ),
    "/admin/clinicians/{ada}/deactivate": ({"reason": "away"}, {"reason": TEXT_IS_RIGHT}),
    "/admin/clinicians/{ada}/licenses/new": (LICENCE, LICENCE_TAKES),
    "/admin/licenses/{licence}": (LICENCE, LICENCE_TAKES),
    "/admin/licenses/{licence}/end": (
        {"through": "2027-01-01", "reason": "surrendered"},
        {"reason": TEXT_IS_RIGHT},
    ),
    "/admin/clinicians/{ada}/hours/new": (HOURS, {"through_day": UNTICKED}),
    "/admin/hours/{shift}/end": ({"through": "2027-01-01"}, {}),
    "/admin/clinicians/{ada}/time-off/new": (
        {"first_day": "2026-12-24", "last_day": "2026-12-26", "reason": "vacation"},
        {"reason": OPTIONAL_TEXT},
    ),
    "/admin/services/new": (
        SERVICE | {"code": "hydration", "way_of_giving": "iv_infusion"},
        SERVICE_TAKES | {"code": frozenset({"an unknown choice"})},
    ),
    "/admin/services/checkup": (SERVICE, SERVICE_TAKES),
    "/admin/scope/new": (
        RULE,
        {"citation": TEXT_IS_RIGHT, "verified_by": TEXT_IS_RIGHT, "expires_on": UNTICKED},
    ),
    "/admin/scope/compacts/{member}/off": ({"reason": "left"}, {"reason": TEXT_IS_RIGHT}),
    "/admin/users/new": (
        ACCOUNT,
        {"display_name": TEXT_IS_RIGHT, "password": PASSWORDS},
    ),
    "/admin/users/{account}/password": (
        {"password": PASSWORD, "own_password": PASSWORD},
        {"password": PASSWORDS},
    ),
    "/admin/users/{account}/second-factor": (
        {"reason": "lost", "own_password": PASSWORD},
        {"reason": TEXT_IS_RIGHT},
    ),
    "/admin/users/{account}/close": ({"reason": "left"}, {"reason": TEXT_IS_RIGHT}),
}
"""Every form with a field: what is right in it, and which rubbish is right as well."""


@pytest.fixture
def ids(lone_clinic: Clinic) -> dict[str, object]:
    """The things that the forms are about."""
    world, session = lone_clinic.site.world, lone_clinic.site.session
    world.compact("KS")
    staff_visitor(lone_clinic.site, Role.DISPATCHER)
    session.rollback()
    ada_s = select(ShiftRow.id).where(ShiftRow.clinician_id == lone_clinic.ada)
    dispatcher = select(AccountRow.id).where(
        AccountRow.role == Role.DISPATCHER, AccountRow.email_index.is_not(None)
    )
    return {
        "ada": lone_clinic.ada,
        "bea": lone_clinic.bea,
        "licence": lone_clinic.licence,
        "shift": session.scalars(ada_s).first(),
        "member": session.scalars(select(CompactMemberRow.id)).one(),
        "account": session.scalars(dispatcher).one(),
    }


@pytest.fixture
def alex(lone_clinic: Clinic, ids: dict[str, object]) -> Visitor:
    """Alex, the administrator, signed in."""
    assert ids
    return staff_visitor(lone_clinic.site, Role.ADMINISTRATOR)


@pytest.mark.parametrize("path", FORMS)
def test_rubbish_is_named_and_entries_are_kept(
    alex: Visitor, ids: dict[str, object], path: str
) -> None:
    good, taken = FORMS[path]
    if path.endswith("users/new"):
        good = good | {"person_id": str(ids["bea"])}
    where = path.format(**ids)
    form = forms_of(alex.get(where), where)[0]
    assert assert_rubbish_is_refused(alex, form, good, taken) > 0


@pytest.mark.parametrize("path", FORMS)
def test_an_empty_form_names_every_field_that_is_needed(
    alex: Visitor, ids: dict[str, object], path: str
) -> None:
    where = path.format(**ids)
    form = forms_of(alex.get(where), where)[0]
    needed = [each.name for each in form.fields.values() if each.required]
    answer = alex.post(where)
    page = answer.get_data(as_text=True)
    if not needed:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert [name for name in needed if f'href="#{name}"' not in page] == []


@pytest.mark.parametrize("field", ["file", "content", "digest"])
def test_rubbish_instead_of_a_file_is_refused(alex: Visitor, field: str) -> None:
    for value in ("", "x" * 10_000, "a\x00b", "🙂", "<script>", "=1+1", '"'):
        alex.get("/admin/import")
        for path in ("/admin/import", "/admin/import/all"):
            assert alex.post(path, **{field: value}).status_code in {409, 422}


def test_days_off_that_run_backwards_are_named(alex: Visitor, ids: dict[str, object]) -> None:
    path = f"/admin/clinicians/{ids['ada']}/time-off/new"
    answer = alex.post(path, first_day="2026-12-26", last_day="2026-12-24")
    assert answer.status_code == 422
    assert 'id="last_day-problem"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"break_closes": ""}, "break_closes"),
        ({"break_opens": "15:00"}, "break_closes"),
        ({"zip_code": "10025"}, "state"),
        ({"zip_code": "00000"}, "zip_code"),
    ],
)
def test_facts_that_do_not_go_together_are_named(
    alex: Visitor, change: dict[str, str], field: str
) -> None:
    answer = alex.post("/admin/clinicians/new", **(CLINICIAN | change))
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.get_data(as_text=True)
    assert 'value="Dee Example"' in answer.get_data(as_text=True)
