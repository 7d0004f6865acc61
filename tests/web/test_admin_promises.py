"""What an administrator may not break: visits that were promised, and what only the law may end."""

import re
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.domain.care import WayOfGiving
from scheduler.domain.licensure import Credential
from scheduler.domain.messages import Template
from scheduler.domain.visits import VisitState
from scheduler.services.booking import confirm, reserve
from scheduler.services.placing import Choice
from scheduler.store.audit import AuditRow
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, TimeOffRow
from scheduler.store.messages import CallTaskRow, MessageRow
from scheduler.store.people import Role
from scheduler.store.rules import CompactMemberRow, ScopeRuleRow
from scheduler.store.visits import VisitRow
from tests.web.site import Clinic
from tests.web.visitor import Visitor, staff_visitor

WEDNESDAY = date(2026, 10, 21)
ADA = {
    "name": "Ada",
    "credential": "RN",
    "city": "Kansas City",
    "state": "KS",
    "zip_code": "66101",
    "max_visits": "6",
    "max_travel_minutes": "240",
}


@pytest.fixture
def alex(clinic: Clinic) -> Visitor:
    """Alex, the administrator, signed in."""
    return staff_visitor(clinic.site, Role.ADMINISTRATOR)


def book(clinic: Clinic, clinician: UUID, hour: int = 15) -> UUID:
    """Book a checkup of Pat's on Wednesday; 15 o'clock UTC is ten in Kansas City."""
    world = clinic.site.world
    request = world.request((clinic.pat, clinic.home), "checkup")
    starts_at = datetime.combine(WEDNESDAY, time(hour), UTC)
    visit = reserve(world.dispatcher, request, Choice(clinician, starts_at))
    confirm(world.dispatcher, visit)
    return visit


def state_of(clinic: Clinic, visit: UUID) -> VisitState:
    clinic.site.session.rollback()
    return clinic.site.session.get_one(VisitRow, visit).state


def acts(clinic: Clinic) -> list[str]:
    clinic.site.session.rollback()
    return list(clinic.site.session.scalars(select(AuditRow.action)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"credential": "PARAMEDIC"}, "A paramedic may not give this care in Kansas"),
        ({"city": "Denver", "state": "CO", "zip_code": "80202"}, "cannot be reached"),
        (
            {"break_minutes": "240", "break_opens": "09:00", "break_closes": "10:00"},
            "no room for the break",
        ),
    ],
    ids=["credential", "home", "break"],
)
def test_a_change_that_a_promise_could_not_bear_is_refused(
    alex: Visitor, clinic: Clinic, change: dict[str, str], why: str
) -> None:
    visit = book(clinic, clinic.ada)
    answer = alex.post(f"/admin/clinicians/{clinic.ada}/edit", **(ADA | change))
    assert answer.status_code == 409
    assert "1 visit already promised would no longer hold" in alex.text()
    assert "Wed, Oct 21, 10:00 AM to 11:00 AM CDT" in alex.text()
    assert why in alex.text()
    assert "Patient P. E.; dispatch can move it." in alex.text()
    assert str(visit) not in alex.text()
    assert "Pat Example" not in alex.text()
    clinic.site.session.rollback()
    ada = clinic.site.session.get_one(ClinicianRow, clinic.ada)
    assert (ada.credential, ada.home_state, ada.break_minutes) == (Credential.RN, "KS", None)
    assert "edit clinician" not in acts(clinic)


def test_limits_of_a_day_count_for_new_visits_alone(alex: Visitor, clinic: Clinic) -> None:
    visit = book(clinic, clinic.ada)
    fields = ADA | {"max_visits": "0", "max_travel_minutes": "0", "name": "Ada Example"}
    assert alex.post(f"/admin/clinicians/{clinic.ada}/edit", **fields).status_code == 303
    assert state_of(clinic, visit) is VisitState.BOOKED


def test_nobody_leaves_while_visits_stand(alex: Visitor, clinic: Clinic) -> None:
    book(clinic, clinic.ada)
    path = f"/admin/clinicians/{clinic.ada}/deactivate"
    alex.get(path)
    assert "Visits that stand with them: 1." in alex.text()
    assert alex.post(path, reason="moved away").status_code == 409
    assert "1 visit already promised" in alex.text()
    clinic.site.session.rollback()
    assert clinic.site.session.get_one(ClinicianRow, clinic.ada).active


