"""Clinicians: time off and the end of a license."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scheduler.services.staffing import add_time_off, end_licence
from scheduler.web.api.describing import described
from scheduler.web.api.given import CountOut, Created
from scheduler.web.api.presenting import answer
from scheduler.web.api.problems import body
from scheduler.web.api.taken import LicenceEndIn, TimeOffIn
from scheduler.web.wiring import current_desk

bp = Blueprint("clinicians", __name__)


@bp.post("/clinicians/<uuid:clinician_id>/time-off")
@described(TimeOffIn, Created, 201)
def off(clinician_id: UUID) -> ResponseReturnValue:
    """Take a clinician out of the plan for whole days."""
    new = body(TimeOffIn)
    days = (new.first_day, new.last_day)
    return answer(Created(id=add_time_off(current_desk(), clinician_id, days, new.reason)), 201)


@bp.post("/licenses/<uuid:licence_id>/end")
@described(LicenceEndIn, CountOut)
def end(licence_id: UUID) -> ResponseReturnValue:
    """Let a license end; visits that it no longer covers are cancelled and told."""
    told = body(LicenceEndIn)
    ended = end_licence(current_desk(), licence_id, told.through, told.reason)
    return answer(CountOut(cancelled_visits=ended))
