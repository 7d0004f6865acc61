"""Protocols: their versions, one as a table, a copy of it, and its approval."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import StringConstraints

from scheduler.domain.errors import SchedulingError
from scheduler.services.orders import approve_protocol, copy_protocol
from scheduler.services.protocols import protocol_version, protocol_versions
from scheduler.store.people import Role
from scheduler.web.accounts import require_password
from scheduler.web.fields import Password, Reason, Short
from scheduler.web.forms import Form, parse
from scheduler.web.guard import only_for
from scheduler.web.refusals import shown_again
from scheduler.web.wiring import current_desk

bp = Blueprint("protocols", __name__, url_prefix="/protocols")
only_for(bp, Role.MEDICAL_DIRECTOR, Role.PRESCRIBER)


class CopyForm(Form):
    """What the copy is called."""

    title: Short


class ApproveForm(Form):
    """Why the protocol may be used, and the signature."""

    reason: Annotated[Reason, StringConstraints(min_length=1)]
    password: Password


def register(app: Flask) -> None:
    """Serve the protocols."""
    app.register_blueprint(bp)


@bp.get("")
def all_versions() -> ResponseReturnValue:
    """Show every version of every protocol."""
    versions = protocol_versions(current_desk())
    return render_template("protocols/versions.html", versions=versions)


@bp.get("/<uuid:protocol_id>")
def version(protocol_id: UUID) -> ResponseReturnValue:
    """Show one version as a table."""
    return _page(protocol_id)


def _page(protocol_id: UUID, error: SchedulingError | None = None) -> ResponseReturnValue:
    desk = current_desk()
    found = protocol_version(desk, protocol_id)
    approves = desk.actor.role is Role.MEDICAL_DIRECTOR
    if error is None:
        return render_template("protocols/version.html", version=found, approves=approves)
    return shown_again("protocols/version.html", error, version=found, approves=approves)


@bp.post("/<uuid:protocol_id>/copy")
def copy(protocol_id: UUID) -> ResponseReturnValue:
    """Make a draft of one's own from a version."""
    try:
        typed = parse(CopyForm, request.form)
        draft_id = copy_protocol(current_desk(), protocol_id, typed.title)
    except SchedulingError as error:
        return _page(protocol_id, error)
    flash(_("A draft was made. It can be used once the medical director has approved it."), "info")
    return redirect(url_for("protocols.version", protocol_id=draft_id), 303)


@bp.post("/<uuid:protocol_id>/approval")
def approve(protocol_id: UUID) -> ResponseReturnValue:
    """Approve a draft with one's password."""
    desk = current_desk()
    desk.allow(Role.MEDICAL_DIRECTOR)
    try:
        typed = parse(ApproveForm, request.form)
        require_password(desk, typed.password)
        approve_protocol(desk, protocol_id, typed.reason)
    except SchedulingError as error:
        return _page(protocol_id, error)
    flash(_("The protocol is approved. It can be ordered from now on."), "info")
    return redirect(url_for("protocols.version", protocol_id=protocol_id), 303)
