"""A request by phone: the dispatcher asks, types, and sees no answer again."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field, StringConstraints

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.services.intake import CONSENT_WORDING
from scheduler.services.patient_asking import in_kilograms
from scheduler.services.patient_file import read_patient_file
from scheduler.services.phone_booking import PhoneWish, ask_by_phone, phone_choices
from scheduler.store.people import ConsentKind
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.fields import BirthDate
from scheduler.web.forms import CHOSEN, Form, parse
from scheduler.web.once import Agreed, Once, draw_once
from scheduler.web.questions import beside_questions, intake_of, questions, with_answers
from scheduler.web.wiring import current_desk


class AskForm(Form):
    """What is wanted, where and when, and what is asked beside the questionnaire."""

    address_id: UUID
    service_code: Annotated[str, CHOSEN, StringConstraints(max_length=40)]
    first_day: BirthDate
    last_day: BirthDate
    weight: Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=2)]
    weight_unit: Literal["lb", "kg"]
    treatment_consent: Agreed
    once: Once


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
        questions=questions(),
        consent=CONSENT_WORDING[ConsentKind.TREATMENT],
        form=form,
        problems=problems,
        once=request.form.get("once") or draw_once(),
    )


@bp.post("/patients/<uuid:patient_id>/ask")
def take_request(patient_id: UUID) -> ResponseReturnValue:
    """Take the request; the same form sent twice makes one."""
    try:
        (form, kg), answers = with_answers(_typed)
        days = (form.first_day, form.last_day)
        wish = PhoneWish(patient_id, form.address_id, form.service_code, days)
        made = ask_by_phone(current_desk(), wish, intake_of(answers, kg), form.once)
    except InvalidInput as error:
        return _page(patient_id, error.problems), 422
    except SchedulingError as error:
        return _page(patient_id, {error.field or "service_code": str(error)}), 422
    flash(_("Taken down. The answers are sealed; only clinicians read them."), "info")
    return redirect(url_for("dispatch.request_page", request_id=made), 303)


def _typed() -> tuple[AskForm, Decimal]:
    form = parse(AskForm, beside_questions())
    return form, in_kilograms(form.weight, pounds=form.weight_unit == "lb")