def test_a_skill_that_a_visit_needs_stays(alex: Visitor, clinic: Clinic) -> None:
    world = clinic.site.world
    world.skill(clinic.ada, "iv_start")
    world.service("infusion", skills="iv_start")
    request = world.request((clinic.pat, clinic.home), "infusion")
    choice = Choice(clinic.ada, datetime.combine(WEDNESDAY, time(15), UTC))
    confirm(world.dispatcher, reserve(world.dispatcher, request, choice))
    path = f"/admin/clinicians/{clinic.ada}/skills"
    assert alex.post(path, skills="monitoring").status_code == 409
    assert "needs the skill: iv start" in alex.text()
    assert alex.post(path, skills=["iv_start", "monitoring"]).status_code == 303


def test_hours_in_which_a_visit_stands_stay(alex: Visitor, clinic: Clinic) -> None:
    visit = book(clinic, clinic.ada)
    clinic.site.session.rollback()
    wednesdays = select(ShiftRow).where(ShiftRow.clinician_id == clinic.ada, ShiftRow.weekday == 2)
    shift = clinic.site.session.scalars(wednesdays).one().id
    assert alex.post(f"/admin/hours/{shift}/end", through="2026-10-20").status_code == 409
    assert "no hours on that day" in alex.text()
    shorter = {"weekdays": ["2"], "opens": "12:00", "closes": "18:00", "from_day": "2026-10-21"}
    path = f"/admin/clinicians/{clinic.ada}/hours/new"
    assert alex.post(path, **shorter).status_code == 409
    longer = shorter | {"opens": "07:00"}
    assert alex.post(path, **longer).status_code == 303
    assert alex.post(f"/admin/hours/{shift}/end", through="2026-10-20").status_code == 303
    assert state_of(clinic, visit) is VisitState.BOOKED


def test_days_off_name_the_visits_in_the_way(alex: Visitor, clinic: Clinic) -> None:
    visit = book(clinic, clinic.ada)
    path = f"/admin/clinicians/{clinic.ada}/time-off/new"
    answer = alex.post(path, first_day="2026-10-20", last_day="2026-10-22", reason="vacation")
    assert answer.status_code == 409
    assert "1 visit stands on these days" in alex.text()
    assert "Wed, Oct 21, 10:00 AM to 11:00 AM CDT" in alex.text()
    assert "Patient P. E.; dispatch can move it." in alex.text()
    assert str(visit) not in alex.text()
    assert 'value="2026-10-20"' in answer.get_data(as_text=True)
    clinic.site.session.rollback()
    assert clinic.site.session.scalars(select(TimeOffRow)).all() == []


def agreed(alex: Visitor) -> str:
    assert alex.page is not None
    found = re.search(r'name="agreed" value="(\d+)"', alex.page.get_data(as_text=True))
    assert found is not None
    return found[1]


def test_a_license_ends_after_the_number_of_visits_was_agreed_to(
    alex: Visitor, clinic: Clinic
) -> None:
    visit, spared = book(clinic, clinic.ada), book(clinic, clinic.bea, 19)
    path = f"/admin/licenses/{clinic.licence}/end"
    alex.get(path)
    assert "Visits that stand with Ada: 1." in alex.text()
    fields = {"through": "2026-10-20", "reason": "surrendered"}
    assert alex.post(path, **fields).status_code == 200
    assert "This cancels 1 visit Nothing was changed yet." in alex.text()
    assert state_of(clinic, visit) is VisitState.BOOKED
    assert alex.post(path, **fields, agreed="0").status_code == 409
    assert state_of(clinic, visit) is VisitState.BOOKED
    for _ in range(2):
        assert alex.post(path, **fields, agreed="1").status_code == 303
    assert state_of(clinic, visit) is VisitState.CANCELLED
    assert state_of(clinic, spared) is VisitState.BOOKED
    session = clinic.site.session
    said = session.scalars(select(MessageRow.template).where(MessageRow.visit_id == visit))
    assert Template.CANCELLED in set(said)
    assert session.scalars(select(CallTaskRow).where(CallTaskRow.visit_id == visit)).all()
    assert acts(clinic).count("end license") == 1


def test_a_correction_that_takes_a_needed_license_away_is_refused(
    alex: Visitor, clinic: Clinic
) -> None:
    book(clinic, clinic.ada)
    clinic.site.session.rollback()
    number = clinic.site.session.get_one(LicenceRow, clinic.licence).number
    fields = {"state": "KS", "credential": "RN", "number": number, "valid_from": "2026-01-01"}
    path = f"/admin/licenses/{clinic.licence}"
    assert alex.post(path, **fields, valid_through="2026-10-20").status_code == 409
    assert "Kansas license expired" in alex.text()
    assert alex.post(path, **fields, valid_through="2027-10-20").status_code == 303


RULE = {
    "state": "KS",
    "credential": "RN",
    "way_of_giving": "iv_infusion",
    "permission": "second_person",
    "citation": "Fictitious act, section 1",
    "verified_by": "Max Example",
    "verified_on": "2026-10-20",
}


