"""What every page of staff says of driving times: whether they are only estimated, and by whom."""

from flask import Flask, current_app

from scheduler.store.people import Role
from scheduler.web.browser_session import current_browser
from scheduler.web.wiring import wiring_of


def register(app: Flask) -> None:
    """Give the frame of the pages its words on driving times."""
    app.context_processor(_drives)


def _drives() -> dict[str, bool]:
    """Return whether estimates stand in for the roads, and whether the road map must be named.

    The map's licence asks for its name wherever what was made from it is shown; patients see no
    driving times.
    """
    browser = current_browser()
    if browser is None or not browser.person_known or browser.actor.role is Role.PATIENT:
        return {"drives_estimated": False, "drives_by_road": False}
    travel = wiring_of(current_app).ports.travel
    return {"drives_estimated": travel.falling_back, "drives_by_road": travel.name == "roads"}
