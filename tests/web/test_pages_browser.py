"""The first page in a browser: on a phone and a desk, by light and by night, by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from scheduler.adapters.clock import SystemClock
from scheduler.store.database import prepare_engine
from scheduler.store.encryption import KeyRing, use_keys
from scheduler.store.models import METADATA
from tests.clocks import FixedClock
from tests.conftest import TEST_KEY
from tests.server import Server, server_running
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOOKS = [(width, scheme) for width in (360, 1440) for scheme in ("light", "dark")]
HIDDEN_PART = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A practice that comes to Kansas City, Kansas, and has a service on prescription."""
    folder = tmp_path_factory.mktemp("pages")
    use_keys(KeyRing((TEST_KEY,)))
    engine = create_engine(f"sqlite:///{folder / 'visits.db'}")
    prepare_engine(engine)
    METADATA.create_all(engine)
    with Session(engine) as session:
        world = World(session, FixedClock(SystemClock().now()))
        world.service()
        world.service("iv_series", needs_order=True, dosed=True)
        world.scope("KS")
        world.licence(world.clinician("Ada", "66101", "KS"), "KS")
    engine.dispose()
    with server_running(f"sqlite:///{folder / 'visits.db'}", folder) as server:
        yield server


@pytest.fixture(params=LOOKS, ids=[f"{width}-{scheme}" for width, scheme in LOOKS])
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """The first page, just opened; whatever it complains of fails the test."""
    width, scheme = request.param
    size: ViewportSize = {"width": width, "height": 740}
    context = browser.new_context(
        viewport=size, color_scheme=scheme, base_url=f"http://127.0.0.1:{server.port}"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    page.goto("/")
    yield page
    assert complaints == []
    context.close()


def check(page: Page, zip_code: str) -> None:
    """Ask for a ZIP by keyboard alone, from the top of the page."""
    page.keyboard.press("Tab")
    for _ in range(6):
        if page.evaluate("document.activeElement.id") == "zip_code":
            break
        page.keyboard.press("Tab")
    page.keyboard.type(zip_code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?zip_code=*")


def assert_nothing_is_cut_off(page: Page) -> None:
    assert page.evaluate(HIDDEN_PART) <= 0


def test_a_zip_is_answered_by_keyboard_alone(page: Page) -> None:
    assert_nothing_is_cut_off(page)
    check(page, "66101")
    answer = page.get_by_role("heading", name="Yes, we come to Kansas City, KS 66101")
    answer.scroll_into_view_if_needed()
    assert answer.is_visible()
    assert page.get_by_text("A prescriber decides whether a treatment").is_visible()
    assert_nothing_is_cut_off(page)


def test_a_wrong_zip_is_kept_with_the_focus_and_the_problem(page: Page) -> None:
    check(page, "<b>wrong")
    field = page.get_by_label("ZIP code of the visit")
    assert field.input_value() == "<b>wrong"
    assert field.evaluate("field => field === document.activeElement")
    told = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert told.inner_text() == "Must be a five-digit ZIP code, such as 64108"
    assert page.title().startswith("Error: ")
    assert_nothing_is_cut_off(page)


def test_the_skip_link_leads_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    box = link.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_ground_and_ink_follow_light_and_dark(page: Page, request: pytest.FixtureRequest) -> None:
    dark = "dark" in request.node.callspec.id
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground.strip("rgb()").split(","))
    assert (brightness < 300) is dark


def test_everything_that_is_pressed_is_large_enough_for_a_thumb(page: Page) -> None:
    for control in (page.get_by_role("button"), page.get_by_role("textbox")):
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
