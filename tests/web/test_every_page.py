"""Every page of every role in a browser: legible to all, nothing cut off, errors drawn as well."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from scheduler.store.people import Role
from tests.web.browser import (
    LOOKS,
    cut_off,
    empty_forms,
    findings,
    opened,
    send_empty,
    walk,
)
from tests.web.practice import Practice, demonstration

pytestmark = pytest.mark.browser
SHORT = ((Role.CLINICIAN, "360-light"), (Role.PATIENT, "360-light"))
PUBLIC = ("/", "/?zip_code=64108", "/?zip_code=90012", "/?zip_code=abc", "/sign-in", "/nowhere")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with demonstration(tmp_path_factory.mktemp("demonstration")) as practice:
        yield practice


def looks_and_roles() -> list[object]:
    """Two looks of the two who have the fewest pages are quick; every other walk is long."""
    return [
        pytest.param(
            role,
            look,
            marks=[
                pytest.mark.xdist_group(f"every-page-{look}"),
                *([] if (role, look) in SHORT else [pytest.mark.soak]),
            ],
            id=f"{role.value}-{look}",
        )
        for look in LOOKS
        for role in Role
    ]


@pytest.mark.xdist_group("every-page-360-light")
@pytest.mark.parametrize("look", LOOKS)
def test_what_strangers_see(browser: Browser, practice: Practice, look: str) -> None:
    with opened(browser, practice.url, look) as page:
        wrong = {}
        for path in (*PUBLIC, "/staff/sign-in"):
            page.goto(path)
            wrong[path] = [*findings(page), *(["cut off"] if cut_off(page) > 0 else [])]
        assert {path: found for path, found in wrong.items() if found} == {}


@pytest.mark.parametrize(("role", "look"), looks_and_roles())
def test_what_each_role_sees(browser: Browser, practice: Practice, role: Role, look: str) -> None:
    with opened(browser, practice.url, look) as page:
        practice.sign_in(page, role)
        wrong, refused = {}, {}
        for seen in list(walk(page, "/my" if role is Role.PATIENT else "/staff")):
            page.goto(seen.path)
            wrong[seen.name] = [*findings(page), *(["cut off"] if cut_off(page) > 0 else [])]
            for form in empty_forms(page):
                page.goto(seen.path)
                send_empty(page, form)
                refused[f"{seen.name} sent empty"] = findings(page)
        found = {name: each for name, each in (wrong | refused).items() if each}
        assert found == {}
