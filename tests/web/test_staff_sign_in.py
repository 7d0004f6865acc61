"""Staff at the door: passwords, second factors, recovery codes, limits, and being signed out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from passlib.totp import TOTP  # type: ignore[import-untyped]
from sqlalchemy import event, select

from scheduler.services.accounts import end_account, end_sessions, reset_second_factor
from scheduler.services.desk import Actor, Desk
from scheduler.store.audit import AuditRow
from scheduler.store.database import db
from scheduler.store.people import AccountRow, Role, email_index
from tests.web.site import Site
from tests.web.visitor import PASSWORD, Visitor, staff_account, staff_visitor

WRONG = "not the password"
REFUSED = "do not go together"


def try_password(visitor: Visitor, address: str, password: str) -> int:
    visitor.get("/staff/sign-in")
    return visitor.post("/staff/sign-in", email=address, password=password).status_code


def is_in(visitor: Visitor) -> bool:
    answer = visitor.get("/staff/password")
    return answer.status_code == 200


def later(site: Site, wait: timedelta) -> None:
    site.world.clock.instant += wait


def administrator(site: Site) -> Desk:
    account = site.world.account(Role.ADMINISTRATOR)
    ports = site.world.dispatcher.ports
    actor = Actor(account, Role.ADMINISTRATOR)
    return Desk(site.session, ports, site.world.dispatcher.practice, actor)


def account_of(site: Site, address: str) -> AccountRow:
    site.session.rollback()
    found = select(AccountRow).where(AccountRow.email_index == email_index(address))
    return site.session.scalars(found).one()


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cur: object, text: str, *_more: object) -> None:
        seen.append(re.sub(r"\s+", " ", text))

    with site.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_right_password_opens_and_is_written_down(site: Site) -> None:
    visitor = staff_visitor(site, Role.DISPATCHER)
    assert is_in(visitor)
    site.session.rollback()
    roles = site.session.scalars(select(AuditRow.role).where(AuditRow.action == "sign in"))
    assert list(roles) == ["dispatcher"]


def test_a_wrong_password_and_an_unknown_address_look_and_work_alike(site: Site) -> None:
    known = staff_account(site, Role.DISPATCHER)
    told, done = [], []
    for address in (known, "nobody@oakhome.example"):
        visitor = Visitor(site.app)
        visitor.get("/staff/sign-in")
        with statements(site) as seen:
            visitor.post("/staff/sign-in", email=address, password=WRONG)
        done.append(seen)
        told.append(visitor.text().replace(address, "…"))
    assert REFUSED in told[0]
    assert told[0] == told[1]
    assert done[0] == done[1]


def test_after_thirty_wrong_passwords_the_right_one_is_refused_too(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    for _ in range(30):
        assert try_password(visitor, address, WRONG) == 200
    assert try_password(visitor, address, PASSWORD) == 200
    assert REFUSED in visitor.text()
    assert not is_in(visitor)
    later(site, timedelta(minutes=15))
    assert try_password(visitor, address, PASSWORD) == 302


def test_wrong_passwords_from_one_address_are_counted_over_all_accounts(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    for number in range(30):
        try_password(visitor, f"nobody{number}@oakhome.example", WRONG)
    assert try_password(visitor, address, PASSWORD) == 200


def test_a_browser_is_signed_out_after_half_an_hour_of_rest(site: Site) -> None:
    visitor = staff_visitor(site, Role.DISPATCHER)
    later(site, timedelta(minutes=29))
    assert is_in(visitor)
    later(site, timedelta(minutes=29))
    assert is_in(visitor)
    later(site, timedelta(minutes=31))
    assert not is_in(visitor)


def test_a_clinician_at_work_may_rest_longer(site: Site) -> None:
    visitor = staff_visitor(site, Role.CLINICIAN, site.world.clinician("Ada", "66101", "KS"))
    later(site, timedelta(hours=2, minutes=59))
    assert is_in(visitor)
    later(site, timedelta(hours=3, minutes=1))
    assert not is_in(visitor)


def test_a_browser_is_signed_out_after_twelve_hours_of_work(site: Site) -> None:
    visitor = staff_visitor(site, Role.DISPATCHER)
    for _ in range(12 * 3 - 1):
        later(site, timedelta(minutes=20))
        assert is_in(visitor)
    later(site, timedelta(minutes=20))
    assert not is_in(visitor)


def test_signing_out_ends_the_session_for_a_copied_cookie_too(site: Site) -> None:
    visitor = staff_visitor(site, Role.DISPATCHER)
    copied = visitor.client.get_cookie("visit_session")
    assert copied is not None
    visitor.get("/staff/password")
    visitor.post("/staff/sign-out")
    assert not is_in(visitor)
    thief = Visitor(site.app)
    thief.client.set_cookie("visit_session", copied.value)
    assert not is_in(thief)


def test_an_administrator_ends_sessions_and_accounts(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    first, second = Visitor(site.app), Visitor(site.app)
    for visitor in (first, second):
        assert try_password(visitor, address, PASSWORD) == 302
    boss, row = administrator(site), account_of(site, address).id
    end_sessions(boss, row)
    assert not is_in(first)
    assert not is_in(second)
    assert try_password(first, address, PASSWORD) == 302
    end_account(boss, row, "left the practice")
    assert not is_in(first)
    assert try_password(first, address, PASSWORD) == 200


def set_up_app(visitor: Visitor) -> TOTP:
    """Set up an authenticator app as somebody who is signed in; return it."""
    visitor.get("/staff/second-factor")
    answer = visitor.post("/staff/second-factor", setup="authenticator")
    page = answer.get_data(as_text=True)
    key = re.search(r"<code>([^<]+)</code>", page)
    action = re.search(r'action="(/staff/second-factor/[^"]+)"', page)
    assert key is not None
    assert action is not None
    app = TOTP(key=key[1].replace("-", ""))
    answer = visitor.post(action[1], code=app.generate().token)
    assert answer.status_code == 302, visitor.text()
    return app


def test_a_second_factor_is_asked_for_and_each_code_works_once(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    try_password(visitor, address, PASSWORD)
    app = set_up_app(visitor)
    visitor.get("/staff/password")
    visitor.post("/staff/sign-out")
    again = Visitor(site.app)
    assert try_password(again, address, PASSWORD) == 302
    assert not is_in(again)
    next_code = app.generate(time=datetime.now(UTC).timestamp() + 30).token  # noqa: TID251
    try_password(again, address, PASSWORD)
    again.get("/staff/second-factor/code")
    assert again.post("/staff/second-factor/code", code="000000").status_code == 200
    assert again.post("/staff/second-factor/code", code=next_code).status_code == 302
    assert is_in(again)
    replay = Visitor(site.app)
    try_password(replay, address, PASSWORD)
    replay.get("/staff/second-factor/code")
    assert replay.post("/staff/second-factor/code", code=next_code).status_code == 200
    assert not is_in(replay)


def test_second_factors_are_counted(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    try_password(visitor, address, PASSWORD)
    app = set_up_app(visitor)
    guesser = Visitor(site.app)
    try_password(guesser, address, PASSWORD)
    guesser.get("/staff/second-factor/code")
    for _ in range(10):
        guesser.post("/staff/second-factor/code", code="000000")
    next_code = app.generate(time=datetime.now(UTC).timestamp() + 30).token  # noqa: TID251
    assert guesser.post("/staff/second-factor/code", code=next_code).status_code == 200
    assert not is_in(guesser)


def test_a_recovery_code_lets_in_once(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    try_password(visitor, address, PASSWORD)
    set_up_app(visitor)
    visitor.get("/staff/recovery-codes")
    page = visitor.post("/staff/recovery-codes", generate_new_codes="1").get_data(as_text=True)
    codes = re.findall(r"<li><code>([^<]+)</code></li>", page)
    assert len(codes) == 8
    for expected in (302, 200):
        lost = Visitor(site.app)
        try_password(lost, address, PASSWORD)
        lost.get("/staff/recovery")
        assert lost.post("/staff/recovery", code=codes[0]).status_code == expected


def test_an_administrator_takes_a_lost_second_factor_off(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    visitor = Visitor(site.app)
    try_password(visitor, address, PASSWORD)
    set_up_app(visitor)
    boss, row = administrator(site), account_of(site, address).id
    reset_second_factor(boss, row, "phone lost, identity checked in person")
    fresh = Visitor(site.app)
    assert try_password(fresh, address, PASSWORD) == 302
    assert is_in(fresh)


def test_a_changed_password_ends_the_other_sessions(site: Site) -> None:
    address = staff_account(site, Role.DISPATCHER)
    here, there = Visitor(site.app), Visitor(site.app)
    for visitor in (here, there):
        try_password(visitor, address, PASSWORD)
    here.get("/staff/password")
    fresh = "another fictitious one"
    answer = here.post(
        "/staff/password", password=PASSWORD, new_password=fresh, new_password_confirm=fresh
    )
    assert answer.status_code == 302, here.text()
    assert is_in(here)
    assert not is_in(there)
    assert try_password(Visitor(site.app), address, PASSWORD) == 200
    assert try_password(Visitor(site.app), address, fresh) == 302


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_sign_in_leads_nowhere_else(lone_site: Site, wanted: str) -> None:
    address = staff_account(lone_site, Role.DISPATCHER)
    visitor = Visitor(lone_site.app)
    visitor.get("/staff/sign-in")
    answer = visitor.client.post(
        "/staff/sign-in",
        query_string={"next": wanted},
        data={"email": address, "password": PASSWORD, "csrf_token": visitor.form_token()},
    )
    assert re.match(r"/[^/\\]", answer.headers.get("Location", "/staff"))


def test_a_form_without_its_token_is_refused(lone_site: Site) -> None:
    address = staff_account(lone_site, Role.DISPATCHER)
    client = lone_site.app.test_client()
    answer = client.post("/staff/sign-in", data={"email": address, "password": PASSWORD})
    assert answer.status_code == 400


def test_the_cookie_is_kept_from_scripts_and_other_sites(lone_site: Site) -> None:
    address = staff_account(lone_site, Role.DISPATCHER)
    visitor = Visitor(lone_site.app)
    visitor.get("/staff/sign-in")
    answer = visitor.post("/staff/sign-in", email=address, password=PASSWORD)
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if "visit_session" in each)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
