"""The administrator's pages: who may open them, and what is entered and changed there."""

import re
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.domain.driving import DayPart
from scheduler.domain.licensure import Credential
from scheduler.services.offers import offers_for
from scheduler.store.audit import AuditRow
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, SkillRow, TimeOffRow
from scheduler.store.database import transaction
from scheduler.store.drives import DriveRow
from scheduler.store.people import AccountRow, Role, email_index
from scheduler.store.rules import CareServiceRow
from tests.web.site import NOW, Clinic, Site
from tests.web.visitor import PASSWORD, Visitor, patient_visitor, staff_visitor

PAGES = (
    "/admin",
    "/admin/clinicians/new",
    "/admin/clinicians.csv",
    "/admin/import",
    "/admin/import/template.csv",
    "/admin/services",
    "/admin/services/new",
    "/admin/services/checkup",
    "/admin/scope",
    "/admin/scope/new",
    "/admin/scope/state?state=KS",
    "/admin/drives",
    "/admin/users",
    "/admin/users/new",
)
ACTS = (
    "/admin/clinicians/new",
    "/admin/clinicians/{ada}/edit",
    "/admin/clinicians/{ada}/deactivate",
    "/admin/licenses/{licence}/end",
    "/admin/import",
    "/admin/import/all",
    "/admin/services/checkup",
    "/admin/scope/new",
    "/admin/users/new",
)
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
SERVICE = {
    "name": "Hydration",
    "skills": "iv_start",
    "needs_order": "yes",
    "preparation_minutes": "15",
    "care_minutes": "45",
    "pack_down_minutes": "10",
    "arrival_window_minutes": "60",
    "active": "yes",
}


@pytest.fixture
def alex(clinic: Clinic) -> Visitor:
    """Alex, the administrator, signed in."""
    return staff_visitor(clinic.site, Role.ADMINISTRATOR)


def fill(visitor: Visitor, path: str, **fields: object) -> int:
    """Open a form, keep its hidden fields, fill it in and send it; return the status."""
    seen = visitor.get(path).get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', seen))
    hidden.pop("csrf_token", None)
    return visitor.post(path, **(hidden | fields)).status_code


def audited(site: Site, action: str) -> list[str]:
    site.session.rollback()
    rows = site.session.scalars(select(AuditRow).where(AuditRow.action == action))
    return [row.reason for row in rows]


def find(site: Site, name: str) -> ClinicianRow:
    site.session.rollback()
    return site.session.scalars(select(ClinicianRow).where(ClinicianRow.name == name)).one()


def test_strangers_are_sent_to_sign_in(lone_clinic: Clinic) -> None:
    stranger = Visitor(lone_clinic.site.app)
    for path in PAGES:
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"][:14]) == (303, "/staff/sign-in")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_else_opens_or_changes_anything(lone_clinic: Clinic, role: Role) -> None:
    site = lone_clinic.site
    if role is Role.PATIENT:
        visitor = patient_visitor(site, lone_clinic.pat)
    else:
        person = lone_clinic.ada if role in {Role.CLINICIAN, Role.PRESCRIBER} else None
        visitor = staff_visitor(site, role, person)
    for path in PAGES:
        assert visitor.get(path).status_code == 403, path
    ids = {"ada": lone_clinic.ada, "licence": lone_clinic.licence}
    for path in ACTS:
        assert visitor.post(path.format(**ids), **CLINICIAN).status_code == 403, path
    assert find(site, "Ada").active


def test_what_does_not_exist_is_not_found(lone_clinic: Clinic) -> None:
    alex = staff_visitor(lone_clinic.site, Role.ADMINISTRATOR)
    nobody = UUID(int=7)
    for path in (
        f"/admin/clinicians/{nobody}",
        f"/admin/clinicians/{nobody}/edit",
        f"/admin/licenses/{nobody}",
        f"/admin/hours/{nobody}/end",
        f"/admin/time-off/{nobody}/withdraw",
        f"/admin/scope/compacts/{nobody}/off",
        f"/admin/users/{nobody}",
        "/admin/services/nothing",
        "/admin/scope/state?state=ZZ",
        "/admin/clinicians/rubbish",
    ):
        assert alex.get(path).status_code == 404, path


