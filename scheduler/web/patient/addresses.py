"""Another address to be visited at."""

from typing import Annotated

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.geography import AddressNotFound, PostalAddress, StateMismatch, UnknownZip
from scheduler.services.intake import add_address
from scheduler.services.patient_cards import own_id
from scheduler.web.fields import Reason, Short, State, Zip
from scheduler.web.forms import Form, parse
from scheduler.web.once import Once, draw_once
from scheduler.web.patient.blueprint import again, bp
from scheduler.web.wiring import current_desk


class AddressForm(Form):
    """A US postal address, and what the patient calls it."""

    label: Annotated[Short, StringConstraints(max_length=40)]
    street: Short
    unit: Reason = ""
    city: Short
    state: State
    zip_code: Zip
    once: Once


@bp.get("/addresses/new")
def new_address() -> ResponseReturnValue:
    """Ask for another address."""
    return render_template("patient/address.html", form={"once": draw_once()})


@bp.post("/addresses/new")
def take_address() -> ResponseReturnValue:
    """Add the address and go on to asking for a visit there."""
    desk = current_desk()
    try:
        form = parse(AddressForm, request.form)
        address = PostalAddress(form.street, form.city, form.state, form.zip_code, form.unit)
        made = add_address(desk, own_id(desk), form.label, address, form.once)
    except (InvalidInput, UnknownZip, StateMismatch, AddressNotFound) as error:
        return _again(error)
    return redirect(url_for("patient.ask", address=made), 303)


def _again(error: SchedulingError) -> ResponseReturnValue:
    return again("patient/address.html", error)
