"""A patient's visits: confirmed, looked at, moved, cancelled."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import IllegalTransition, InvalidInput, SchedulingError
from scheduler.domain.visits import VisitState
from scheduler.matching.decide import NotEligible, SlotTaken
from scheduler.services.booking import ReservationOver, confirm
from scheduler.services.changing import cancel, move
from scheduler.services.patient_home import look_at_my_visit
from scheduler.services.patient_times import times_to_move
from scheduler.services.placing import OrderMissing
from scheduler.web.choices import ChoiceText, read_choice
from scheduler.web.fields import Reason
from scheduler.web.forms import Form, parse
from scheduler.web.once import Agreed
from scheduler.web.patient.blueprint import again, bp
from scheduler.web.patient.times import shown_day
from scheduler.web.wiring import current_desk


class ConfirmForm(Form):
    """The patient's word on the policy."""

    policy: Agreed


class MoveForm(Form):
    """Where to, and when."""

    choice: ChoiceText
    address_id: UUID


class CancelForm(Form):
    """Why, if the patient wants to say."""

    reason: Reason = ""


_GIVEN_BACK = {VisitState.EXPIRED, VisitState.CANCELLED}


@bp.get("/visits/<uuid:visit_id>")
def visit(visit_id: UUID) -> ResponseReturnValue:
    """Show a visit as it now stands."""
    desk = current_desk()
    found = look_at_my_visit(desk, visit_id)
    if found.state is VisitState.RESERVED:
        return redirect(url_for("patient.confirm_page", visit_id=visit_id), 303)
    return render_template("patient/visit.html", visit=found, policy=desk.practice.policy)


def _to_visit(visit_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("patient.visit", visit_id=visit_id), 303)


@bp.get("/visits/<uuid:visit_id>/confirm")
def confirm_page(visit_id: UUID) -> ResponseReturnValue:
    """Show the time that is kept, and the policy to agree to."""
    desk = current_desk()
    found = look_at_my_visit(desk, visit_id)
    if found.state in _GIVEN_BACK or found.is_over_at(desk.now()):
        return _over(visit_id)
    if found.state is not VisitState.RESERVED:
        return _to_visit(visit_id)
    return render_template("patient/confirm.html", visit=found, policy=desk.practice.policy)


def _over(visit_id: UUID) -> ResponseReturnValue:
    found = look_at_my_visit(current_desk(), visit_id)
    return render_template("patient/over.html", visit=found), 409


@bp.post("/visits/<uuid:visit_id>/confirm")
def take_confirmation(visit_id: UUID) -> ResponseReturnValue:
    """Turn the kept time into a visit."""
    desk = current_desk()
    policy = desk.practice.policy
    try:
        parse(ConfirmForm, request.form)
        confirm(desk, visit_id, policy)
    except InvalidInput as error:
        found = look_at_my_visit(desk, visit_id)
        if found.state is not VisitState.RESERVED:
            return confirm_page(visit_id)
        return again("patient/confirm.html", error, visit=found, policy=policy)
    except (ReservationOver, OrderMissing, IllegalTransition):
        return _over(visit_id)
    flash(_("Your visit is booked."), "info")
    return _to_visit(visit_id)


@bp.get("/visits/<uuid:visit_id>/move")
def move_page(visit_id: UUID) -> ResponseReturnValue:
    """Show other times, at this or another address."""
    try:
        return _move_page(visit_id, {})
    except IllegalTransition as error:
        return _not_now(visit_id, error)


def _not_now(visit_id: UUID, error: SchedulingError) -> ResponseReturnValue:
    found = look_at_my_visit(current_desk(), visit_id)
    return render_template("patient/not_now.html", visit=found, why=str(error)), 409


def _move_page(visit_id: UUID, problems: dict[str, str], gone: str = "") -> ResponseReturnValue:
    desk = current_desk()
    found = times_to_move(desk, visit_id, _address())
    page = render_template(
        "patient/move.html",
        found=found,
        day=shown_day(found.times),
        policy=desk.practice.policy,
        problems=problems,
        gone=gone,
    )
    return page, 409 if gone else 422 if problems else 200


def _address() -> UUID | None:
    """Return the address that the page's own address names, or None."""
    try:
        return UUID(request.args.get("address", ""))
    except ValueError:
        return None


@bp.post("/visits/<uuid:visit_id>/move")
def take_move(visit_id: UUID) -> ResponseReturnValue:
    """Move a visit; where the time is gone it stands as it was."""
    try:
        form = parse(MoveForm, request.form)
        move(current_desk(), visit_id, read_choice(form.choice), form.address_id)
    except InvalidInput as error:
        return _move_page(visit_id, error.problems)
    except (SlotTaken, NotEligible, OrderMissing):
        gone = _("This time is gone. Your visit stands as it was. Here are the times free now.")
        return _move_page(visit_id, {}, gone)
    except IllegalTransition as error:
        return _not_now(visit_id, error)
    flash(_("Your visit is moved."), "info")
    return _to_visit(visit_id)


@bp.get("/visits/<uuid:visit_id>/cancel")
def cancel_page(visit_id: UUID) -> ResponseReturnValue:
    """Say what cancelling means, and ask once more."""
    desk = current_desk()
    found = look_at_my_visit(desk, visit_id)
    if not found.can_change:
        return _to_visit(visit_id)
    return render_template("patient/cancel.html", visit=found, policy=desk.practice.policy)


@bp.post("/visits/<uuid:visit_id>/cancel")
def take_cancellation(visit_id: UUID) -> ResponseReturnValue:
    """Cancel a visit; one that is cancelled stays so."""
    desk = current_desk()
    try:
        cancel(desk, visit_id, parse(CancelForm, request.form).reason)
    except InvalidInput as error:
        found = look_at_my_visit(desk, visit_id)
        return again("patient/cancel.html", error, visit=found, policy=desk.practice.policy)
    except IllegalTransition as error:
        return _not_now(visit_id, error)
    flash(_("Your visit is canceled."), "info")
    return _to_visit(visit_id)