def test_the_list_says_where_everybody_may_work_and_what_runs_out(clinic: Clinic) -> None:
    world = clinic.site.world
    world.compact("KS", "MO", "TN")
    dee = world.clinician("Dee", "66101", "KS")
    world.licence(dee, "KS", multistate=True, valid_through=date(2026, 11, 20))
    eve = world.clinician("Eve", "64108", "MO")
    world.licence(eve, "MO", valid_through=date(2026, 10, 19))
    alex = staff_visitor(clinic.site, Role.ADMINISTRATOR)
    alex.get("/admin")
    text = alex.text()
    assert "Kansas (own license) 2 states by compact Missouri, Tennessee Kansas" in text
    assert "! runs out in 31 days" in text
    assert "! nowhere: no valid license" in text


def test_a_clinician_is_entered_placed_and_written_down(alex: Visitor, clinic: Clinic) -> None:
    assert fill(alex, "/admin/clinicians/new", **CLINICIAN) == 303
    row = find(clinic.site, "Dee Example")
    assert (row.credential, row.home_state, row.timezone) == (
        Credential.RN,
        "KS",
        "America/Chicago",
    )
    assert (row.home_street, row.break_minutes, row.max_visits) == ("12 Fiction Street", 30, 4)
    assert "name: nothing > Dee Example" in audited(clinic.site, "add clinician")[0]


def test_a_form_that_is_sent_twice_enters_one_clinician(alex: Visitor, clinic: Clinic) -> None:
    seen = alex.get("/admin/clinicians/new").get_data(as_text=True)
    new_id = re.search(r'name="new_id" value="([^"]+)"', seen)
    assert new_id is not None
    for _ in range(2):
        answer = alex.post("/admin/clinicians/new", new_id=new_id[1], **CLINICIAN)
        assert answer.status_code == 303
    assert find(clinic.site, "Dee Example").active
    assert len(audited(clinic.site, "add clinician")) == 1


def test_from_nothing_to_an_offer(alex: Visitor, clinic: Clinic) -> None:
    site = clinic.site
    site.world.service("infusion", skills="iv_start")
    fill(alex, "/admin/clinicians/new", **CLINICIAN)
    dee = find(site, "Dee Example").id
    base = f"/admin/clinicians/{dee}"
    licence = {
        "state": "KS",
        "credential": "RN",
        "number": "D-1",
        "valid_from": "2026-01-01",
        "valid_through": "2027-12-31",
    }
    assert fill(alex, f"{base}/licenses/new", **licence) == 303
    assert fill(alex, f"{base}/skills", skills="iv_start", new_skill="Wound care") == 303
    hours = {"opens": "08:00", "closes": "17:00", "from_day": "2026-10-01"}
    assert fill(alex, f"{base}/hours/new", weekdays=["0", "1", "2", "3", "4"], **hours) == 303
    request = site.world.request((clinic.pat, clinic.home), "infusion")
    offers = offers_for(site.world.dispatcher, request).offers
    assert {offer.clinician_id for offer in offers} == {dee}
    alex.get(base)
    assert "Kansas D-1 single state" in alex.text()
    assert "IV start, Wound care" in alex.text()
    assert "Monday 8:00 AM to 5:00 PM from Oct 1, 2026 until further notice" in alex.text()


def test_a_license_number_belongs_to_one_clinician(alex: Visitor, clinic: Clinic) -> None:
    number = clinic.site.session.get_one(LicenceRow, clinic.licence).number
    fields = {
        "state": "KS",
        "credential": "RN",
        "number": number,
        "valid_from": "2026-01-01",
        "valid_through": "2027-12-31",
    }
    assert fill(alex, f"/admin/clinicians/{clinic.bea}/licenses/new", **fields) == 422
    assert "Is the Kansas license of Ada" in alex.text()
    assert alex.page is not None
    assert f'value="{number}"' in alex.page.get_data(as_text=True)


def test_a_license_is_renewed_with_the_same_number(alex: Visitor, clinic: Clinic) -> None:
    site = clinic.site
    number = site.session.get_one(LicenceRow, clinic.licence).number
    fields = {
        "state": "KS",
        "credential": "RN",
        "number": number,
        "valid_from": "2026-01-01",
        "valid_through": "2035-06-30",
    }
    assert fill(alex, f"/admin/licenses/{clinic.licence}", **fields) == 303
    site.session.rollback()
    assert site.session.get_one(LicenceRow, clinic.licence).valid_through == date(2035, 6, 30)
    assert audited(site, "correct license") == ["valid_through: 2030-12-31 > 2035-06-30"]


