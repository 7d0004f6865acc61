"""Where staff arrive after sign-in, and what each role's pages are."""

from flask import Blueprint, Flask, current_app, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.services.accounts import STAFF
from scheduler.store.people import Role
from scheduler.web.browser_session import current_browser
from scheduler.web.guard import only_for
from scheduler.web.presenters import NavItem
from scheduler.web.wiring import current_desk

bp = Blueprint("staff", __name__, url_prefix="/staff")
only_for(bp, *STAFF)

START = {
    Role.PATIENT: "patient.home",
    Role.DISPATCHER: "dispatch.day",
    Role.CLINICIAN: "route.today",
    Role.PRESCRIBER: "prescriber.queue",
    Role.MEDICAL_DIRECTOR: "protocols.all_versions",
    Role.ADMINISTRATOR: "admin.clinicians",
}
"""The page on which each role starts."""


def register(app: Flask) -> None:
    """Serve the door to the pages of staff."""
    app.register_blueprint(bp)
    app.context_processor(_who)


@bp.get("")
def start() -> ResponseReturnValue:
    """Go to where the signed-in role starts."""
    return redirect(url_for(START[current_desk().actor.role]), 303)


def _who() -> dict[str, object]:
    """Return what the frame of every page says of who is signed in."""
    browser = current_browser()
    if browser is None or not browser.person_known:
        return {"who": None, "nav": []}
    role = browser.actor.role
    if role is Role.PATIENT:
        out, account = url_for("patient_sign_in.sign_out"), ""
    else:
        out, account = url_for("security.logout"), url_for("security.two_factor_setup")
    return {
        "who": browser.display_name,
        "nav": navigation(role),
        "sign_out_url": out,
        "account_url": account,
    }


def navigation(role: Role) -> list[NavItem]:
    """Return the pages of a role, in their order."""
    return [
        NavItem(words, url_for(endpoint))
        for endpoint, words in _pages()[role]
        if endpoint in current_app.view_functions
    ]


def _pages() -> dict[Role, list[tuple[str, str]]]:
    route = [("route.today", _("My route"))]
    return {
        Role.PATIENT: [("patient.home", _("My visits")), ("patient.ask", _("Ask for a visit"))],
        Role.DISPATCHER: [
            ("dispatch.day", _("Day")),
            ("dispatch.unassigned", _("Unassigned")),
            ("dispatch.patients", _("Patients")),
            ("dispatch.calls", _("Calls")),
            ("dispatch.messages", _("Messages")),
        ],
        Role.CLINICIAN: route,
        Role.PRESCRIBER: [
            ("prescriber.queue", _("Reviews")),
            ("prescriber.doses", _("Doses")),
            *route,
        ],
        Role.MEDICAL_DIRECTOR: [("protocols.all_versions", _("Protocols"))],
        Role.ADMINISTRATOR: [
            ("admin.clinicians", _("Clinicians")),
            ("admin.services", _("Services")),
            ("admin.scope", _("Scope rules")),
            ("admin.drives", _("Drives")),
            ("admin.users", _("Users")),
        ],
    }
