"""Errors of the protocol: a page for people, a problem document for programs."""

from http import HTTPStatus

import structlog
from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden, HTTPException, ServiceUnavailable
from werkzeug.exceptions import NotFound as NoSuchPage

from scheduler.domain.errors import NotAllowed, NotFound, SchedulingError
from scheduler.store.database import DatabaseBusy, db
from scheduler.web.api.problems import refuse_http

RETRY_AFTER_SECONDS = 2
_LOG = structlog.get_logger("web")


def register(app: Flask) -> None:
    """Answer errors that no route answered."""
    app.register_error_handler(HTTPException, _show)
    app.register_error_handler(SchedulingError, _refuse)
    app.register_error_handler(DatabaseBusy, _ask_to_try_again)
    app.register_error_handler(OperationalError, _ask_to_try_again)


def _ask_to_try_again(error: Exception) -> ResponseReturnValue:
    """Answer for a database that is locked, full or away: whatever was begun is undone."""
    db.session.rollback()
    _LOG.error("database not available", error=type(error.__cause__ or error).__name__)
    busy = ServiceUnavailable(_("The database is not available. Nothing was changed; try again."))
    answer = make_response(_show(busy))
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _refuse(error: SchedulingError) -> ResponseReturnValue:
    """Answer for a refusal that no page turned into words of its own."""
    if isinstance(error, NotFound):
        return _show(NoSuchPage())
    if isinstance(error, NotAllowed):
        return _show(Forbidden(str(error)))
    page = render_template("error.html", title=_("That is not possible now"), advice=str(error))
    return page, HTTPStatus.CONFLICT


def _show(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        return refuse_http(error)
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    title, advice = _sayings().get(status, (error.name, error.description or ""))
    if isinstance(error, Forbidden) and error.description != Forbidden.description:
        advice = error.description or advice  # the rule that refused says why
    return render_template("error.html", title=title, advice=advice), status


def _sayings() -> dict[HTTPStatus, tuple[str, str]]:
    return {
        HTTPStatus.NOT_FOUND: (
            _("This page does not exist"),
            _("The address may be mistyped or out of date."),
        ),
        HTTPStatus.FORBIDDEN: (
            _("This page is not for you"),
            _("Your account may not open it. Sign in as somebody else, or ask an administrator."),
        ),
        HTTPStatus.METHOD_NOT_ALLOWED: (
            _("That does not work here"),
            _("Please go back and try again."),
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            _("That was too much"),
            _("What was sent is larger than this page can take."),
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            _("We are very busy right now"),
            _("Nothing was changed. Please try again in a moment."),
        ),
        HTTPStatus.INTERNAL_SERVER_ERROR: (
            _("Something went wrong on our side"),
            _("Nothing was changed. Please try again."),
        ),
    }
