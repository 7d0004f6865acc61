"""Asking for a visit: what and when, then the questions, then a look over it all, then send.

Nothing is kept between the steps: each page carries all that was typed to the next one, and only
the last one changes anything.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints
from werkzeug.datastructures import MultiDict

from scheduler.domain.errors import InvalidInput
from scheduler.services.intake import CONSENT_WORDING, Intake
from scheduler.services.patient_asking import (
    CheckedWish,
    Wish,
    asking_choices,
    check_wish,
    format_pounds,
    send_request,
    to_kilograms,
)
from scheduler.store.people import ConsentKind
from scheduler.web.fields import BirthDate
from scheduler.web.forms import CHOSEN, Form, parse
from scheduler.web.once import Agreed, Once, draw_once
from scheduler.web.patient.blueprint import bp
from scheduler.web.questions import (
    Typed,
    intake_of,
    question_names,
    questions,
    with_answers,
)
from scheduler.web.wiring import current_desk


class WishForm(Form):
    """What is wanted, where and when."""

    address_id: UUID
    service_code: Annotated[str, CHOSEN, StringConstraints(max_length=40)]
    first_day: BirthDate
    last_day: BirthDate
    clinician: Literal["same", "any"] = "any"


class HealthForm(Form):
    """What is asked beside the questionnaire."""

    weight: Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=2)]
    weight_unit: Literal["lb", "kg"]
    treatment_consent: Agreed
    sms_consent: Agreed | None = None


class OnceForm(Form):
    """The token of the last page."""

    once: Once


_WISH, _HEALTH = frozenset(WishForm.model_fields), frozenset(HealthForm.model_fields)


def _part(names: frozenset[str]) -> Typed:
    return MultiDict(
        (name, value) for name, value in request.form.items(multi=True) if name in names
    )


def _wish() -> Wish:
    form = parse(WishForm, _part(_WISH))
    return Wish(
        form.address_id,
        form.service_code,
        form.first_day,
        form.last_day,
        same_clinician=form.clinician == "same",
    )


def _intake() -> Intake:
    """Return what was answered; raises InvalidInput naming every bad field of the page."""
    (health, kg), answers = with_answers(_health)
    return intake_of(answers, kg, sms_consent=health.sms_consent is not None)


def _health() -> tuple[HealthForm, Decimal]:
    health = parse(HealthForm, _part(_HEALTH))
    return health, to_kilograms(current_desk(), health.weight, pounds=health.weight_unit == "lb")


def _carried(*names: str) -> list[tuple[str, str]]:
    """Return what other pages of the form have typed, to be carried along."""
    known = {*_WISH, *_HEALTH, *question_names()}
    left = known - set(names)
    return [(name, value) for name, value in request.form.items(multi=True) if name in left]


@bp.get("/requests/new")
def ask() -> ResponseReturnValue:
    """Ask what is wanted, where and when."""
    desk = current_desk()
    choices = asking_choices(desk, _id_or_none(request.args.get("address")))
    form = {"clinician": "any", "first_day": choices.today, "last_day": choices.usual_last}
    return render_template("patient/ask.html", choices=choices, form=form)


def _id_or_none(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@bp.post("/requests/new")
def ask_again() -> ResponseReturnValue:
    """Go back to what, where and when, with all that was typed."""
    return _ask_page({}), 200


def _ask_page(problems: Mapping[str, str]) -> str:
    choices = asking_choices(current_desk(), None)
    wanted = _id_or_none(request.form.get("address_id"))
    if wanted in {each.id for each in choices.addresses}:
        choices = asking_choices(current_desk(), wanted)
    return render_template(
        "patient/ask.html",
        choices=choices,
        form=request.form,
        problems=problems,
        carried=_carried(*_WISH),
    )


@bp.get("/requests/new/intake")
@bp.get("/requests/new/check")
@bp.get("/requests/new/send")
def begin_again() -> ResponseReturnValue:
    """Begin with the first page: the later ones are reached by their forms alone."""
    return redirect(url_for("patient.ask"), 303)


@bp.post("/requests/new/intake")
def intake() -> ResponseReturnValue:
    """Take what is wanted and ask the questions."""
    try:
        checked = check_wish(current_desk(), _wish())
    except InvalidInput as error:
        return _ask_page(error.problems), 422
    return _intake_page(checked, {})


def _intake_page(checked: CheckedWish, problems: Mapping[str, str]) -> str:
    own = (*_HEALTH, *question_names())
    return render_template(
        "patient/intake.html",
        checked=checked,
        questions=questions(),
        form=request.form,
        problems=problems,
        carried=_carried(*own),
        consents=_consents(),
    )


def _consents() -> dict[str, str]:
    return {kind.value: CONSENT_WORDING[kind] for kind in ConsentKind}


@bp.post("/requests/new/check")
def check() -> ResponseReturnValue:
    """Show all that was typed, before it is sent."""
    try:
        checked = check_wish(current_desk(), _wish())
    except InvalidInput as error:
        return _ask_page(error.problems), 422
    try:
        answers = _intake()
    except InvalidInput as error:
        return _intake_page(checked, error.problems), 422
    return _check_page(checked, answers, {})


def _check_page(checked: CheckedWish, answers: Intake, problems: Mapping[str, str]) -> str:
    return render_template(
        "patient/check.html",
        checked=checked,
        intake=answers,
        problems=problems,
        pounds=format_pounds(answers.weight_kg),
        carried=_carried(),
        once=draw_once(),
        consents=_consents(),
    )


@bp.post("/requests/new/send")
def send() -> ResponseReturnValue:
    """Send the request; the same page sent twice makes one."""
    desk = current_desk()
    try:
        checked = check_wish(desk, _wish())
    except InvalidInput as error:
        return _ask_page(error.problems), 422
    try:
        answers = _intake()
    except InvalidInput as error:
        return _intake_page(checked, error.problems), 422
    try:
        once = parse(OnceForm, _part(frozenset({"once"}))).once
    except InvalidInput as error:
        return _check_page(checked, answers, error.problems), 422
    made = send_request(desk, checked.wish, answers, once)
    return redirect(url_for("patient.request_page", request_id=made), 303)
