"""The import pages: look first, then all or nothing; and the files that go out."""

import io
import re
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from scheduler.domain.clinician_csv import MAX_FILE_BYTES
from scheduler.services.offers import offers_for
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import Role
from tests.clinician_files import ADA, CY, file_of
from tests.conftest import Database
from tests.web.site import Site, site_on
from tests.web.visitor import Visitor, staff_visitor


def send(visitor: Visitor, content: str | bytes) -> TestResponse:
    """Choose a file and have it checked."""
    data = content.encode() if isinstance(content, str) else content
    visitor.get("/admin/import")
    return visitor.post("/admin/import", file=(io.BytesIO(data), "clinicians.csv"))


def confirm_fields(answer: TestResponse) -> dict[str, str]:
    """Return what the page of a good dry run sends on, line ends as browsers make them."""
    page = answer.get_data(as_text=True)
    digest = re.search(r'name="digest" value="(\w+)"', page)
    content = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert digest is not None
    assert content is not None
    return {"digest": digest[1], "content": unescape(content[1]).replace("\n", "\r\n")}


def clinicians(site: Site) -> int:
    site.session.rollback()
    return site.session.scalar(select(func.count()).select_from(ClinicianRow)) or 0


def test_a_good_file_is_shown_and_then_imported(site: Site) -> None:
    alex = staff_visitor(site, Role.ADMINISTRATOR)
    answer = send(alex, b"\xef\xbb\xbf" + file_of(ADA, CY).encode())
    assert answer.status_code == 200
    assert "The file is in order: 2 clinicians to add" in alex.text()
    assert clinicians(site) == 0
    fields = confirm_fields(answer)
    assert alex.post("/admin/import/all", **fields).status_code == 303
    alex.get("/admin")
    assert "Clinicians added: 2." in alex.text()
    assert "Ada Example , RN Kansas City, KS 66101" in alex.text()
    assert alex.post("/admin/import/all", **fields).status_code == 303
    alex.get("/admin")
    assert "Everybody in the file was here already." in alex.text()
    assert clinicians(site) == 2


def test_whoever_was_imported_is_offered_at_once(site: Site) -> None:
    world = site.world
    world.service("infusion", skills="iv_start")
    world.scope("KS")
    request = world.request(world.patient("66101", "KS"), "infusion")
    alex = staff_visitor(site, Role.ADMINISTRATOR)
    alex.post("/admin/import/all", **confirm_fields(send(alex, file_of(ADA))))
    assert offers_for(world.dispatcher, request).offers


def test_every_fault_is_named_and_nothing_is_imported(site: Site) -> None:
    alex = staff_visitor(site, Role.ADMINISTRATOR)
    bad = CY.replace("64108", "00000").replace(",3,90", ",99,x")
    answer = send(alex, file_of(ADA, bad, "=cmd(),RN,,,,,,,,,,,"))
    assert answer.status_code == 422
    text = alex.text()
    for words in (
        "3 max_visits Must be a whole number from 0 to 24",
        "3 max_travel_minutes Must be a whole number from 0 to 960",
        "4 name Must not begin with =, +, - or @",
        "4 home_city Must be filled in",
        "4 home_zip Must be filled in",
    ):
        assert words in text
    assert 'name="digest"' not in answer.get_data(as_text=True)
    assert clinicians(site) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00n", "Must be saved as UTF-8; byte 1 of the file is not"),
        (b"x" * (MAX_FILE_BYTES + 1), "Must be at most 60 kB"),
    ],
)
def test_what_is_no_such_file_is_refused(lone_site: Site, content: bytes, words: str) -> None:
    alex = staff_visitor(lone_site, Role.ADMINISTRATOR)
    assert send(alex, content).status_code == 422
    assert words in alex.text()


def test_no_file_and_far_too_much_are_refused(lone_site: Site) -> None:
    alex = staff_visitor(lone_site, Role.ADMINISTRATOR)
    alex.get("/admin/import")
    assert alex.post("/admin/import").status_code == 422
    assert "Choose a file." in alex.text()
    assert send(alex, b"x" * 100_000).status_code == 413


def test_another_content_than_was_checked_is_refused(lone_site: Site) -> None:
    alex = staff_visitor(lone_site, Role.ADMINISTRATOR)
    fields = confirm_fields(send(alex, file_of(ADA)))
    for changed in (
        {"content": file_of(ADA, CY)},
        {"digest": "0" * 64},
        {"digest": ""},
        {"content": ""},
    ):
        assert alex.post("/admin/import/all", **(fields | changed)).status_code == 409
        assert "Check it again" in alex.text()
    assert clinicians(lone_site) == 0


def test_a_file_that_is_good_no_more_is_checked_again(lone_site: Site) -> None:
    alex = staff_visitor(lone_site, Role.ADMINISTRATOR)
    fields = confirm_fields(send(alex, file_of(ADA, CY)))
    other = file_of(CY.replace("Cy Example", "Di Example"))
    alex.post("/admin/import/all", **confirm_fields(send(alex, other)))
    assert alex.post("/admin/import/all", **fields).status_code == 422
    assert "The MO license C-1 is Di Example's already" in alex.text()
    assert clinicians(lone_site) == 1


def test_a_server_that_dies_between_check_and_import_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    with site_on(database, tmp_path) as first:
        alex = staff_visitor(first, Role.ADMINISTRATOR)
        fields = confirm_fields(send(alex, file_of(ADA, CY)))
    with site_on(database, tmp_path) as second:
        again = staff_visitor(second, Role.ADMINISTRATOR)
        again.get("/admin/import")
        assert again.post("/admin/import/all", **fields).status_code == 303
        assert clinicians(second) == 2


def test_the_example_can_be_imported_and_what_goes_out_comes_back(site: Site) -> None:
    alex = staff_visitor(site, Role.ADMINISTRATOR)
    example = alex.get("/admin/import/template.csv")
    assert example.mimetype == "text/csv"
    assert "attachment" in example.headers["Content-Disposition"]
    answer = send(alex, example.get_data())
    assert answer.status_code == 200
    assert alex.post("/admin/import/all", **confirm_fields(answer)).status_code == 303
    out = alex.get("/admin/clinicians.csv").get_data()
    assert send(alex, out).status_code == 200
    assert "0 clinicians to add" in alex.text()
    assert alex.text().count("is here already, stays as is") == 2
