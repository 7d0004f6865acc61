"""The signed cookie of a browser: a token and when it was last used, nothing about a person."""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta

from flask import Flask, current_app, flash, g, request, session
from flask_babel import gettext as _

from scheduler.services import browsers
from scheduler.services.browsers import Browser
from scheduler.store.database import db
from scheduler.store.encryption import keys
from scheduler.web.wiring import wiring_of

_TOKEN = "browser"  # noqa: S105
_SEEN = "seen"
_PHONE = "phone"
_PLACE = "cookie|phone"
_KEEP_SEEN = timedelta(minutes=1)
_WITHOUT_SESSION = frozenset({"static", "health", "openapi"})


def register(app: Flask, *, secure: bool) -> None:
    """Sign cookies, and find out at every request who is there."""
    app.secret_key = keys().secret("cookies")
    app.config.update(
        SESSION_COOKIE_NAME="visit_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=browsers.LONGEST,
    )
    app.before_request(_find_browser)


def begin(token: str, now: datetime) -> None:
    """Keep the token of a browser that was just signed in."""
    session[_TOKEN] = token
    session[_SEEN] = int(now.timestamp())


def token() -> str:
    """Return the browser's token, empty for a stranger's."""
    return str(session.get(_TOKEN, ""))


def keep_phone(phone: str) -> None:
    """Keep, sealed, the phone number that somebody is signing in with."""
    session[_PHONE] = b64encode(keys().seal(phone, _PLACE)).decode()


def phone() -> str:
    """Return the phone number that somebody is signing in with, or nothing."""
    sealed = session.get(_PHONE, "")
    return keys().open(b64decode(sealed), _PLACE) if sealed else ""


def forget() -> None:
    """Forget everything that the cookie holds."""
    session.clear()


def current_browser() -> Browser | None:
    """Return who is signed in at this browser, or None."""
    found: Browser | None = g.get("browser")
    return found


def _find_browser() -> None:
    endpoint = request.endpoint or ""
    if endpoint in _WITHOUT_SESSION or endpoint.startswith("api.") or not token():
        return
    now = wiring_of(current_app).ports.clock.now()
    idle = now.timestamp() - float(session.get(_SEEN, 0))
    found = browsers.find(db.session(), now, token())
    if found is None or idle > found.idle_limit.total_seconds():
        forget()
        flash(_("You were signed out to keep your data safe. Please sign in again."), "info")
        return
    g.browser = found
    if idle > _KEEP_SEEN.total_seconds():
        session[_SEEN] = int(now.timestamp())
