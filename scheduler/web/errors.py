"""Errors of the protocol: a page for people, a problem document for programs."""

from http import HTTPStatus

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from scheduler.web.api.problems import refuse_http

_SAYINGS = {
    HTTPStatus.NOT_FOUND: (
        "This page does not exist",
        "The address may be mistyped or out of date.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ("That does not work here", "Please go back and try again."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "That was too much",
        "What was sent is larger than this page can take.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Something went wrong on our side",
        "Nothing was changed. Please try again.",
    ),
}


def register(app: Flask) -> None:
    """Answer errors that no route answered."""
    app.register_error_handler(HTTPException, _show)


def _show(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        return refuse_http(error)
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    title, advice = _SAYINGS.get(status, (error.name, error.description or ""))
    return render_template("error.html", title=title, advice=advice), status
