"""Visit requests: made, reviewed, ordered, and what is offered for them."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scheduler.matching.decide import NotEligible, SlotTaken
from scheduler.services.booking import reserve
from scheduler.services.desk import Desk
from scheduler.services.intake import Intake, NewRequest, request_visit, review_request
from scheduler.services.offers import offers_for
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.placing import Choice
from scheduler.services.reading import look_at_request, look_at_visit
from scheduler.store.people import Role
from scheduler.web.api import presenting
from scheduler.web.api.describing import described
from scheduler.web.api.given import Created, OffersOut, RequestOut, VisitOut
from scheduler.web.api.presenting import answer
from scheduler.web.api.problems import body, discreet, problem, repeat_key
from scheduler.web.api.taken import ChoiceIn, OrderIn, RequestIn, ReviewIn
from scheduler.web.wiring import current_desk

bp = Blueprint("requests", __name__, url_prefix="/requests")


@bp.post("")
@described(RequestIn, RequestOut, 201)
def make() -> ResponseReturnValue:
    """Ask for a visit; the answer says what comes next."""
    new = body(RequestIn)
    desk = current_desk()
    flags = new.intake.model_dump(include={"pregnant", "dementia_symptoms", "addiction_history"})
    made = request_visit(
        desk,
        NewRequest(
            new.patient_id,
            new.address_id,
            new.service_code,
            new.wanted_from,
            new.wanted_until,
            Intake(new.intake.condition, new.intake.weight_kg, flags, new.intake.treatment_consent),
            new.preferred_clinician_id,
        ),
    )
    return answer(RequestOut.model_validate(look_at_request(desk, made)), 201)


@bp.get("/<uuid:request_id>")
@described(answers=RequestOut)
def show(request_id: UUID) -> ResponseReturnValue:
    """Show where a request stands."""
    return answer(RequestOut.model_validate(look_at_request(current_desk(), request_id)))


@bp.post("/<uuid:request_id>/review")
@described(ReviewIn, RequestOut)
def review(request_id: UUID) -> ResponseReturnValue:
    """Clear or decline a request that needs supervision."""
    word = body(ReviewIn)
    desk = current_desk()
    review_request(desk, request_id, clear=word.clear, reason=word.reason)
    return answer(RequestOut.model_validate(look_at_request(desk, request_id)))


@bp.post("/<uuid:request_id>/order")
@described(OrderIn, Created, 201)
def order(request_id: UUID) -> ResponseReturnValue:
    """Sign an order for a request."""
    new = body(OrderIn)
    made = sign_order(
        current_desk(),
        NewOrder(
            request_id=request_id,
            indication=new.indication,
            expires_at=new.expires_at,
            max_administrations=new.max_administrations,
            protocol_id=new.protocol_id,
            max_mg_per_administration=new.max_mg_per_administration,
            max_cumulative_mg=new.max_cumulative_mg,
        ),
    )
    return answer(Created(id=made), 201)


@bp.get("/<uuid:request_id>/offers")
@described(answers=OffersOut)
def offers(request_id: UUID) -> ResponseReturnValue:
    """Show who could come when, or why nobody can."""
    desk = current_desk()
    found = offers_for(desk, request_id)
    return answer(presenting.offers(desk.session, found, for_staff=_is_staff(desk)))


def _is_staff(desk: Desk) -> bool:
    return desk.actor.role is not Role.PATIENT


@bp.post("/<uuid:request_id>/reservation")
@described(ChoiceIn, VisitOut, 201, repeatable=True)
def take(request_id: UUID) -> ResponseReturnValue:
    """Keep an offer for ten minutes; one that is gone is answered with fresh offers."""
    wish = body(ChoiceIn)
    desk = current_desk()
    choice = Choice(wish.clinician_id, wish.starts_at)
    try:
        made = reserve(desk, request_id, choice, repeat_key())
    except (SlotTaken, NotEligible) as refused:
        gone = discreet(refused)
        fresh = presenting.offers(desk.session, offers_for(desk, request_id), for_staff=False)
        offers = fresh.model_dump(mode="json")["offers"]
        return problem(HTTPStatus.CONFLICT, gone.code, str(gone), {"starts_at": str(gone)}, offers)
    return answer(VisitOut.model_validate(look_at_visit(desk, made)), 201)
