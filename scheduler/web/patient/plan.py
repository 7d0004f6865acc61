"""The calendar of a whole series: proposed, looked at, and taken all together."""

from datetime import date
from typing import Annotated
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from scheduler.domain.errors import InvalidInput
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.matching.decide import NotEligible, SlotTaken
from scheduler.services.offers import NotYetBookable
from scheduler.services.patient_times import plan_for
from scheduler.services.placing import OrderMissing
from scheduler.services.series import accept_series
from scheduler.web.choices import ChoiceText, read_choice
from scheduler.web.forms import Form, parse
from scheduler.web.once import Agreed, Once, draw_once, repeat_key
from scheduler.web.patient.blueprint import bp
from scheduler.web.wiring import current_desk

_MOST = 40


class PlanForm(Form):
    """A whole calendar, and the patient's word on the policy."""

    visits: Annotated[list[ChoiceText], Field(min_length=1, max_length=_MOST)]
    policy: Agreed
    once: Once


@bp.get("/requests/<uuid:request_id>/plan")
def plan(request_id: UUID) -> ResponseReturnValue:
    """Show the whole proposed calendar."""
    try:
        return _page(request_id, {})
    except (NotYetBookable, InvalidInput):
        return _where_it_stands(request_id)


def _where_it_stands(request_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("patient.request_page", request_id=request_id), 303)


def _page(request_id: UUID, problems: dict[str, str], gone: str = "") -> ResponseReturnValue:
    desk = current_desk()
    first_day = _first_day()
    page = render_template(
        "patient/plan.html",
        plan=plan_for(desk, request_id, first_day),
        first_day=first_day,
        policy=desk.practice.policy,
        once=draw_once(),
        form=request.form,
        problems=problems,
        gone=gone,
    )
    return page, 409 if gone else 422 if problems else 200


def _first_day() -> date | None:
    """Return the first day that the address of the page names, or None."""
    try:
        return date.fromisoformat(request.args.get("first_day", ""))
    except ValueError:
        return None


@bp.post("/requests/<uuid:request_id>/plan")
def take_plan(request_id: UUID) -> ResponseReturnValue:
    """Take the whole calendar; when a time is gone, nothing is taken and a fresh one is shown."""
    desk = current_desk()
    try:
        form = parse(PlanForm, request.form)
        choices = [read_choice(text) for text in form.visits]
        key = repeat_key(form.once, *form.visits)
        accept_series(desk, request_id, choices, key, desk.practice.policy)
    except InvalidInput as error:
        return _page(request_id, error.problems)
    except (SlotTaken, NotEligible, SeriesDoesNotFit, OrderMissing):
        gone = _("One of these times has just been taken. Nothing is booked. Here is a new plan.")
        return _page(request_id, {}, gone)
    except NotYetBookable:
        pass  # it has its calendar: taken before, perhaps at another phone
    return _where_it_stands(request_id)
