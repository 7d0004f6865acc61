"""What a clinician does at a visit: each step, the weight, the outcome, the end at the door."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.timing import local_day
from scheduler.domain.visits import VisitEvent
from scheduler.services.day import Outcome, complete, progress
from scheduler.services.door import DoorOutcome, end_at_door
from scheduler.services.route_of_day import StopCard, look_at_stop
from scheduler.services.weights import Reading, WeightDoubtful, from_pounds, record_weight
from scheduler.web.care_words import door_outcomes, tolerances
from scheduler.web.fields import MAX_WEIGHT_KG, Long, Mg, Reason
from scheduler.web.forms import Form, parse, parse_local
from scheduler.web.presenters import capitalize_first
from scheduler.web.refusals import shown_again
from scheduler.web.route.blueprint import bp
from scheduler.web.wiring import current_desk

MAX_POUNDS = 1100


class StepForm(Form):
    """The next step of a visit."""

    event: Literal["set out", "arrive", "start"]


class WeightForm(Form):
    """A weight as read from the scale, in its unit."""

    weight: Annotated[Decimal, Field(gt=0, le=MAX_POUNDS, max_digits=6, decimal_places=2)]
    unit: Literal["kg", "lb"]
    confirmed: bool = False


class OutcomeForm(Form):
    """What was given, between which local times, and how it was borne."""

    given_mg: Mg
    started_at: time
    ended_at: time
    stopped_early: bool
    tolerance: Literal["good", "fair", "poor"]
    notes: Long = ""


class DoneForm(Form):
    """A word about a visit without a dose."""

    note: Reason = ""


class DoorForm(Form):
    """How a visit ended at the door."""

    outcome: DoorOutcome
    note: Reason = ""


@bp.post("/visits/<uuid:visit_id>/step")
def step(visit_id: UUID) -> ResponseReturnValue:
    """Go a step further: on my way, arrived, start."""
    desk = current_desk()
    try:
        typed = parse(StepForm, request.form)
        progress(desk, visit_id, VisitEvent(typed.event))
    except SchedulingError as error:
        return shown_again("route/visit.html", error, stop=look_at_stop(desk, visit_id))
    return redirect(url_for("route.visit", visit_id=visit_id), 303)


@bp.get("/visits/<uuid:visit_id>/weight")
def weight(visit_id: UUID) -> ResponseReturnValue:
    """Ask for a weight measured now."""
    return render_template("route/weight.html", stop=look_at_stop(current_desk(), visit_id))


@bp.post("/visits/<uuid:visit_id>/weight")
def take_weight(visit_id: UUID) -> ResponseReturnValue:
    """Keep a weight; one far from the last is asked about first."""
    desk = current_desk()
    doubt = ""
    try:
        typed = parse(WeightForm, request.form)
        kg = typed.weight if typed.unit == "kg" else from_pounds(typed.weight)
        if kg > MAX_WEIGHT_KG:
            raise InvalidInput({"weight": _("Enter at most %(le)s.", le=f"{MAX_WEIGHT_KG} kg")})
        record_weight(desk, visit_id, Reading(kg, typed.confirmed))
    except SchedulingError as error:
        if isinstance(error, WeightDoubtful):
            doubt = str(error)
            error = InvalidInput({"weight": doubt})
        stop = look_at_stop(desk, visit_id)
        return shown_again("route/weight.html", error, stop=stop, doubt=doubt)
    flash(_("The weight is recorded."), "info")
    return redirect(url_for("route.visit", visit_id=visit_id), 303)


def _tolerances() -> list[tuple[str, str]]:
    return [(code, capitalize_first(words)) for code, words in tolerances().items()]


def _outcomes() -> list[tuple[str, str]]:
    return [(outcome.value, words) for outcome, words in door_outcomes().items()]


@bp.get("/visits/<uuid:visit_id>/outcome")
def outcome(visit_id: UUID) -> ResponseReturnValue:
    """Ask for the outcome."""
    stop = look_at_stop(current_desk(), visit_id)
    return render_template("route/outcome.html", stop=stop, tolerances=_tolerances())


@bp.post("/visits/<uuid:visit_id>/outcome")
def record_outcome(visit_id: UUID) -> ResponseReturnValue:
    """Complete the visit with what was given, or with a word where there is no dose."""
    desk = current_desk()
    stop = look_at_stop(desk, visit_id)
    try:
        if stop.dosed:
            typed = parse(OutcomeForm, request.form)
            complete(desk, visit_id, _given(stop, typed, desk.now()))
        else:
            complete(desk, visit_id, None, parse(DoneForm, request.form).note)
    except SchedulingError as error:
        named = _as_typed(error)
        return shown_again("route/outcome.html", named, stop=stop, tolerances=_tolerances())
    flash(_("The visit is recorded."), "info")
    return redirect(url_for("route.today"), 303)


def _given(stop: StopCard, typed: OutcomeForm, now: datetime) -> Outcome:
    started_at, ended_at = _instants(stop, typed, now)
    return Outcome(
        given_mg=typed.given_mg,
        started_at=started_at,
        ended_at=ended_at,
        aborted=typed.stopped_early,
        tolerance=typed.tolerance,
        notes=typed.notes,
    )


def _instants(stop: StopCard, typed: OutcomeForm, now: datetime) -> tuple[datetime, datetime]:
    """Return start and end on the visit's day; past midnight where the clock has gone past it."""
    day = local_day(stop.starts_at, stop.zone)
    started_at = parse_local(day, typed.started_at, stop.zone, "started_at")
    past_midnight = typed.ended_at < typed.started_at and local_day(now, stop.zone) > day
    ends_on = day + timedelta(days=1) if past_midnight else day
    return started_at, parse_local(ends_on, typed.ended_at, stop.zone, "ended_at")


_FIELDS = {"aborted": "stopped_early", "outcome": "given_mg"}
"""How the form names what the service calls otherwise."""


def _as_typed(error: SchedulingError) -> SchedulingError:
    if isinstance(error, InvalidInput):
        problems = {_FIELDS.get(name, name): words for name, words in error.problems.items()}
        return InvalidInput(problems)
    return error


@bp.get("/visits/<uuid:visit_id>/door")
def door(visit_id: UUID) -> ResponseReturnValue:
    """Ask what happened at the door."""
    stop = look_at_stop(current_desk(), visit_id)
    return render_template("route/door.html", stop=stop, outcomes=_outcomes())


@bp.post("/visits/<uuid:visit_id>/door")
def end_visit_at_door(visit_id: UUID) -> ResponseReturnValue:
    """End the visit before its start."""
    desk = current_desk()
    try:
        typed = parse(DoorForm, request.form)
        end_at_door(desk, visit_id, typed.outcome, typed.note)
    except SchedulingError as error:
        stop = look_at_stop(desk, visit_id)
        return shown_again("route/door.html", error, stop=stop, outcomes=_outcomes())
    flash(_("Dispatch is asked to call and to find a new time."), "info")
    return redirect(url_for("route.today"), 303)
