"""A request without a visit: who can take it, who cannot and why, and giving it to somebody."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.services.booking import assign
from scheduler.services.candidates import candidates_for
from scheduler.services.desk import Desk
from scheduler.services.request_file import RequestFile, read_request_file
from scheduler.services.series import accept_series, propose_series
from scheduler.store.visits import RequestState
from scheduler.web.choices import ChoiceText, day_asked_for, read_choice
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.forms import Form, parse
from scheduler.web.once import Once, draw_once, repeat_key
from scheduler.web.wiring import current_desk


class AssignForm(Form):
    """Who comes, and when."""

    choice: ChoiceText


class PlanForm(Form):
    """One time for each visit of the plan, in order."""

    visits: list[ChoiceText]
    once: Once


@bp.get("/requests/<uuid:request_id>")
def request_page(request_id: UUID) -> ResponseReturnValue:
    """Show a request and who can take it."""
    return _page(current_desk(), request_id, {}), 200


def _page(desk: Desk, request_id: UUID, problems: dict[str, str], gone: str = "") -> str:
    file = read_request_file(desk, request_id)
    context: dict[str, object] = {"candidates": None, "plan": None, "no_plan": ""}
    if file.state is RequestState.OPEN and not file.dosed:
        context["candidates"] = candidates_for(desk, request_id, day_asked_for())
    elif file.state is RequestState.OPEN:
        context |= _plan(desk, file)
    return render_template(
        "dispatch/request.html",
        file=file,
        form=request.form,
        problems=problems,
        gone=gone,
        once=draw_once(),
        **context,
    )


def _plan(desk: Desk, file: RequestFile) -> dict[str, object]:
    try:
        plan = propose_series(desk, file.request_id)
    except SeriesDoesNotFit as refused:
        return {"no_plan": str(refused)}
    names = {each.clinician_id: each for each in file.clinicians(desk, plan)}
    return {"plan": [(offer, names[offer.clinician_id]) for offer in plan]}


@bp.post("/requests/<uuid:request_id>/assign")
def assign_request(request_id: UUID) -> ResponseReturnValue:
    """Give a request its visit; a time that is gone is answered with fresh candidates."""
    desk = current_desk()
    try:
        visit_id = assign(desk, request_id, read_choice(parse(AssignForm, request.form).choice))
    except InvalidInput as error:
        return _page(desk, request_id, error.problems), 422
    except SchedulingError as error:
        return _page(desk, request_id, {}, gone=str(error)), 409
    flash(_("Booked. The patient is told by text, or by a call where no text can go."), "info")
    return redirect(url_for("dispatch.visit", visit_id=visit_id), 303)


@bp.post("/requests/<uuid:request_id>/plan")
def take_plan(request_id: UUID) -> ResponseReturnValue:
    """Take the whole plan of a series for the patient."""
    desk = current_desk()
    try:
        form = parse(PlanForm, request.form)
        choices = [read_choice(each) for each in form.visits]
        accept_series(desk, request_id, choices, repeat_key(form.once, *form.visits))
    except InvalidInput as error:
        return _page(desk, request_id, error.problems), 422
    except SchedulingError as error:
        return _page(desk, request_id, {}, gone=str(error)), 409
    flash(_("All visits are planned. Each is booked once its dose is signed off."), "info")
    return redirect(url_for("dispatch.request_page", request_id=request_id), 303)
