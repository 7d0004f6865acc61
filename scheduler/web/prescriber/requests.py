"""The queue of what waits, and the review of one request."""

from typing import Literal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import SchedulingError
from scheduler.services.intake import review_request
from scheduler.services.review import look_at_review
from scheduler.services.waiting import what_waits
from scheduler.store.visits import RequestState
from scheduler.web.fields import Reason
from scheduler.web.forms import Form, parse
from scheduler.web.prescriber.blueprint import bp
from scheduler.web.refusals import shown_again
from scheduler.web.wiring import current_desk


class ReviewForm(Form):
    """What a prescriber says of an intake, and why."""

    decision: Literal["clear", "decline"]
    reason: Reason


@bp.get("")
def queue() -> ResponseReturnValue:
    """Show all that waits, what is due first at the head."""
    return render_template("prescriber/queue.html", waiting=what_waits(current_desk()))


@bp.get("/requests/<uuid:request_id>")
def review(request_id: UUID) -> ResponseReturnValue:
    """Show a request whole."""
    found = look_at_review(current_desk(), request_id)
    return render_template("prescriber/request.html", review=found)


@bp.post("/requests/<uuid:request_id>")
def decide(request_id: UUID) -> ResponseReturnValue:
    """Clear or decline a request."""
    desk = current_desk()
    try:
        said = parse(ReviewForm, request.form)
        clear = said.decision == "clear"
        state = review_request(desk, request_id, clear=clear, reason=said.reason)
    except SchedulingError as error:
        found = look_at_review(desk, request_id)
        return shown_again("prescriber/request.html", error, review=found)
    if not clear:
        flash(_("The request is declined."), "info")
    elif state is RequestState.AWAITING_ORDER:
        flash(_("The intake is cleared. Please sign the order next."), "info")
        return redirect(url_for("prescriber.order", request_id=request_id), 303)
    else:
        flash(_("The intake is cleared. A time can be chosen now."), "info")
    return redirect(url_for("prescriber.queue"), 303)
