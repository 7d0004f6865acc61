"""The route of today and tomorrow, and one visit of it."""

import json
from urllib.parse import quote
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.services.route_of_day import look_at_stop, my_route
from scheduler.web.route.blueprint import bp
from scheduler.web.wiring import current_desk

_TOMORROW = "tomorrow"


@bp.get("")
def today() -> ResponseReturnValue:
    """Show today's route, or tomorrow's."""
    tomorrow = request.args.get("day") == _TOMORROW
    route = my_route(current_desk(), 1 if tomorrow else 0)
    return render_template("route/day.html", route=route, tomorrow=tomorrow)


@bp.get("/visits/<uuid:visit_id>")
def visit(visit_id: UUID) -> ResponseReturnValue:
    """Show one visit with all that is needed there."""
    return render_template("route/visit.html", stop=look_at_stop(current_desk(), visit_id))


def directions_url(address: str, *, maps: str = "geo") -> str:
    """Return a link that opens a map at an address; nobody's name is in it."""
    where = quote(address, safe="")
    if maps == "apple":
        return f"https://maps.apple.com/?daddr={where}"
    return f"geo:0,0?q={where}"


def access_lines(access: str) -> list[tuple[str, str]]:
    """Return how to get in, line by line: term and words; free text has no terms."""
    try:
        parts = json.loads(access)
    except ValueError:
        parts = None
    if not isinstance(parts, dict):
        return [("", line) for line in access.splitlines() if line.strip()]
    terms = _access_terms()
    return [(terms.get(str(name), str(name)), str(words)) for name, words in parts.items() if words]


def _access_terms() -> dict[str, str]:
    return {
        "unit": _("Unit"),
        "gate_code": _("Gate code"),
        "parking": _("Parking"),
        "pets": _("Pets"),
        "stairs": _("Stairs"),
        "at_home": _("Who is at home"),
    }
