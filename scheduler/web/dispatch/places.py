"""A visit of a plan without a time: who can make it, and giving it to somebody."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import InvalidInput, NotFound, SchedulingError
from scheduler.services.open_places import give_time, read_open_place
from scheduler.web.choices import day_asked_for, read_choice
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.dispatch.requests import AssignForm
from scheduler.web.forms import parse
from scheduler.web.wiring import current_desk

_PLACE = "/series/<uuid:series_id>/visits/<int(max=99):number>"


@bp.get(_PLACE)
def place(series_id: UUID, number: int) -> ResponseReturnValue:
    """Show who can make the visit, inside the distances of the plan."""
    return _page(series_id, number, {}), 200


def _page(series_id: UUID, number: int, problems: dict[str, str], gone: str = "") -> str:
    file = read_open_place(current_desk(), series_id, number, day_asked_for())
    return render_template(
        "dispatch/place.html",
        file=file,
        candidates=file.candidates,
        form=request.form,
        problems=problems,
        gone=gone,
    )


@bp.post(_PLACE)
def give(series_id: UUID, number: int) -> ResponseReturnValue:
    """Give the visit its time; one that is gone is answered with fresh candidates."""
    try:
        choice = read_choice(parse(AssignForm, request.form).choice)
        visit_id = give_time(current_desk(), series_id, number, choice)
    except InvalidInput as error:
        return _page(series_id, number, error.problems), 422
    except NotFound:
        raise
    except SchedulingError as error:
        return _page(series_id, number, {}, gone=str(error)), 409
    flash(_("The visit has a time again. Tell the patient on the phone."), "info")
    return redirect(url_for("dispatch.visit", visit_id=visit_id), 303)
