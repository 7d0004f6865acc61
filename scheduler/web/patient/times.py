"""Choosing a time for a request: offers by day, one of them kept for ten minutes; other days."""

from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import InvalidInput
from scheduler.matching.decide import NotEligible, SlotTaken
from scheduler.services.booking import PlannedAsSeries, reserve
from scheduler.services.offers import NotYetBookable
from scheduler.services.patient_asking import change_days, look_at_days
from scheduler.services.patient_times import Times, times_for
from scheduler.web.choices import ChoiceText, day_asked_for, read_choice
from scheduler.web.fields import BirthDate
from scheduler.web.forms import Form, parse
from scheduler.web.once import Once, draw_once, repeat_key
from scheduler.web.patient.blueprint import again, bp
from scheduler.web.wiring import current_desk

SAME = "same"


class TimeForm(Form):
    """The time that is taken."""

    choice: ChoiceText
    once: Once


class DaysForm(Form):
    """Other days."""

    first_day: BirthDate
    last_day: BirthDate


@bp.get("/requests/<uuid:request_id>/times")
def times(request_id: UUID) -> ResponseReturnValue:
    """Show the times that can be had, one day at a time."""
    try:
        return _page(request_id, {})
    except NotYetBookable:
        return _where_it_stands(request_id)


def _where_it_stands(request_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("patient.request_page", request_id=request_id), 303)


def _page(request_id: UUID, problems: dict[str, str], gone: str = "") -> ResponseReturnValue:
    same_only = request.args.get("who") == SAME
    found = times_for(current_desk(), request_id, same_only=same_only)
    if found.request.dosed:
        return redirect(url_for("patient.plan", request_id=request_id), 303)
    page = render_template(
        "patient/times.html",
        found=found,
        day=shown_day(found.times),
        same_only=same_only,
        once=draw_once(),
        problems=problems,
        gone=gone,
    )
    return page, 409 if gone else 422 if problems else 200


def shown_day(found: Times) -> date | None:
    """Return the day whose offers are shown: the one asked for, else the first that has any."""
    asked = day_asked_for()
    return asked if asked in found.days else next(iter(found.days), None)


@bp.post("/requests/<uuid:request_id>/times")
def take_time(request_id: UUID) -> ResponseReturnValue:
    """Keep a time for ten minutes; one that is gone is answered with fresh ones."""
    try:
        form = parse(TimeForm, request.form)
        key = repeat_key(form.once, form.choice)
        made = reserve(current_desk(), request_id, read_choice(form.choice), key)
    except InvalidInput as error:
        return _page(request_id, error.problems)
    except (SlotTaken, NotEligible):
        gone = _("Somebody else has just taken this time. Here are the times that are free now.")
        return _page(request_id, {}, gone)
    except (NotYetBookable, PlannedAsSeries):
        return _where_it_stands(request_id)
    return redirect(url_for("patient.confirm_page", visit_id=made), 303)


@bp.get("/requests/<uuid:request_id>/days")
def days(request_id: UUID) -> ResponseReturnValue:
    """Ask for other days."""
    address, first, last = look_at_days(current_desk(), request_id)
    form = {"first_day": first, "last_day": last}
    return render_template("patient/days.html", request_id=request_id, address=address, form=form)


@bp.post("/requests/<uuid:request_id>/days")
def take_days(request_id: UUID) -> ResponseReturnValue:
    """Change the days of a request."""
    desk = current_desk()
    address, _first, _last = look_at_days(desk, request_id)
    try:
        form = parse(DaysForm, request.form)
        change_days(desk, request_id, form.first_day, form.last_day)
    except InvalidInput as error:
        return again("patient/days.html", error, request_id=request_id, address=address)
    flash(_("We look at these days now."), "info")
    return _where_it_stands(request_id)
