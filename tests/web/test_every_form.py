"""Every form of every page is in the table of forms, and what the table names is there."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from flask import Flask

from scheduler.store.people import Role
from tests.web.form_table import FORMS, NO_FIELDS
from tests.web.page_table import PAGES
from tests.web.rubbish import (
    EVERYTHING,
    RUBBISH,
    assert_rubbish_is_refused,
    forms_of,
)
from tests.web.site import Clinic
from tests.web.test_staff_sign_in import set_up_app, try_password
from tests.web.visitor import PASSWORD, Visitor, read_code, staff_account, staff_visitor

QUINNS = "816-555-0143"
_CONVERTER = re.compile(r"<[^:>]+:([^>]+)>")
_READS = re.compile(r"request\.(form|files|values|args)|parse\(")


def views_without_fields(app: Flask) -> Iterator[tuple[str, str]]:
    """Return the pages that are buttons alone, each with its code."""
    for rule in app.url_map.iter_rules():
        page = "POST " + _CONVERTER.sub(r"<\1>", rule.rule)
        if FORMS.get(page) == NO_FIELDS and "POST" in (rule.methods or ()):
            yield page, inspect.getsource(app.view_functions[rule.endpoint])


def test_every_form_is_in_the_table() -> None:
    assert set(FORMS) == {page for page in PAGES if page.startswith("POST ")}


@pytest.mark.parametrize("named", sorted({name for name in FORMS.values() if name != NO_FIELDS}))
def test_what_the_table_names_is_a_test(named: str) -> None:
    module, _, test = named.partition(".")
    assert callable(getattr(import_module(f"tests.web.{module}"), test))


def test_a_button_alone_reads_nothing_that_was_typed(lone_clinic: Clinic) -> None:
    found = dict(views_without_fields(lone_clinic.site.app))
    assert set(found) == {page for page, test in FORMS.items() if test == NO_FIELDS}
    assert [page for page, code in found.items() if _READS.search(code)] == []


def test_rubbish_about_who_is_signing_in(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    visitor.post("/sign-in/code", code=read_code(visitor, QUINNS))
    (form,) = forms_of(visitor.get("/sign-in/person"))
    good = {"patient_id": str(lone_clinic.quinn)}
    taken = {"patient_id": EVERYTHING}
    assert assert_rubbish_is_refused(visitor, form, good, taken) == len(EVERYTHING)
    assert visitor.get("/my").status_code == 303, "nobody was let in"


def test_rubbish_at_the_door_of_the_staff(lone_clinic: Clinic) -> None:
    visitor = Visitor(lone_clinic.site.app)
    for field in ("email", "password"):
        for what, value in RUBBISH.items():
            good = {"email": "dana@oakhome.example", "password": "wrong"}
            sent = good | {field: value.encode("utf-8", "replace").decode()}
            answer = visitor.post("/staff/sign-in", **sent)
            assert answer.status_code < 500, f"{what} in {field}"
            assert visitor.get("/staff").status_code == 303, f"{what} in {field} let somebody in"


def test_rubbish_instead_of_a_new_password(lone_clinic: Clinic) -> None:
    drew = staff_visitor(lone_clinic.site, Role.DISPATCHER)
    for field in ("password", "new_password", "new_password_confirm"):
        for what, value in RUBBISH.items():
            drew.get("/staff/password")
            good = dict.fromkeys(("password", "new_password", "new_password_confirm"), PASSWORD)
            sent = good | {field: value.encode("utf-8", "replace").decode()}
            answer = drew.post("/staff/password", **sent)
            assert answer.status_code == 200, f"{what} in {field}"
            assert "problem" in answer.get_data(as_text=True), f"{what} in {field}"


def test_rubbish_at_the_second_factor(lone_clinic: Clinic) -> None:
    """Setting one up, giving its code, and giving a recovery code: refused, never a fault."""
    address = staff_account(lone_clinic.site, Role.DISPATCHER)
    visitor = Visitor(lone_clinic.site.app)
    try_password(visitor, address, PASSWORD)
    for what, value in RUBBISH.items():
        visitor.get("/staff/second-factor")
        answer = visitor.post("/staff/second-factor", setup=value.encode("utf-8", "replace"))
        assert answer.status_code == 200, f"{what} in setup"
        assert "Set up an authenticator app" in visitor.text(), f"{what} in setup"
    set_up_app(visitor)
    guesser = Visitor(lone_clinic.site.app)
    try_password(guesser, address, PASSWORD)
    for path in ("/staff/second-factor/code", "/staff/recovery"):
        for what, value in RUBBISH.items():
            guesser.get(path)
            answer = guesser.post(path, code=value.encode("utf-8", "replace"))
            assert answer.status_code == 200, f"{what} in {path}"
            assert "problem" in answer.get_data(as_text=True), f"{what} in {path}"
    assert guesser.get("/staff").status_code == 303, "nobody was let in"
