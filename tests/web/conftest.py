"""The application, on each database in turn or on SQLite alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import Database
from tests.web.browser import chromium
from tests.web.site import Clinic, Site, site_on

pytest.register_assert_rewrite("tests.web.journey")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """The application with an empty practice, on each database in turn."""
    with site_on(database, tmp_path) as site:
        yield site


@pytest.fixture
def clinic(site: Site) -> Clinic:
    """A small practice, on each database in turn."""
    return Clinic(site)


@pytest.fixture
def lone_site(sqlite_database: Database, tmp_path: Path) -> Iterator[Site]:
    """The application with an empty practice, on SQLite."""
    with site_on(sqlite_database, tmp_path) as site:
        yield site


@pytest.fixture
def lone_clinic(lone_site: Site) -> Clinic:
    """A small practice, on SQLite."""
    return Clinic(lone_site)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with chromium() as browser:
        yield browser
