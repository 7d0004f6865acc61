"""People at a browser without JavaScript: they open pages, fill in forms and sign in."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scheduler.store.database import transaction
from scheduler.store.people import AccountRow, PatientRow, Role
from scheduler.web.accounts import hashed
from tests.web.site import Site

PASSWORD = "a fictitious password"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_CODE = re.compile(r"Your code is (\d{6})")


@dataclass
class Visitor:
    """One browser with its cookies."""

    app: Flask
    client: FlaskClient = field(init=False)
    page: TestResponse | None = None

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str) -> TestResponse:
        """Open a page, following nothing."""
        self.page = self.client.get(path)
        return self.page

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form with the token of the page that was seen last."""
        data = {"csrf_token": self.form_token()} | fields
        self.page = self.client.post(path, data=data)
        return self.page

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where a redirect leads."""
        assert answer.status_code in {302, 303}, answer.get_data(as_text=True)
        return self.get(answer.headers["Location"])

    def form_token(self) -> str:
        """Return the form token of the page that was seen last, or of the sign-in page."""
        seen = self.page.get_data(as_text=True) if self.page is not None else ""
        found = _TOKEN.search(seen)
        if found is None:
            found = _TOKEN.search(self.client.get("/sign-in").get_data(as_text=True))
        assert found is not None, "no page with a form was seen"
        return unescape(found[1])

    def text(self) -> str:
        """Return the words of the page that was seen last, without tags."""
        assert self.page is not None
        plain = re.sub(r"<[^>]+>", " ", self.page.get_data(as_text=True))
        return " ".join(unescape(plain).split())


def staff_account(site: Site, role: Role, person_id: UUID | None = None) -> str:
    """Give somebody of the staff an e-mail address and a password; return the address."""
    account_id = site.world.account(role, person_id)
    address = f"{role.value}.{account_id.hex[:8]}@oakhome.example"
    with site.app.app_context():
        secret = hashed(PASSWORD)
    with transaction(site.session) as session:
        row = session.get_one(AccountRow, account_id)
        row.set_email(address)
        row.password = secret
    return address


def staff_visitor(site: Site, role: Role, person_id: UUID | None = None) -> Visitor:
    """Return somebody of the staff who has signed in."""
    visitor = Visitor(site.app)
    address = staff_account(site, role, person_id)
    visitor.get("/staff/sign-in")
    answer = visitor.post("/staff/sign-in", email=address, password=PASSWORD)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return visitor


def read_code(visitor: Visitor, phone: str) -> str:
    """Ask for a code and read it where the demonstration shows it."""
    visitor.get("/sign-in")
    visitor.follow(visitor.post("/sign-in", phone=phone))
    assert visitor.page is not None
    found = _CODE.search(visitor.page.get_data(as_text=True))
    assert found is not None, "no code was shown"
    return found[1]


def patient_visitor(site: Site, patient_id: UUID) -> Visitor:
    """Return a patient who has signed in with phone, code and birth date."""
    site.session.rollback()
    row = site.session.get_one(PatientRow, patient_id)
    visitor = Visitor(site.app)
    visitor.post("/sign-in/code", code=read_code(visitor, row.phone))
    visitor.get("/sign-in/person")
    answer = visitor.post("/sign-in/person", patient_id=str(patient_id), birth_date=row.birth_date)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return visitor
