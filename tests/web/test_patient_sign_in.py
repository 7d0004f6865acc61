"""The door of patients: one-time codes, limits, birth dates, one answer for every number."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import Engine, event, func, select

from scheduler.services.desk import Actor, Desk
from scheduler.services.patient_sign_in import read_code_aloud
from scheduler.store.database import db, transaction
from scheduler.store.encryption import keys
from scheduler.store.messages import OptOutRow
from scheduler.store.people import PatientRow, Role
from scheduler.store.sign_in import SignInCodeRow
from tests.web.rubbish import (
    EVERYTHING,
    TEXT_IS_RIGHT,
    assert_rubbish_is_refused,
    forms_of,
)
from tests.web.site import NOW, Clinic
from tests.web.visitor import Visitor, patient_visitor, read_code
from tests.world import PRACTICE

PATS, QUINNS, NOBODYS = "816-555-0142", "816-555-0143", "(816) 555-0199"
BORN = "1980-05-17"
WRONG = "This code is not right or has run out. Check it, or ask for a new one."


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    """Somebody at a browser."""
    return Visitor(clinic.site.app)


def other_than(code: str) -> str:
    """Return a code that is not the right one."""
    return f"{(int(code) + 1) % 10**6:06}"


def at_the_door(visitor: Visitor, phone: str = PATS) -> None:
    """Prove a phone."""
    answer = visitor.post("/sign-in/code", code=read_code(visitor, phone))
    assert answer.status_code == 303, visitor.text()
    visitor.follow(answer)


def test_phone_code_and_birth_date_lead_in(clinic: Clinic, visitor: Visitor) -> None:
    at_the_door(visitor)
    assert "Who is signing in?" in visitor.text()
    assert "Pat" in visitor.text()
    assert "Example" not in visitor.text()
    answer = visitor.post("/sign-in/person", patient_id=str(clinic.pat), birth_date=BORN)
    assert answer.headers["Location"] == "/my"
    assert visitor.follow(answer).status_code == 200


def test_five_wrong_codes_and_the_right_one_is_refused_too(
    clinic: Clinic, visitor: Visitor
) -> None:
    code = read_code(visitor, PATS)
    for _ in range(5):
        assert visitor.post("/sign-in/code", code=other_than(code)).status_code == 422
        assert WRONG in visitor.text()
    assert visitor.post("/sign-in/code", code=code).status_code == 422
    assert WRONG in visitor.text()


def test_a_code_is_good_once(clinic: Clinic, visitor: Visitor) -> None:
    code = read_code(visitor, PATS)
    assert visitor.post("/sign-in/code", code=code).status_code == 303
    thief = Visitor(clinic.site.app)
    thief.client.set_cookie("visit_session", "")
    thief.get("/sign-in")
    with thief.client.session_transaction() as cookie, visitor.client.session_transaction() as own:
        cookie["phone"] = own["phone"]
    assert thief.post("/sign-in/code", code=code).status_code == 422


def test_a_code_runs_out_after_ten_minutes(clinic: Clinic, visitor: Visitor) -> None:
    code = read_code(visitor, PATS)
    clinic.site.world.clock.instant = NOW + timedelta(minutes=10)
    assert visitor.post("/sign-in/code", code=code).status_code == 422


def test_a_newer_code_ends_the_older_one(clinic: Clinic, visitor: Visitor) -> None:
    old = read_code(visitor, PATS)
    clinic.site.world.clock.instant = NOW + timedelta(minutes=1)
    new = read_code(visitor, PATS)
    if old != new:
        assert visitor.post("/sign-in/code", code=old).status_code == 422
    assert visitor.post("/sign-in/code", code=new).status_code == 303


def test_a_code_is_good_for_its_own_phone_alone(clinic: Clinic, visitor: Visitor) -> None:
    code = read_code(visitor, PATS)
    other = Visitor(clinic.site.app)
    if read_code(other, QUINNS) != code:
        assert other.post("/sign-in/code", code=code).status_code == 422


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the SQL that is sent, without its values."""
    said: list[str] = []

    def note(*parts: object) -> None:
        said.append(str(parts[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def what_happens(clinic: Clinic, phone: str) -> tuple[list[str], list[str]]:
    """Return the statements and the pages of asking for a code and typing a wrong one."""
    visitor = Visitor(clinic.site.app)
    visitor.get("/sign-in")
    with clinic.site.app.app_context():
        engine = db.engine
    with statements(engine) as said:
        visitor.follow(visitor.post("/sign-in", phone=phone))
        code = re.search(r"Your code is (\d{6})", visitor.text())
        assert code is not None
        visitor.post("/sign-in/code", code=other_than(code[1]))
    return said, [visitor.text()]


def test_a_known_and_an_unknown_phone_get_the_same_pages_and_statements(clinic: Clinic) -> None:
    known, unknown = what_happens(clinic, PATS), what_happens(clinic, NOBODYS)
    assert known[0] == unknown[0]
    assert len(known[0]) > 5
    assert [page.replace("0142", "0199") for page in known[1]] == unknown[1]


def codes_shown(visitor: Visitor, phone: str, times: int) -> int:
    """Ask for codes; return how many were shown."""
    shown = 0
    for _ in range(times):
        visitor.get("/sign-in")
        visitor.follow(visitor.post("/sign-in", phone=phone))
        shown += "Your code is" in visitor.text()
        assert "a code is on its way" in visitor.text()
    return shown


def test_a_phone_gets_five_codes_in_half_an_hour(clinic: Clinic, visitor: Visitor) -> None:
    assert codes_shown(visitor, PATS, 7) == 5
    assert codes_shown(visitor, QUINNS, 1) == 1
    clinic.site.world.clock.instant = NOW + timedelta(minutes=30)
    assert codes_shown(visitor, PATS, 1) == 1


def test_one_address_gets_thirty_codes_an_hour(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    shown = sum(codes_shown(visitor, f"816555{nth:04}", 1) for nth in range(1000, 1034))
    assert shown == 30


def test_sixty_codes_an_hour_are_tried_from_one_address(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    code = read_code(visitor, PATS)
    for _ in range(60):
        visitor.post("/sign-in/code", code=other_than(code))
    fresh = read_code(visitor, QUINNS)
    assert visitor.post("/sign-in/code", code=fresh).status_code == 422


def test_five_wrong_birth_dates_end_the_try(clinic: Clinic, visitor: Visitor) -> None:
    at_the_door(visitor)
    wrong = {"patient_id": str(clinic.pat), "birth_date": "1980-05-18"}
    for _ in range(5):
        assert visitor.post("/sign-in/person", **wrong).status_code == 422
    answer = visitor.post("/sign-in/person", **(wrong | {"birth_date": BORN}))
    assert answer.headers["Location"] == "/sign-in"
    visitor.follow(answer)
    assert "That was tried too often. Please ask for a new code." in visitor.text()
    assert visitor.get("/my").status_code == 303


def test_a_proven_phone_opens_nobody_else(clinic: Clinic, visitor: Visitor) -> None:
    at_the_door(visitor)
    theirs = {"patient_id": str(clinic.quinn), "birth_date": BORN}
    assert visitor.post("/sign-in/person", **theirs).status_code == 422
    assert visitor.get("/my").status_code == 303


def test_two_people_on_one_phone_are_kept_apart(clinic: Clinic, visitor: Visitor) -> None:
    world = clinic.site.world
    child, _ = world.patient("66101", "KS", born=NOW.date() - timedelta(days=3650))
    with transaction(world.session):
        world.session.get_one(PatientRow, child).name = "Robin Example"
    at_the_door(visitor)
    assert re.search(r"Person Pat Robin", visitor.text())
    wrong = {"patient_id": str(child), "birth_date": BORN}
    assert visitor.post("/sign-in/person", **wrong).status_code == 422
    visitor.follow(visitor.post("/sign-in/person", patient_id=str(clinic.pat), birth_date=BORN))
    request = clinic.request()
    assert visitor.get(f"/my/requests/{request}").status_code == 200
    clinic.site.world.clock.instant = NOW + timedelta(minutes=1)
    other = patient_visitor(clinic.site, child)
    assert other.get(f"/my/requests/{request}").status_code == 404
    other.get("/my")
    assert "You have no visits yet." in other.text()


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/my/requests/new", "/my/requests/new"),
        ("https://evil.example/my", "/my"),
        ("//evil.example", "/my"),
        ("/\\evil.example", "/my"),
        ("javascript:alert(1)", "/my"),
        ("/my\r\nX: y", "/my"),
    ],
)
def test_sign_in_leads_only_to_pages_of_ours(lone_clinic: Clinic, wanted: str, led_to: str) -> None:
    visitor = Visitor(lone_clinic.site.app)
    visitor.page = visitor.client.get("/sign-in", query_string={"next": wanted})
    visitor.follow(visitor.post("/sign-in", phone=PATS))
    code = re.search(r"Your code is (\d{6})", visitor.text())
    assert code is not None
    visitor.follow(visitor.post("/sign-in/code", code=code[1]))
    answer = visitor.post("/sign-in/person", patient_id=str(lone_clinic.pat), birth_date=BORN)
    assert answer.headers["Location"] == led_to


def test_an_opted_out_phone_gets_no_text_but_a_code_read_aloud_opens(
    clinic: Clinic, visitor: Visitor
) -> None:
    index = keys().blind_index("+18165550142", "phone")
    with transaction(clinic.site.session) as session:
        session.add(OptOutRow(recipient_index=index, source="test", since=NOW))
    assert codes_shown(visitor, PATS, 1) == 0
    clinic.site.world.clock.instant = NOW + timedelta(minutes=1)
    world = clinic.site.world
    actor = Actor(world.account(Role.DISPATCHER), Role.DISPATCHER)
    code = read_code_aloud(Desk(world.session, world.ports, PRACTICE, actor), clinic.pat)
    assert visitor.post("/sign-in/code", code=f" {code[:3]} {code[3:]} ").status_code == 303


def test_somebody_new_is_registered_and_let_in(clinic: Clinic, visitor: Visitor) -> None:
    at_the_door(visitor, NOBODYS)
    answer = visitor.get("/sign-in/person")
    visitor.follow(answer)
    assert "About you" in visitor.text()
    new = {
        "first_name": "Rae",
        "last_name": "Sample",
        "birth_date": "1990-02-03",
        "street": "1 Made-Up Road",
        "unit": "",
        "city": "Kansas City",
        "state": "Kansas",
        "zip_code": "66101",
        "sms_consent": "yes",
    }
    answer = visitor.post("/sign-in/new", **new)
    assert answer.headers["Location"] == "/my"
    assert visitor.follow(answer).status_code == 200
    visitor.get("/my/requests/new")
    assert "1 Made-Up Road" in unescape(visitor.text())


def test_rubbish_at_the_door(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    (form,) = forms_of(visitor.get("/sign-in"))
    assert assert_rubbish_is_refused(visitor, form, {"phone": PATS}) == len(EVERYTHING)
    read_code(visitor, NOBODYS)
    (form,) = forms_of(visitor.get("/sign-in/code"))
    assert assert_rubbish_is_refused(visitor, form, {}) == len(EVERYTHING)
    assert count_codes(lone_clinic) == 1


def count_codes(clinic: Clinic) -> int:
    """Return how many codes there are."""
    clinic.site.session.rollback()
    return clinic.site.session.scalar(select(func.count()).select_from(SignInCodeRow)) or 0


def test_rubbish_about_somebody_new(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    at_the_door(visitor, NOBODYS)
    (form,) = forms_of(visitor.get("/sign-in/new"))
    good = {
        "first_name": "Rae",
        "last_name": "Sample",
        "birth_date": "1890-02-03",  # refused as well: nobody is registered by this test
        "street": "1 Made-Up Road",
        "unit": "7",
        "city": "Kansas City",
        "state": "KS",
        "zip_code": "66101",
    }
    text = dict.fromkeys(("first_name", "last_name", "street", "city"), TEXT_IS_RIGHT)
    optional = {"unit": TEXT_IS_RIGHT | {"nothing"}, "sms_consent": frozenset({"nothing"})}
    assert_rubbish_is_refused(visitor, form, good, text | optional)


def test_the_phone_is_not_written_into_pages_or_the_cookie(
    clinic: Clinic, visitor: Visitor
) -> None:
    read_code(visitor, PATS)
    assert visitor.page is not None
    assert "8165550142" not in visitor.page.get_data(as_text=True)
    with visitor.client.session_transaction() as cookie:
        assert "5550142" not in str(dict(cookie))


def test_signing_out_ends_the_session(clinic: Clinic) -> None:
    pat = patient_visitor(clinic.site, clinic.pat)
    stolen = pat.client.get_cookie("visit_session")
    assert stolen is not None
    pat.get("/my")
    assert pat.post("/sign-in/out").status_code == 303
    assert pat.get("/my").status_code == 303
    pat.client.set_cookie("visit_session", stolen.value)
    assert pat.get("/my").status_code == 303
