"""Chromium for tests: looks, signing in by the door, axe, and a walk over every page of a role."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIETLY = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}
LOOKS = {
    f"{size['width']}-{scheme}": (size, scheme)
    for size in (PHONE, DESK)
    for scheme in ("light", "dark")
}
HIDDEN_PART = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
GRAVE = {"serious", "critical"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d|\b\d+\b")
MOST_PAGES = 60


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser; skips loudly where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, base_url: str, look: str, *, scripts: bool = True) -> Iterator[Page]:
    """Give an empty page of a look; whatever it complains of while it is open fails the test."""
    size, scheme = LOOKS[look]
    context: BrowserContext = browser.new_context(
        viewport=size,
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=base_url,
        java_script_enabled=scripts,
        locale="en-US",
        timezone_id="America/New_York",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    yield page
    assert complaints == []
    context.close()


def findings(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page, each with the element at fault."""
    results = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in results
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def cut_off(page: Page) -> int:
    """Return how many pixels of a page lie beyond its right edge."""
    hidden: int = page.evaluate(HIDDEN_PART)
    return hidden


@dataclass(frozen=True)
class Seen:
    """A page of the walk: its address, and a name without ids."""

    path: str
    name: str


def walk(page: Page, start: str) -> Iterator[Seen]:
    """Open every kind of page that can be reached by links from `start`, each kind once."""
    waiting, known = [start], {_kind(start)}
    for _ in range(MOST_PAGES):
        if not waiting:
            return
        path = waiting.pop(0)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        yield Seen(path, _kind(path))
        for link in _links(page):
            if _kind(link) not in known:
                known.add(_kind(link))
                waiting.append(link)


def _links(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "a[href]", "links => links.map(link => link.getAttribute('href'))"
    )
    files = (".ics", ".csv", ".json")
    return [
        link
        for link in found
        if link.startswith("/")
        and not link.startswith("/static")
        and not urlsplit(link).path.endswith(files)
    ]


def _kind(path: str) -> str:
    parts = urlsplit(path)
    name = _ID.sub("x", parts.path).strip("/").replace("/", "-")
    keys = sorted({part.partition("=")[0] for part in parts.query.split("&") if part})
    return "-".join([name or "first", *keys])


def empty_forms(page: Page) -> list[str]:
    """Return selectors of the forms on a page that ask for something: sent empty, they refuse."""
    count = page.locator("main form[method=post]").count()
    asking = []
    for number in range(count):
        form = page.locator("main form[method=post]").nth(number)
        if form.locator("input[required], select[required], textarea[required]").count():
            asking.append(f"main form[method=post] >> nth={number}")
    return asking


EMPTY_AND_SEND = """form => {
  for (const field of form.querySelectorAll('input, select, textarea')) {
    if (field.type === 'hidden' || field.type === 'submit') continue;
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = false;
    else field.value = '';
  }
  form.noValidate = true;
  form.submit();
}"""


def send_empty(page: Page, form: str) -> None:
    """Empty a form and send it past the browser's own checks."""
    with page.expect_navigation():
        page.locator(form).evaluate(EMPTY_AND_SEND)
