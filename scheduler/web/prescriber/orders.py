"""Signing an order: what the protocols work out to, and the signature."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import AfterValidator, Field

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.timing import at_local
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.review import OrderChoices, look_at_order
from scheduler.web.accounts import require_password
from scheduler.web.fields import YEARS, Mg, Password, Reason
from scheduler.web.forms import Form, parse
from scheduler.web.prescriber.blueprint import bp
from scheduler.web.refusals import shown_again
from scheduler.web.wiring import current_desk

MOST_ADMINISTRATIONS = 100


def _near(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(_("must lie between the years 2000 and 2100"))
    return day


class OrderForm(Form):
    """An order as it is typed; `expires_on` is the last day on which it stands."""

    indication: Reason
    max_administrations: Annotated[int, Field(ge=1, le=MOST_ADMINISTRATIONS)]
    expires_on: Annotated[date, AfterValidator(_near)]
    password: Password


class DosedOrderForm(OrderForm):
    """An order for a service with a dose: its protocol, and the maxima in mg."""

    protocol_id: UUID
    max_mg_per_administration: Annotated[Mg, Field(gt=0)]
    max_cumulative_mg: Annotated[Mg, Field(gt=0)]


@bp.get("/requests/<uuid:request_id>/order")
def order(request_id: UUID) -> ResponseReturnValue:
    """Show what can be ordered, worked out for the patient."""
    choices = look_at_order(current_desk(), request_id)
    return render_template("prescriber/order.html", choices=choices)


@bp.post("/requests/<uuid:request_id>/order")
def sign(request_id: UUID) -> ResponseReturnValue:
    """Sign the order with one's password."""
    desk = current_desk()
    choices = look_at_order(desk, request_id)
    try:
        new, password = _typed_order(choices)
        require_password(desk, password)
        sign_order(desk, new)
    except SchedulingError as error:
        return shown_again("prescriber/order.html", _as_typed(error), choices=choices)
    flash(_("The order is signed. The patient is told that a time can be chosen."), "info")
    return redirect(url_for("prescriber.queue"), 303)


def _typed_order(choices: OrderChoices) -> tuple[NewOrder, str]:
    """Return what was typed, and the password; raises InvalidInput naming every bad field."""
    review = choices.review
    typed = parse(DosedOrderForm if choices.dosed else OrderForm, request.form)
    new = NewOrder(
        request_id=review.request_id,
        indication=typed.indication,
        expires_at=_end_of(typed.expires_on, review.patient.zone),
        max_administrations=typed.max_administrations,
    )
    if isinstance(typed, DosedOrderForm):
        if typed.protocol_id not in {option.protocol_id for option in choices.protocols}:
            raise InvalidInput({"protocol_id": _("Choose one of the choices.")})
        new = replace(
            new,
            protocol_id=typed.protocol_id,
            max_mg_per_administration=typed.max_mg_per_administration,
            max_cumulative_mg=typed.max_cumulative_mg,
        )
    return new, typed.password


def _end_of(day: date, zone: str) -> datetime:
    return at_local(day + timedelta(days=1), time(), zone)


def _as_typed(error: SchedulingError) -> SchedulingError:
    """Name the last day where the service speaks of the instant after it."""
    if isinstance(error, InvalidInput) and "expires_at" in error.problems:
        named = dict(error.problems)
        named["expires_on"] = named.pop("expires_at")
        return InvalidInput(named)
    return error
