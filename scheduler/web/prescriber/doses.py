"""Doses: what can be signed off, the sign-off itself, and what becomes of a stopped series."""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import IllegalTransition, SchedulingError
from scheduler.domain.series import SeriesState
from scheduler.services.deciding import decide_series
from scheduler.services.release import authorise_dose
from scheduler.services.series_review import look_at_dose, look_at_series_review
from scheduler.services.waiting import next_doses
from scheduler.web.accounts import require_password
from scheduler.web.fields import Mg, Password, Reason
from scheduler.web.forms import Form, parse
from scheduler.web.prescriber.blueprint import bp
from scheduler.web.prescriber.chart import draw
from scheduler.web.refusals import shown_again
from scheduler.web.wiring import current_desk


class AuthoriseForm(Form):
    """The mg as read and typed again, and the signature."""

    mg: Mg
    password: Password


class DecideForm(Form):
    """Whether a series goes on, and why."""

    decision: Literal["go_on", "end"]
    reason: Reason


@bp.get("/doses")
def doses() -> ResponseReturnValue:
    """Show the next dose of each series, and what is missing."""
    found, more = next_doses(current_desk())
    return render_template("prescriber/doses.html", doses=found, more=more)


@bp.get("/series/<uuid:series_id>/doses/<int:number>")
def dose(series_id: UUID, number: int) -> ResponseReturnValue:
    """Show how a dose is worked out, and what was given before."""
    found = look_at_dose(current_desk(), series_id, number)
    chart = draw(found.series, found.dose)
    return render_template("prescriber/dose.html", found=found, chart=chart)


@bp.post("/series/<uuid:series_id>/doses/<int:number>")
def authorise(series_id: UUID, number: int) -> ResponseReturnValue:
    """Sign a dose off: the mg typed again, and one's password."""
    desk = current_desk()
    typed: AuthoriseForm | None = None
    try:
        typed = parse(AuthoriseForm, request.form)
        require_password(desk, typed.password)
        authorise_dose(desk, series_id, number, typed.mg)
    except SchedulingError as error:
        found = look_at_dose(desk, series_id, number)
        if not _is_done(error, found.dose.signed_mg, typed):
            chart = draw(found.series, found.dose)
            return shown_again("prescriber/dose.html", error, found=found, chart=chart)
    flash(_("The dose is signed off and the visit is booked."), "info")
    return redirect(url_for("prescriber.doses"), 303)


def _is_done(
    error: SchedulingError, signed_mg: Decimal | None, typed: AuthoriseForm | None
) -> bool:
    """Say whether a form came twice: the very dose it signs off is signed off."""
    return isinstance(error, IllegalTransition) and typed is not None and signed_mg == typed.mg


@bp.get("/series/<uuid:series_id>")
def series(series_id: UUID) -> ResponseReturnValue:
    """Show a series whole."""
    found = look_at_series_review(current_desk(), series_id)
    return render_template("prescriber/series.html", series=found, chart=draw(found))


@bp.post("/series/<uuid:series_id>")
def decide_on_series(series_id: UUID) -> ResponseReturnValue:
    """Let a stopped series go on, or end it."""
    desk = current_desk()
    try:
        said = parse(DecideForm, request.form)
        go_on = said.decision == "go_on"
        state = decide_series(desk, series_id, go_on=go_on, reason=said.reason)
    except SchedulingError as error:
        found = look_at_series_review(desk, series_id)
        return shown_again("prescriber/series.html", error, series=found, chart=draw(found))
    if state is SeriesState.COMPLETED:
        flash(_("The series is completed: no dose was left."), "info")
    elif go_on:
        flash(_("The series goes on. Its next dose waits for your signature."), "info")
        return redirect(url_for("prescriber.doses"), 303)
    else:
        flash(_("The series has ended. Its visits are called off, the patient is told."), "info")
    return redirect(url_for("prescriber.queue"), 303)
