"""Series: the proposed calendar, taking it, and releasing the next dose."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scheduler.services.desk import Desk
from scheduler.services.dose_review import dose_to_authorise
from scheduler.services.placing import Choice
from scheduler.services.reading import look_at_series
from scheduler.services.release import authorise_dose
from scheduler.services.series import accept_series, propose_series
from scheduler.store.people import Role
from scheduler.web.api import presenting
from scheduler.web.api.describing import described
from scheduler.web.api.given import CalendarOut, DoseOut, DoseToAuthoriseOut, SeriesOut
from scheduler.web.api.presenting import answer
from scheduler.web.api.problems import body, repeat_key
from scheduler.web.api.taken import AuthorisationIn, SeriesIn
from scheduler.web.wiring import current_desk

bp = Blueprint("series", __name__)


def _sees_doses(desk: Desk) -> bool:
    return desk.actor.role in {Role.PATIENT, Role.PRESCRIBER}


@bp.get("/requests/<uuid:request_id>/series")
@described(answers=CalendarOut)
def propose(request_id: UUID) -> ResponseReturnValue:
    """Propose a calendar for the whole series."""
    desk = current_desk()
    return answer(presenting.calendar(desk.session, propose_series(desk, request_id)))


@bp.post("/requests/<uuid:request_id>/series")
@described(SeriesIn, SeriesOut, 201, repeatable=True)
def accept(request_id: UUID) -> ResponseReturnValue:
    """Take a calendar: all visits or none."""
    wish = body(SeriesIn)
    desk = current_desk()
    choices = [Choice(each.clinician_id, each.starts_at) for each in wish.visits]
    made = accept_series(desk, request_id, choices, repeat_key())
    return answer(presenting.series(*look_at_series(desk, made), with_doses=_sees_doses(desk)), 201)


@bp.get("/series/<uuid:series_id>")
@described(answers=SeriesOut)
def show(series_id: UUID) -> ResponseReturnValue:
    """Show a series."""
    desk = current_desk()
    found = look_at_series(desk, series_id)
    return answer(presenting.series(*found, with_doses=_sees_doses(desk)))


@bp.get("/series/<uuid:series_id>/administrations/<int:number>/dose")
@described(answers=DoseToAuthoriseOut)
def show_dose(series_id: UUID, number: int) -> ResponseReturnValue:
    """Show a prescriber what a dose works out to, and what stands against signing it off."""
    return answer(
        DoseToAuthoriseOut.model_validate(dose_to_authorise(current_desk(), series_id, number))
    )


@bp.post("/series/<uuid:series_id>/administrations/<int:number>/authorisation")
@described(AuthorisationIn, DoseOut)
def authorise(series_id: UUID, number: int) -> ResponseReturnValue:
    """Authorise one dose as it was read; the guard's refusals are answered in words."""
    seen = body(AuthorisationIn).mg
    mg = authorise_dose(current_desk(), series_id, number, seen)
    return answer(DoseOut(mg=str(mg)))
