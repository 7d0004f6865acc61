"""One visit: its facts, history and texts; move, cancel, lock."""

from typing import Annotated
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import StringConstraints

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.services.candidates import Candidates, candidates_to_move
from scheduler.services.changing import cancel, move
from scheduler.services.desk import Desk
from scheduler.services.visit_file import read_visit_file
from scheduler.services.visit_locks import lock_visit, unlock_visit
from scheduler.web.choices import ChoiceText, day_asked_for, read_choice
from scheduler.web.dispatch.blueprint import Note, bp
from scheduler.web.forms import Form, parse
from scheduler.web.wiring import current_desk


class MoveForm(Form):
    """Where a visit goes, and why."""

    choice: ChoiceText
    reason: Note
    address_id: UUID | None = None


class ReasonForm(Form):
    """Why."""

    reason: Note


class LockForm(Form):
    """Why a visit must stay where it is."""

    lock_reason: Annotated[Note, StringConstraints(max_length=200)]


@bp.get("/visits/<uuid:visit_id>")
def visit(visit_id: UUID) -> ResponseReturnValue:
    """Show a visit."""
    return _page(current_desk(), visit_id, {}), 200


def _page(desk: Desk, visit_id: UUID, problems: dict[str, str], refused: str = "") -> str:
    return render_template(
        "dispatch/visit.html",
        file=read_visit_file(desk, visit_id),
        form=request.form,
        problems=problems,
        refused=refused,
    )


def _back(visit_id: UUID, words: str) -> ResponseReturnValue:
    flash(words, "info")
    return redirect(url_for("dispatch.visit", visit_id=visit_id), 303)


@bp.get("/visits/<uuid:visit_id>/move")
def ask_move(visit_id: UUID) -> ResponseReturnValue:
    """Show who can make the visit at another time, or at another address."""
    return _move_page(current_desk(), visit_id, _address_asked_for(), {}), 200


def _address_asked_for() -> UUID | None:
    try:
        return UUID(request.args.get("address", ""))
    except ValueError:
        return None


def _move_page(
    desk: Desk,
    visit_id: UUID,
    address_id: UUID | None,
    problems: dict[str, str],
    refused: str = "",
) -> str:
    file = read_visit_file(desk, visit_id)
    candidates: Candidates | None = None
    if file.movable and not file.locked:
        try:
            candidates = candidates_to_move(desk, visit_id, address_id, day_asked_for())
        except SchedulingError as error:
            refused = refused or str(error)
    return render_template(
        "dispatch/move.html",
        file=file,
        candidates=candidates,
        address_id=address_id or file.address_id,
        form=request.form,
        problems=problems,
        refused=refused,
    )


@bp.post("/visits/<uuid:visit_id>/move")
def move_visit(visit_id: UUID) -> ResponseReturnValue:
    """Move a visit; what would break a rule is refused in words and changes nothing."""
    desk = current_desk()
    address_id = None
    try:
        form = parse(MoveForm, request.form)
        address_id = form.address_id
        move(desk, visit_id, read_choice(form.choice), address_id, form.reason)
    except InvalidInput as error:
        return _move_page(desk, visit_id, address_id, error.problems), 422
    except SchedulingError as error:
        return _move_page(desk, visit_id, address_id, {}, str(error)), 409
    return _back(visit_id, _("Moved. The patient is told by text, or by a call."))


@bp.post("/visits/<uuid:visit_id>/cancel")
def cancel_visit(visit_id: UUID) -> ResponseReturnValue:
    """Cancel a visit with a reason."""
    desk = current_desk()
    try:
        cancel(desk, visit_id, parse(ReasonForm, request.form).reason)
    except InvalidInput as error:
        return _page(desk, visit_id, error.problems), 422
    except SchedulingError as error:
        return _page(desk, visit_id, {}, str(error)), 409
    return _back(visit_id, _("Canceled. The patient is told by text, or by a call."))


@bp.post("/visits/<uuid:visit_id>/lock")
def lock(visit_id: UUID) -> ResponseReturnValue:
    """Lock a visit where it is."""
    desk = current_desk()
    try:
        lock_visit(desk, visit_id, parse(LockForm, request.form).lock_reason)
    except InvalidInput as error:
        return _page(desk, visit_id, error.problems), 422
    except SchedulingError as error:
        return _page(desk, visit_id, {}, str(error)), 409
    return _back(visit_id, _("Locked. It stays where it is until somebody unlocks it."))


@bp.post("/visits/<uuid:visit_id>/unlock")
def unlock(visit_id: UUID) -> ResponseReturnValue:
    """Unlock a visit."""
    desk = current_desk()
    try:
        unlock_visit(desk, visit_id)
    except SchedulingError as error:
        return _page(desk, visit_id, {}, str(error)), 409
    return _back(visit_id, _("Unlocked."))