def test_a_stricter_rule_ends_what_it_forbids_after_agreement(
    alex: Visitor, clinic: Clinic
) -> None:
    visit = book(clinic, clinic.ada)
    assert alex.post("/admin/scope/new", **RULE).status_code == 200
    assert agreed(alex) == "1"
    assert state_of(clinic, visit) is VisitState.BOOKED
    for _ in range(2):
        assert alex.post("/admin/scope/new", **RULE, agreed="1").status_code == 303
    assert state_of(clinic, visit) is VisitState.CANCELLED
    clinic.site.session.rollback()
    rules = clinic.site.session.scalars(select(ScopeRuleRow)).all()
    assert len(rules) == 2
    alex.get("/admin/scope/state?state=KS")
    assert "only with a second person" in alex.text()
    assert "replaced" in alex.text()


def test_a_rule_of_the_same_day_takes_the_place_of_the_one_before(
    alex: Visitor, clinic: Clinic
) -> None:
    for permission, words in (
        ("alone", "may give it alone"),
        ("not_allowed", "may not give it"),
        ("alone", "may give it alone"),
    ):
        rule = RULE | {"permission": permission, "state": "CO"}
        assert alex.post("/admin/scope/new", **rule, agreed="0").status_code == 303
        alex.get("/admin/scope/state?state=CO")
        assert f"RN ✓ {words}" in alex.text() or f"RN ■ {words}" in alex.text()
    clinic.site.session.rollback()
    here = select(ScopeRuleRow.revision).where(ScopeRuleRow.state == "CO")
    assert sorted(clinic.site.session.scalars(here)) == [1, 2, 3]
    assert "Colorado, RN, iv_infusion: not verified > alone" in (
        clinic.site.session.scalars(
            select(AuditRow).where(AuditRow.action == "verify scope rule").order_by(AuditRow.at)
        )
        .first()
        .reason  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verified_on": "2026-10-22"}, "verified_on"),
        ({"verified_on": "2025-12-31"}, "verified_on"),
        ({"expires_on": "2026-10-19"}, "expires_on"),
        ({"permission": "not_allowed", "expires_on": "2027-10-19"}, "expires_on"),
        ({"permission": ""}, "permission"),
        ({"citation": ""}, "citation"),
    ],
)
def test_a_rule_that_cannot_be_is_named(
    alex: Visitor, clinic: Clinic, change: dict[str, str], field: str
) -> None:
    answer = alex.post("/admin/scope/new", **(RULE | change))
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.get_data(as_text=True)
    assert "Fictitious act" in answer.get_data(as_text=True) or "citation" in change
    assert "verify scope rule" not in acts(clinic)


def test_a_compact_switched_off_ends_the_privileges_in_it(alex: Visitor, clinic: Clinic) -> None:
    world = clinic.site.world
    world.compact("KS", "MO")
    dee = world.clinician("Dee", "64108", "MO")
    world.licence(dee, "MO", multistate=True)
    visit, own = book(clinic, dee), book(clinic, clinic.ada, 19)
    clinic.site.session.rollback()
    members = select(CompactMemberRow.id).where(CompactMemberRow.state == "KS")
    member = clinic.site.session.scalars(members).one()
    path = f"/admin/scope/compacts/{member}/off"
    assert alex.post(path, reason="left the compact").status_code == 200
    assert agreed(alex) == "1"
    for _ in range(2):
        assert alex.post(path, reason="left the compact", agreed="1").status_code == 303
    assert state_of(clinic, visit) is VisitState.CANCELLED
    assert state_of(clinic, own) is VisitState.BOOKED
    assert alex.post(path.replace("off", "on"), reason="is back").status_code == 303
    assert acts(clinic).count("switch compact") == 2


def test_the_matrix_says_what_was_verified_and_what_not(alex: Visitor, clinic: Clinic) -> None:
    alex.get("/admin/scope")
    assert "Kansas ✓ RN ○ not verified" in alex.text()
    assert "Missouri ○ not verified ○ not verified" in alex.text()
    forbidden = RULE | {"permission": "not_allowed", "state": "NE"}
    assert alex.post("/admin/scope/new", **forbidden, agreed="0").status_code == 303
    alex.get("/admin/scope")
    assert "Nebraska ○ nobody ○ not verified" in alex.text()
    with_end = RULE | {"permission": "alone", "state": "MO", "expires_on": "2026-10-21"}
    assert alex.post("/admin/scope/new", **with_end, agreed="0").status_code == 303
    clinic.site.world.clock.instant += timedelta(days=3)
    late = staff_visitor(clinic.site, Role.ADMINISTRATOR)
    late.get("/admin/scope/state?state=MO")
    assert "RN ! verification ran out" in late.text()
    assert WayOfGiving.IV_INFUSION.value not in late.text()
