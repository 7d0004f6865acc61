"""Who is asking: the bearer token of every call but the public ones."""

from flask import Blueprint, current_app, g, request

from scheduler.domain.errors import SchedulingError
from scheduler.services.sign_in import find_actor
from scheduler.store.database import db
from scheduler.web.wiring import wiring_of

bp = Blueprint("api", __name__, url_prefix="/api/v1")
PUBLIC_ENDPOINTS = frozenset({"api.patients.coverage"})


class NotSignedIn(SchedulingError):
    """The call carries no token that stands."""

    code = "not_signed_in"


@bp.before_request
def require_token() -> None:
    """Find the actor, or refuse the call."""
    if request.endpoint in PUBLIC_ENDPOINTS:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    actor = None
    if kind.lower() == "bearer" and token.isascii():
        clock = wiring_of(current_app).ports.clock
        actor = find_actor(db.session(), clock, token.strip())
    if actor is None:
        raise NotSignedIn("Send a valid token: Authorization: Bearer …")
    g.actor = actor
