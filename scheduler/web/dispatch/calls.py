"""Calls to make, and the outbox."""

from typing import Annotated
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import AfterValidator, StringConstraints

from scheduler.domain.errors import InvalidInput
from scheduler.services.calls import LONGEST_OUTCOME, finish_call, open_calls
from scheduler.services.message_trail import Shelf, read_texts
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.fields import plain
from scheduler.web.forms import Form, parse
from scheduler.web.wiring import current_desk, wiring_of

MOST_DIGITS = 4


class OutcomeForm(Form):
    """What came of a call."""

    outcome: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_OUTCOME),
        AfterValidator(plain),
    ]


@bp.get("/calls")
def calls() -> ResponseReturnValue:
    """Show the calls that wait."""
    return _page(None, {}), 200


def _page(task_id: UUID | None, problems: dict[str, str]) -> str:
    return render_template(
        "dispatch/calls.html",
        calls=open_calls(current_desk()),
        at=task_id,
        form=request.form,
        problems=problems,
    )


@bp.post("/calls/<uuid:task_id>")
def finish(task_id: UUID) -> ResponseReturnValue:
    """Write down what came of a call."""
    try:
        finish_call(current_desk(), task_id, parse(OutcomeForm, request.form).outcome)
    except InvalidInput as error:
        return _page(task_id, error.problems), 422
    flash(_("Written down."), "info")
    return redirect(url_for("dispatch.calls"), 303)


@bp.get("/outbox")
def outbox() -> ResponseReturnValue:
    """Show the texts that stay on this machine, or all of them where a carrier takes them."""
    return redirect(url_for("dispatch.messages", show=Shelf.SENT.value), 303)


@bp.get("/messages")
def messages() -> ResponseReturnValue:
    """Show the outbox, by where the texts stand."""
    shelf = next((each for each in Shelf if each == request.args.get("show")), Shelf.ALL)
    found = read_texts(current_desk(), shelf, _page_asked_for())
    stays = wiring_of(current_app).ports.sms.name == "outbox"
    return render_template("dispatch/messages.html", found=found, shelf=shelf, stays=stays)


def _page_asked_for() -> int:
    text = request.args.get("page", "")
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) <= MOST_DIGITS else 1
