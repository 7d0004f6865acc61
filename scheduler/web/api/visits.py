"""Visits: confirmed, looked at, moved, cancelled, driven to and completed."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scheduler.domain.visits import VisitEvent
from scheduler.services.booking import confirm
from scheduler.services.changing import cancel, move, offers_to_move
from scheduler.services.day import Outcome, complete, progress
from scheduler.services.placing import Choice
from scheduler.services.reading import (
    look_at_visit,
    messages_of_visit,
    my_visits,
    visits_on_day,
)
from scheduler.store.people import Role
from scheduler.web.api import presenting
from scheduler.web.api.describing import described
from scheduler.web.api.given import MessageOut, MessagesOut, OffersOut, VisitOut, VisitsOut
from scheduler.web.api.presenting import answer
from scheduler.web.api.problems import body, query
from scheduler.web.api.taken import (
    CompletionIn,
    DayQuery,
    MoveIn,
    OffersQuery,
    ProgressIn,
    ReasonIn,
)
from scheduler.web.wiring import current_desk

bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.get("")
@described(answers=VisitsOut, query=DayQuery)
def several() -> ResponseReturnValue:
    """List one's own visits ahead or, for those who dispatch, everyone's on a day."""
    desk, on = current_desk(), query(DayQuery).on
    return answer(presenting.visits(my_visits(desk) if on is None else visits_on_day(desk, on)))


def _shown(visit_id: UUID) -> ResponseReturnValue:
    return answer(VisitOut.model_validate(look_at_visit(current_desk(), visit_id)))


@bp.get("/<uuid:visit_id>")
@described(answers=VisitOut)
def show(visit_id: UUID) -> ResponseReturnValue:
    """Show a visit."""
    return _shown(visit_id)


@bp.post("/<uuid:visit_id>/confirmation")
@described(answers=VisitOut)
def book(visit_id: UUID) -> ResponseReturnValue:
    """Turn a reservation into a booking."""
    confirm(current_desk(), visit_id)
    return _shown(visit_id)


@bp.get("/<uuid:visit_id>/offers")
@described(answers=OffersOut, query=OffersQuery)
def offers(visit_id: UUID) -> ResponseReturnValue:
    """Show other times for a visit, at its address or another of the patient's."""
    desk = current_desk()
    found = offers_to_move(desk, visit_id, query(OffersQuery).address_id)
    staff = desk.actor.role is not Role.PATIENT
    return answer(presenting.offers(desk.session, found, for_staff=staff))


@bp.post("/<uuid:visit_id>/move")
@described(MoveIn, VisitOut)
def to_another_time(visit_id: UUID) -> ResponseReturnValue:
    """Move a visit to another time, clinician or address."""
    wish = body(MoveIn)
    choice = Choice(wish.clinician_id, wish.starts_at)
    move(current_desk(), visit_id, choice, wish.address_id, wish.reason)
    return _shown(visit_id)


@bp.post("/<uuid:visit_id>/cancellation")
@described(ReasonIn, VisitOut)
def end(visit_id: UUID) -> ResponseReturnValue:
    """Cancel a visit."""
    cancel(current_desk(), visit_id, body(ReasonIn).reason)
    return _shown(visit_id)


@bp.post("/<uuid:visit_id>/progress")
@described(ProgressIn, VisitOut)
def step(visit_id: UUID) -> ResponseReturnValue:
    """Say that the clinician sets out, arrives or starts."""
    progress(current_desk(), visit_id, VisitEvent(body(ProgressIn).event))
    return _shown(visit_id)


@bp.post("/<uuid:visit_id>/completion")
@described(CompletionIn, VisitOut)
def finish(visit_id: UUID) -> ResponseReturnValue:
    """Complete a visit, a dosed one with what was given."""
    told = body(CompletionIn).outcome
    complete(current_desk(), visit_id, Outcome(**told.model_dump()) if told else None)
    return _shown(visit_id)


@bp.get("/<uuid:visit_id>/messages")
@described(answers=MessagesOut)
def messages(visit_id: UUID) -> ResponseReturnValue:
    """Show a visit's message trail."""
    rows = messages_of_visit(current_desk(), visit_id)
    return answer(MessagesOut(messages=[MessageOut.model_validate(row) for row in rows]))