def test_a_skill_that_is_taken_away_keeps_its_row(alex: Visitor, clinic: Clinic) -> None:
    base = f"/admin/clinicians/{clinic.ada}/skills"
    assert fill(alex, base, new_skill="IV start") == 303
    assert fill(alex, base) == 303
    clinic.site.session.rollback()
    row = clinic.site.session.scalars(select(SkillRow)).one()
    assert row.ended_at is not None
    assert fill(alex, base, new_skill="iv-start") == 303
    assert audited(clinic.site, "set skills") == [
        "skills: nothing > iv_start",
        "skills: iv_start > nothing",
        "skills: nothing > iv_start",
    ]


def test_hours_end_and_those_to_come_are_withdrawn(alex: Visitor, clinic: Clinic) -> None:
    site = clinic.site
    hours = {"opens": "09:00", "closes": "12:00", "from_day": "2026-12-01"}
    path = f"/admin/clinicians/{clinic.ada}/hours/new"
    assert fill(alex, path, weekdays=["1"], **hours) == 303
    assert fill(alex, path, weekdays=["1"], **(hours | {"closes": "13:00"})) == 422
    assert "other hours from that day already" in alex.text()
    mine = select(ShiftRow).where(ShiftRow.clinician_id == clinic.ada, ShiftRow.weekday == 1)
    site.session.rollback()
    old, new = site.session.scalars(mine.order_by(ShiftRow.from_day))
    assert fill(alex, f"/admin/hours/{new.id}/end", through="2026-11-30") == 303
    assert fill(alex, f"/admin/hours/{old.id}/end", through="2027-03-31") == 303
    assert fill(alex, f"/admin/hours/{old.id}/end", through="2026-10-01") == 422
    site.session.rollback()
    old, new = site.session.scalars(mine.order_by(ShiftRow.from_day))
    assert new.withdrawn_at is not None
    assert (old.withdrawn_at, old.through_day) == (None, date(2027, 3, 31))
    assert fill(alex, path, weekdays=["1"], **(hours | {"closes": "13:00"})) == 303


def test_days_off_are_entered_once_and_withdrawn(alex: Visitor, clinic: Clinic) -> None:
    site, base = clinic.site, f"/admin/clinicians/{clinic.ada}"
    days = {"first_day": "2026-12-24", "last_day": "2026-12-26", "reason": "vacation"}
    for _ in range(2):
        assert fill(alex, f"{base}/time-off/new", **days) == 303
    site.session.rollback()
    row = site.session.scalars(select(TimeOffRow)).one()
    alex.get(base)
    assert "Dec 24, 2026 through Dec 26, 2026: vacation" in alex.text()
    for _ in range(2):
        assert fill(alex, f"/admin/time-off/{row.id}/withdraw") == 303
    assert len(audited(site, "withdraw time off")) == 1


def test_off_the_plan_and_back(alex: Visitor, clinic: Clinic) -> None:
    base = f"/admin/clinicians/{clinic.ada}"
    assert fill(alex, f"{base}/deactivate", reason="") == 422
    for _ in range(2):
        assert fill(alex, f"{base}/deactivate", reason="moved away") == 303
    assert not find(clinic.site, "Ada").active
    assert fill(alex, f"{base}/reactivate", reason="is back") == 303
    assert find(clinic.site, "Ada").active
    assert audited(clinic.site, "deactivate clinician") == ["moved away"]


def test_a_service_changes_for_what_comes(alex: Visitor, clinic: Clinic) -> None:
    site = clinic.site
    visit = clinic.booked()
    fields = SERVICE | {"name": "Checkup", "care_minutes": "90"}
    fields.pop("needs_order")
    assert fill(alex, "/admin/services/checkup", **fields) == 303
    assert clinic.as_pat.get(f"/visits/{visit}").get_json()["state"] == "BOOKED"
    off = {name: value for name, value in fields.items() if name != "active"}
    assert fill(alex, "/admin/services/checkup", **off) == 303
    site.session.rollback()
    row = site.session.scalars(select(CareServiceRow).where(CareServiceRow.code == "checkup")).one()
    assert (row.care_minutes, row.skills, row.active) == (90, "iv_start", False)
    assert clinic.as_pat.post("/requests", clinic.wish()).status_code == 404
    assert clinic.as_pat.get(f"/visits/{visit}/offers").status_code == 200


def test_what_requests_hang_on_does_not_change_under_them(alex: Visitor, clinic: Clinic) -> None:
    clinic.request()
    fields = SERVICE | {"name": "Checkup", "dosed": "yes"}
    assert fill(alex, "/admin/services/checkup", **fields) == 422
    assert "Cannot change: 1 open requests and 0 visits depend on it" in alex.text()


