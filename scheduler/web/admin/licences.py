"""Licenses of a clinician: enter, renew or correct, end."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import InvalidInput
from scheduler.domain.licensure import Credential, Licence
from scheduler.services.clinician_register import LicenceEntry, show_clinician, show_licence
from scheduler.services.licences import add_licence, correct_licence
from scheduler.services.staffing import end_licence
from scheduler.web.admin.asking import (
    NOT_AGREED,
    Ask,
    AskPage,
    credentials,
    day_ask,
    reason_ask,
    show,
    states,
    take,
)
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import Agreed, Day, LicenceNumber, Why
from scheduler.web.fields import State
from scheduler.web.forms import Form
from scheduler.web.presenters import date_words
from scheduler.web.wiring import current_desk


class LicenceForm(Form):
    """A license as on the board's register."""

    state: State
    credential: Credential
    number: LicenceNumber
    multistate: bool = False
    valid_from: Day
    valid_through: Day


class EndForm(Form):
    """The last day of a license, why, and how many cancelled visits were agreed to."""

    through: Day
    reason: Why
    agreed: Agreed | None = None


def _asks() -> tuple[Ask, ...]:
    return (
        Ask("state", _("State"), kind="select", options=states()),
        Ask("credential", _("Credential"), kind="select", options=credentials()),
        Ask(
            "number",
            _("Number"),
            hint=_("As on the register of the board."),
            extra={"maxlength": 40, "autocomplete": "off"},
        ),
        Ask(
            "multistate",
            _("Multistate license of a compact"),
            kind="checkbox",
            hint=_("Only where the register says so."),
        ),
        day_ask("valid_from", _("Valid from")),
        day_ask("valid_through", _("Valid through")),
    )


def _licence(form: LicenceForm) -> Licence:
    if form.valid_through < form.valid_from:
        raise InvalidInput({"valid_through": _("must not be before the first day")})
    return Licence(
        form.state,
        form.credential,
        form.number,
        form.multistate,
        form.valid_from,
        form.valid_through,
    )


@bp.route("/clinicians/<uuid:clinician_id>/licenses/new", methods=["GET", "POST"])
def new_licence(clinician_id: UUID) -> ResponseReturnValue:
    """Enter a license."""
    desk = current_desk()
    entry = show_clinician(desk, clinician_id).entry
    page = AskPage(
        title=_("New license of %(name)s", name=entry.name),
        asks=_asks(),
        button=_("Enter the license"),
        back=url_for("admin.clinician", clinician_id=clinician_id),
        back_words=entry.name,
        done=_("The license is entered."),
    )
    if request.method == "GET":
        return show(page, {"credential": entry.credential, "state": entry.home_state})
    return take(page, LicenceForm, lambda form: add_licence(desk, clinician_id, _licence(form)))


def _licence_facts(licence: LicenceEntry) -> list[tuple[str, str]]:
    kind = _("multistate") if licence.multistate else _("single state")
    return [
        (
            _("License"),
            f"{licence.state_name}, {licence.credential.letters}, {licence.number}, {kind}",
        ),
        (
            _("Valid"),
            _(
                "%(first)s through %(last)s",
                first=date_words(licence.valid_from),
                last=date_words(licence.valid_through),
            ),
        ),
    ]


@bp.route("/licenses/<uuid:licence_id>", methods=["GET", "POST"])
def licence(licence_id: UUID) -> ResponseReturnValue:
    """Renew a license, or put right what was entered wrongly."""
    desk = current_desk()
    entry, known = show_licence(desk, licence_id)
    page = AskPage(
        title=_("Renew or correct a license of %(name)s", name=entry.name),
        asks=_asks(),
        button=_("Save"),
        back=url_for("admin.clinician", clinician_id=entry.id),
        back_words=entry.name,
        done=_("Saved."),
        lead=_(
            "To renew, enter the new last day. A correction that a promised visit could not bear "
            "is refused; a license that has really ended is ended instead."
        ),
    )
    if request.method == "GET":
        names = ("state", "credential", "number", "multistate", "valid_from", "valid_through")
        return show(page, {name: getattr(known, name) for name in names})
    return take(page, LicenceForm, lambda form: correct_licence(desk, licence_id, _licence(form)))


@bp.route("/licenses/<uuid:licence_id>/end", methods=["GET", "POST"])
def end_a_licence(licence_id: UUID) -> ResponseReturnValue:
    """End a license, after saying how many visits that cancels."""
    desk = current_desk()
    entry, known = show_licence(desk, licence_id)
    ahead = show_clinician(desk, entry.id).visits_ahead
    page = AskPage(
        title=_("End a license of %(name)s", name=entry.name),
        asks=(
            day_ask("through", _("Last day on which it counts")),
            reason_ask(),
            Ask("agreed", _("Visits to cancel"), kind="agreed"),
        ),
        button=_("See what this cancels"),
        back=url_for("admin.clinician", clinician_id=entry.id),
        back_words=entry.name,
        done=_("The license is ended."),
        lead=_(
            "Visits that stand with %(name)s: %(count)s. Those that the license is needed for are "
            "canceled, each patient is told, and dispatch is asked to find another time. You see "
            "how many before anything is changed.",
            name=entry.name,
            count=ahead,
        ),
        facts=_licence_facts(known),
    )
    if request.method == "GET":
        return show(page, {"through": max(min(entry.today, known.valid_through), known.valid_from)})

    def act(form: EndForm) -> None:
        agreed = NOT_AGREED if form.agreed is None else form.agreed
        end_licence(desk, licence_id, form.through, form.reason, agreed)

    return take(page, EndForm, act)
