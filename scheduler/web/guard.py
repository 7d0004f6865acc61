"""Who may open which page: every blueprint is public by name here or asks for a role."""

from flask import Blueprint, Flask, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Forbidden

from scheduler.store.people import Role
from scheduler.web.browser_session import current_browser

PUBLIC_BLUEPRINTS = frozenset({"public", "patient_sign_in", "security", "health"})
"""Blueprints that anybody may call; all others ask, the API for a bearer token."""

_CSRF = CSRFProtect()


def register(app: Flask) -> None:
    """Ask for the form token wherever a browser's cookie counts; the API takes no cookies."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # the token ends with the browser's session
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # it would not see a blueprint inside another
    _CSRF.init_app(app)
    app.before_request(_ask_for_form_token)


def _ask_for_form_token() -> None:
    if request.method == "POST" and not request.path.startswith("/api/"):
        _CSRF.protect()


def only_for(bp: Blueprint, *roles: Role) -> None:
    """Let only people with one of the roles call the blueprint."""
    allowed = frozenset(roles)

    def ask() -> ResponseReturnValue | None:
        browser = current_browser()
        if browser is None or not browser.person_known:
            return _to_sign_in(allowed)
        if browser.actor.role not in allowed:
            raise Forbidden
        g.actor = browser.actor
        return None

    bp.before_request(ask)


def _to_sign_in(allowed: frozenset[Role]) -> ResponseReturnValue:
    if request.method != "GET":
        flash(_("Please sign in first. Nothing was changed."), "info")
        return redirect(sign_in_url(allowed), 303)
    flash(_("Please sign in to see this page."), "info")
    return redirect(sign_in_url(allowed, request.full_path.rstrip("?")), 303)


def sign_in_url(allowed: frozenset[Role], back_to: str = "") -> str:
    """Return where people of the roles sign in; `back_to` is where they wanted to go."""
    page = "patient_sign_in.ask_phone" if Role.PATIENT in allowed else "security.login"
    return url_for(page, next=back_to or None)