def test_a_service_is_added_with_a_code_of_its_own(alex: Visitor, clinic: Clinic) -> None:
    new = SERVICE | {"code": "hydration", "way_of_giving": "iv_infusion"}
    for _ in range(2):
        assert fill(alex, "/admin/services/new", **new) == 303
    assert fill(alex, "/admin/services/new", **(new | {"name": "Other"})) == 422
    assert len(audited(clinic.site, "add service")) == 1


def test_an_account_is_opened_used_and_closed(alex: Visitor, clinic: Clinic) -> None:
    site, email = clinic.site, "bea@oakhome.example"
    account = {
        "role": "clinician",
        "display_name": "Bea Example",
        "email": email,
        "password": PASSWORD,
        "person_id": str(clinic.bea),
    }
    assert fill(alex, "/admin/users/new", **account) == 303
    assert fill(alex, "/admin/users/new", **account) == 422
    bea = Visitor(site.app)
    bea.get("/staff/sign-in")
    assert bea.post("/staff/sign-in", email=email, password=PASSWORD).status_code == 302
    site.session.rollback()
    found = select(AccountRow).where(AccountRow.email_index == email_index(email))
    path = f"/admin/users/{site.session.scalars(found).one().id}"
    assert fill(alex, f"{path}/sign-out") == 303
    assert bea.get("/staff").headers["Location"].startswith("/staff/sign-in")
    new, own = {"password": "another made-up one"}, {"own_password": PASSWORD}
    assert fill(alex, f"{path}/password", password="short", **own) == 422
    assert fill(alex, f"{path}/password", **new, own_password="not mine") == 422
    assert "Is not right, or was tried too often" in alex.text()
    assert fill(alex, f"{path}/second-factor", reason="lost", own_password="not mine") == 422
    assert audited(site, "set password") == audited(site, "reset second factor") == []
    assert fill(alex, f"{path}/password", **new, **own) == 303
    assert fill(alex, f"{path}/second-factor", reason="lost the phone", **own) == 303
    assert fill(alex, f"{path}/close", reason="left") == 303
    bea.get("/staff/sign-in")
    answer = bea.post("/staff/sign-in", email=email, password="another made-up one")
    assert answer.status_code == 200
    assert audited(site, "end account") == ["left"]


@pytest.mark.parametrize(
    ("role", "person", "field"),
    [
        ("clinician", False, "person_id"),
        ("dispatcher", True, "person_id"),
        ("patient", False, "role"),
    ],
)
def test_an_account_fits_its_role(
    alex: Visitor, clinic: Clinic, role: str, person: bool, field: str
) -> None:
    account = {"role": role, "display_name": "Dee", "email": "d@x.example", "password": PASSWORD}
    if person:
        account["person_id"] = str(clinic.ada)
    assert fill(alex, "/admin/users/new", **account) == 422
    assert alex.page is not None
    assert f'id="{field}-problem"' in alex.page.get_data(as_text=True)
    assert PASSWORD not in alex.page.get_data(as_text=True)


def test_nobody_closes_their_own_account(alex: Visitor, clinic: Clinic) -> None:
    clinic.site.session.rollback()
    own = select(AccountRow).where(
        AccountRow.role == Role.ADMINISTRATOR, AccountRow.email_index.is_not(None)
    )
    path = f"/admin/users/{clinic.site.session.scalars(own).one().id}/close"
    assert fill(alex, path, reason="tired") == 422
    assert alex.get("/admin").status_code == 200


def test_drives_show_how_far_the_estimate_is_off_or_that_none_was_measured(clinic: Clinic) -> None:
    visitor = staff_visitor(clinic.site, Role.ADMINISTRATOR)
    visitor.get("/admin/drives")
    assert "No drive has been measured yet." in visitor.text()
    with transaction(clinic.site.session) as session:
        for area, count in (("KS 661", 5), ("KS 660", 1)):
            for late in range(count):
                session.add(
                    DriveRow(
                        on_day=NOW.date(),
                        area=area,
                        part=DayPart.MORNING_PEAK,
                        source="roads",
                        estimated_minutes=10,
                        actual_minutes=10 + late,
                    )
                )
    visitor.get("/admin/drives")
    words = visitor.text()
    # late by 0 to 4 minutes: 2 in the mean, the middle eight of ten from 0.4 to 3.6
    assert "KS 661 weekdays, 6 to 9 AM roads 5 +2.0 min +0 and +4 min 20 %" in words
    assert "One more area and part of the week has fewer than 5 drives." in words
    assert "KS 660 at any hour roads 1 too few to say anything (5 are needed)" in words
