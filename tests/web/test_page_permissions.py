"""Every page x every role x somebody else's record, against the table written by hand (I8)."""

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scheduler.services.staffing import add_time_off
from scheduler.store.clinicians import ShiftRow
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import AccountRow, Role
from scheduler.store.rules import CompactMemberRow
from scheduler.web.guard import PUBLIC_BLUEPRINTS
from tests.web.page_table import ANYBODY, PAGES, allowed
from tests.web.site import DOSED, NOW, Clinic, Site, ok
from tests.web.visitor import Visitor, patient_visitor, read_code, staff_visitor

SIGN_IN = re.compile(r"/(staff/)?sign-in")


@dataclass(frozen=True)
class Town:
    """Quinn's request and first visit; Pat, and Ada or Bea, are the others of their kind."""

    clinic: Clinic
    ids: dict[str, str]

    def visitor(self, role: str, *, other: bool = False) -> Visitor:
        """Return somebody of a role: whose records these are, or another one."""
        clinic = self.clinic
        if role == "patient":
            return patient_visitor(clinic.site, clinic.pat if other else clinic.quinn)
        if role == "clinician":
            theirs = UUID(self.ids["clinician_id"])
            stranger = clinic.bea if theirs == clinic.ada else clinic.ada
            return staff_visitor(clinic.site, Role.CLINICIAN, stranger if other else theirs)
        if role == "prescriber":
            desk = clinic.site.world.prescriber("66101", "KS")
            return staff_visitor(clinic.site, Role.PRESCRIBER, desk.actor.person_id)
        return staff_visitor(clinic.site, Role(role))

    def open(self, visitor: Visitor, page: str) -> tuple[int, str]:
        """Open a page; return the status and where it leads."""
        method, _, path = page.partition(" ")
        for name, value in self.ids.items():
            path = path.replace(f"<{name}>", str(value))
        path = path.replace("<number>", "1")
        assert "<" not in path, path
        path += "?state=KS" if path.endswith("/scope/state") else ""
        answer = visitor.get(path) if method == "GET" else visitor.post(path)
        return answer.status_code, answer.headers.get("Location", "")


@pytest.fixture
def town(lone_clinic: Clinic) -> Town:
    clinic, world = lone_clinic, lone_clinic.site.world
    series = clinic.series()
    visit_id = str(series["administrations"][0]["visit_id"])
    visit = ok(clinic.as_quinn.get(f"/visits/{visit_id}"))
    world.compact("KS")
    time_off = add_time_off(world.dispatcher, clinic.bea, (date(2027, 3, 1),) * 2, "rest")
    account = world.account(Role.DISPATCHER)
    task = CallTaskRow(
        dedupe_key="x", patient_id=clinic.quinn, what="Call.", due_at=NOW, created_at=NOW
    )
    with transaction(clinic.site.session) as session:
        session.add(task)
        session.get_one(AccountRow, account).set_email("other@oakhome.example")
        shift = session.scalars(select(ShiftRow.id)).first()
        member = session.scalars(select(CompactMemberRow.id)).first()
        task_id = task.id
    found = {
        "patient_id": clinic.quinn,
        "request_id": visit["request_id"],
        "visit_id": visit_id,
        "series_id": series["id"],
        "clinician_id": visit["clinician_id"],
        "licence_id": clinic.licence,
        "protocol_id": clinic.protocol,
        "account_id": account,
        "task_id": task_id,
        "shift_id": shift,
        "time_off_id": time_off,
        "member_id": member,
        "code": DOSED,
    }
    return Town(clinic, {name: str(value) for name, value in found.items()})


CLOSED = [page for page in PAGES if PAGES[page] != ANYBODY]


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_role_opens_what_the_table_says(town: Town, role: str) -> None:
    visitor = town.visitor(role)
    wrong = {}
    # What is refused is tried first: an allowed act may end what the others ask for.
    for page in sorted(CLOSED, key=lambda page: role in allowed(page)):
        status, leads_to = town.open(visitor, page)
        if role not in allowed(page):
            fine = status in {403, 404} if role in PAGES[page] else status == 403
        elif allowed(page)[role] and role == "prescriber":
            fine = status == 404  # no visit of this prescriber's own is in the town
        else:
            fine = status < 500 and status not in {403, 404} and not SIGN_IN.match(leads_to)
        if not fine:
            wrong[page] = (status, leads_to)
    assert wrong == {}


def test_strangers_are_led_to_the_door_and_change_nothing(town: Town) -> None:
    wrong = {}
    for page in CLOSED:
        status, leads_to = town.open(Visitor(town.clinic.site.app), page)
        if status != 303 or not SIGN_IN.match(leads_to):
            wrong[page] = (status, leads_to)
    assert wrong == {}


@pytest.mark.parametrize("role", ["patient", "clinician"])
def test_what_is_somebody_elses_looks_as_if_it_were_not_there(town: Town, role: str) -> None:
    other = town.visitor(role, other=True)
    nothing = Town(town.clinic, dict.fromkeys(town.ids, str(uuid4())))
    theirs = [page for page in CLOSED if allowed(page).get(role)]
    assert len(theirs) >= 7
    for page in theirs:
        hidden = town.open(other, page)
        told = other.text()
        absent = nothing.open(other, page)
        assert (page, hidden, told) == (page, (404, ""), other.text())
        assert absent == hidden


def test_a_proven_phone_alone_opens_nothing(town: Town) -> None:
    visitor = Visitor(town.clinic.site.app)
    visitor.post("/sign-in/code", code=read_code(visitor, "+18165550143"))
    for page in CLOSED:
        status, leads_to = town.open(visitor, page)
        assert (page, status) == (page, 303)
        assert SIGN_IN.match(leads_to)


def test_the_table_names_every_page(lone_site: Site) -> None:
    served = set()
    for rule in lone_site.app.url_map.iter_rules():
        if rule.endpoint.startswith(("api.", "security.", "static")):
            continue
        path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"<\1>", rule.rule)
        served |= {f"{method} {path}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert served == {page for page in PAGES if "/staff/sign-in" not in page}


def test_every_blueprint_is_public_by_name_or_guarded(lone_site: Site) -> None:
    for name, blueprint in lone_site.app.blueprints.items():
        if name in PUBLIC_BLUEPRINTS or name.startswith("api"):
            continue
        assert blueprint.before_request_funcs.get(None), name
