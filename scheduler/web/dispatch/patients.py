"""Patients on the phone: found, registered, looked at, and helped to sign in."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import StringConstraints

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.geography import PostalAddress
from scheduler.services.intake import NewPatient, add_address, register_patient
from scheduler.services.patient_file import FoundPatient, find_patients, read_patient_file
from scheduler.services.patient_sign_in import read_code_aloud
from scheduler.web.dispatch.blueprint import bp
from scheduler.web.fields import BirthDate, Long, Reason, Short, State, TypedPhone, Zip
from scheduler.web.forms import Form, parse
from scheduler.web.once import Once, draw_once
from scheduler.web.wiring import current_desk


class SearchForm(Form):
    """Whom to look for. It is sent, not put into the page's address: addresses are written down."""

    phone: TypedPhone | None = None
    name: Reason = ""


class AddressForm(Form):
    """A US postal address."""

    street: Short
    unit: Reason = ""
    city: Short
    state: State
    zip_code: Zip

    def address(self) -> PostalAddress:
        """Return it as the geocoder takes it."""
        return PostalAddress(self.street, self.city, self.state, self.zip_code, self.unit)


class PatientForm(AddressForm):
    """A patient to register; a landline or no phone at all will do."""

    name: Short
    birth_date: BirthDate
    phone: TypedPhone | None = None
    sms_consent: bool = False
    access: Long = ""
    once: Once


class NewAddressForm(AddressForm):
    """A further address of a patient."""

    label: Annotated[Short, StringConstraints(max_length=40)]
    once: Once


@bp.get("/patients")
def patients() -> ResponseReturnValue:
    """Ask whom to look for."""
    return render_template("dispatch/patients.html", form={}, problems={}, found=None)


@bp.post("/patients")
def search() -> ResponseReturnValue:
    """Look for a patient by phone number or by name."""
    try:
        wanted = parse(SearchForm, request.form)
        found = find_patients(current_desk(), wanted.phone or "", wanted.name)
    except InvalidInput as error:
        return _search_page(None, error.problems), 422
    return _search_page(found, {}), 200


def _search_page(found: Sequence[FoundPatient] | None, problems: dict[str, str]) -> str:
    return render_template(
        "dispatch/patients.html", form=request.form, problems=problems, found=found
    )


@bp.get("/patients/new")
def ask_patient() -> ResponseReturnValue:
    """Ask who is new."""
    return render_template("dispatch/new_patient.html", form={"once": draw_once()}, problems={})


@bp.post("/patients/new")
def register_new() -> ResponseReturnValue:
    """Register a patient who calls."""
    try:
        form = parse(PatientForm, request.form)
        new = NewPatient(
            form.name,
            form.birth_date,
            form.phone,
            form.address(),
            form.access,
            form.sms_consent,
        )
        patient_id, _address_id = register_patient(current_desk(), new, form.once)
    except SchedulingError as error:
        problems = _problems(error)
        page = render_template("dispatch/new_patient.html", form=request.form, problems=problems)
        return page, 422
    flash(_("Registered."), "info")
    return redirect(url_for("dispatch.patient", patient_id=patient_id), 303)


def _problems(error: SchedulingError) -> dict[str, str]:
    if isinstance(error, InvalidInput):
        return error.problems
    return {error.field or "form": str(error)}


@bp.get("/patients/<uuid:patient_id>")
def patient(patient_id: UUID) -> ResponseReturnValue:
    """Show a patient."""
    file = read_patient_file(current_desk(), patient_id)
    return render_template("dispatch/patient.html", file=file, code="")


@bp.post("/patients/<uuid:patient_id>/code")
def read_code(patient_id: UUID) -> ResponseReturnValue:
    """Make a code that is read to the patient; it is shown this once."""
    desk = current_desk()
    code = read_code_aloud(desk, patient_id)
    return render_template(
        "dispatch/patient.html", file=read_patient_file(desk, patient_id), code=code
    )


@bp.get("/patients/<uuid:patient_id>/addresses/new")
def ask_address(patient_id: UUID) -> ResponseReturnValue:
    """Ask for a further address."""
    file = read_patient_file(current_desk(), patient_id)
    form = {"once": draw_once()}
    return render_template("dispatch/new_address.html", file=file, form=form, problems={})


@bp.post("/patients/<uuid:patient_id>/addresses/new")
def add_new_address(patient_id: UUID) -> ResponseReturnValue:
    """Add a further address."""
    desk = current_desk()
    try:
        form = parse(NewAddressForm, request.form)
        add_address(desk, patient_id, form.label, form.address(), form.once)
    except SchedulingError as error:
        problems = _problems(error)
        file = read_patient_file(desk, patient_id)
        page = render_template(
            "dispatch/new_address.html", file=file, form=request.form, problems=problems
        )
        return page, 422
    flash(_("Address added."), "info")
    return redirect(url_for("dispatch.patient", patient_id=patient_id), 303)
