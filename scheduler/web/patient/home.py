"""What a patient sees first, and where one request stands."""

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from scheduler.services.patient_home import look_at_my_request, look_home
from scheduler.web.patient.blueprint import bp
from scheduler.web.wiring import current_desk


@bp.get("")
def home() -> ResponseReturnValue:
    """Show what is open, what is ahead, and what is past."""
    desk = current_desk()
    return render_template("patient/home.html", home=look_home(desk), now=desk.now())


@bp.get("/requests/<uuid:request_id>")
def request_page(request_id: UUID) -> ResponseReturnValue:
    """Show where a request stands."""
    desk = current_desk()
    found = look_at_my_request(desk, request_id)
    return render_template("patient/request.html", page=found, now=desk.now())
