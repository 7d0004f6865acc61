"""Pictures of every page and state, by role and look: python -m tests.screenshots FOLDER [ROLE]."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from scheduler.store.people import Role
from tests.web.browser import LOOKS, chromium, empty_forms, opened, send_empty, walk
from tests.web.practice import Practice, demonstration
from tests.web.test_every_page import PUBLIC

_FILE_NAME = str.maketrans("?=&/", "----")


def main(folder: Path, roles: list[Role]) -> None:
    """Write a picture of each page that each role can reach, in every look."""
    with tempfile.TemporaryDirectory() as place, demonstration(Path(place)) as practice:
        _shoot_all(practice, folder, roles)


def _shoot_all(practice: Practice, folder: Path, roles: list[Role]) -> None:
    with chromium() as browser:
        for look in LOOKS:
            with opened(browser, practice.url, look) as page:
                for path in (*PUBLIC, "/staff/sign-in"):
                    page.goto(path)
                    _shoot(page, folder / "stranger", f"{path.translate(_FILE_NAME)} {look}")
            for role in roles:
                with opened(browser, practice.url, look) as page:
                    practice.sign_in(page, role)
                    _shoot_role(page, folder / role.value, role, look)


def _shoot_role(page: Page, folder: Path, role: Role, look: str) -> None:
    for seen in list(walk(page, "/my" if role is Role.PATIENT else "/staff")):
        page.goto(seen.path)
        _shoot(page, folder, f"{seen.name} {look}")
        for number, form in enumerate(empty_forms(page)):
            page.goto(seen.path)
            send_empty(page, form)
            _shoot(page, folder, f"{seen.name} empty {number} {look}")


def _shoot(page: Page, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name.strip('-')}.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Role(word) for word in sys.argv[2:]] or list(Role))
