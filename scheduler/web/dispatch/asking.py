"""A request by phone: the dispatcher asks, types, and sees no answer again."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field, StringConstraints
from werkzeug.datastructures import MultiDict

from scheduler.domain.dosing import POUNDS_PER_KG
from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.questionnaires import (
    GENERAL,
    Answers,
    Questionnaire,
    check_answers,
    load_questionnaire,
)
from scheduler.services.intake import CONSENT_WORDING, Intake
from scheduler.services.patient_file import read_patient_file
from scheduler.services.phone_booking import PhoneWish, ask_by_phone, phone_choices
from scheduler.store.people import ConsentKind
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.fields import BirthDate
from scheduler.web.forms import Form, parse
from scheduler.web.patient.blueprint import Once, draw_once
from scheduler.web.wiring import current_desk

QUESTION = "q_"
_HUNDREDTH = Decimal("0.01")


class AskForm(Form):
    """What is wanted, where and when, and what is asked beside the questionnaire."""

    address_id: UUID
    service_code: Annotated[str, StringConstraints(max_length=40)]
    first_day: BirthDate
    last_day: BirthDate
    weight: Annotated[Decimal, Field(gt=0, le=1500, max_digits=6, decimal_places=2)]
    weight_unit: Literal["lb", "kg"]
    treatment_consent: Literal["yes"]
    once: Once


def _questions() -> Questionnaire:
    return load_questionnaire(GENERAL)


@bp.get("/patients/<uuid:patient_id>/ask")
def ask_for(patient_id: UUID) -> ResponseReturnValue:
    """Ask on the phone what the patient wants, and the questions before a visit."""
    return _page(patient_id, {}), 200


def _page(patient_id: UUID, problems: dict[str, str]) -> str:
    desk = current_desk()
    choices = phone_choices(desk, patient_id)
    form = request.form or {"first_day": choices.today, "last_day": choices.usual_last}
    return render_template(
        "dispatch/ask.html",
        file=read_patient_file(desk, patient_id),
        choices=choices,
        questions=_questions(),
        consent=CONSENT_WORDING[ConsentKind.TREATMENT],
        form=form,
        problems=problems,
        once=request.form.get("once") or draw_once(),
    )


@bp.post("/patients/<uuid:patient_id>/ask")
def take_request(patient_id: UUID) -> ResponseReturnValue:
    """Take the request; the same form sent twice makes one."""
    try:
        form, answers = _read()
        kg = form.weight
        if form.weight_unit == "lb":
            kg = (form.weight / POUNDS_PER_KG).quantize(_HUNDREDTH)
        intake = Intake(
            condition=answers.words_of("reason"),
            weight_kg=kg,
            flags=answers.flags,
            treatment_consent=True,
            answers=answers,
        )
        days = (form.first_day, form.last_day)
        wish = PhoneWish(patient_id, form.address_id, form.service_code, days)
        made = ask_by_phone(current_desk(), wish, intake, form.once)
    except InvalidInput as error:
        return _page(patient_id, error.problems), 422
    except SchedulingError as error:
        return _page(patient_id, {error.field or "service_code": str(error)}), 422
    flash(_("Taken down. The answers are sealed; only clinicians read them."), "info")
    return redirect(url_for("dispatch.request_page", request_id=made), 303)


def _read() -> tuple[AskForm, Answers]:
    """Return everything that was typed; raises InvalidInput naming every bad field."""
    problems: dict[str, str] = {}
    form = answers = None
    rest = MultiDict(
        (name, value)
        for name, value in request.form.items(multi=True)
        if not name.startswith(QUESTION)
    )
    try:
        form = parse(AskForm, rest)
    except InvalidInput as error:
        problems |= error.problems
    typed = {each.id: request.form.getlist(QUESTION + each.id) for each in _questions().questions()}
    try:
        answers = check_answers(_questions(), typed)
    except InvalidInput as error:
        problems |= {QUESTION + key: words for key, words in error.problems.items()}
    if form is None or answers is None:
        raise InvalidInput(problems)
    return form, answers
