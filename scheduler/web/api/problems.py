"""Errors as problem+json (RFC 9457): a stable code, words, and the fields at fault."""

import json
from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from scheduler.domain.errors import InvalidInput, NotAllowed, NotFound, SchedulingError
from scheduler.matching.decide import NotEligible, SlotTaken
from scheduler.matching.eligibility import HardRule
from scheduler.store.people import Role
from scheduler.web.api.guard import NotSignedIn
from scheduler.web.api.taken import MAX_KEY

Model = TypeVar("Model", bound=BaseModel)
SEE_ALL = frozenset({Role.DISPATCHER, Role.ADMINISTRATOR})


def register(bp: Blueprint) -> None:
    """Answer every refusal of the API in one form."""
    bp.register_error_handler(SchedulingError, refuse)
    bp.register_error_handler(HTTPException, refuse_http)


def body(kind: type[Model]) -> Model:
    """Return the request's JSON as a model; raises InvalidInput naming every bad field."""
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
    try:
        content = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON.") from error
    return checked(kind, content)


def query(kind: type[Model]) -> Model:
    """Return the query as a model; raises InvalidInput naming every bad field."""
    return checked(kind, request.args.to_dict())


def checked(kind: type[Model], content: object) -> Model:
    """Return the content as a model; raises InvalidInput naming every bad field."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(
            {_name(each["loc"]): _words(each["msg"]) for each in error.errors()}
        ) from error


def repeat_key() -> str:
    """Return the request's Idempotency-Key, or nothing; raises InvalidInput for a bad one."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY or not key.isprintable():
        raise InvalidInput({"Idempotency-Key": f"must be at most {MAX_KEY} printable characters"})
    return key


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def discreet(error: SchedulingError) -> SchedulingError:
    """Return what may be said: who is not to be paired with a patient is not told them."""
    actor = g.get("actor")
    blocked = isinstance(error, NotEligible) and error.exclusion.rule is HardRule.BLOCKED
    if blocked and (actor is None or actor.role is Role.PATIENT):
        return SlotTaken("This time is not free any more.")
    return error


def refuse(error: SchedulingError) -> ResponseReturnValue:
    """Return the answer for a refusal."""
    error = discreet(error)
    errors = error.problems if isinstance(error, InvalidInput) else {}
    if error.field is not None:
        errors = {error.field: str(error)}
    return problem(_status(error), error.code, _detail(error), errors)


def _detail(error: SchedulingError) -> str:
    """Return the words; who may not see all must not learn what exists (I8)."""
    actor = g.get("actor")
    if isinstance(error, NotFound) and actor is not None and actor.role not in SEE_ALL:
        return "There is no such record."
    return str(error)


def _status(error: SchedulingError) -> HTTPStatus:
    for kind, status in (
        (NotSignedIn, HTTPStatus.UNAUTHORIZED),
        (NotFound, HTTPStatus.NOT_FOUND),
        (NotAllowed, HTTPStatus.FORBIDDEN),
        (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    ):
        if isinstance(error, kind):
            return status
    if error.field in {"zip_code", "state", "street"}:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.CONFLICT


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: dict[str, str],
    offers: list[dict[str, object]] | None = None,
) -> Response:
    """Return a problem document."""
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "errors": errors,
        "offers": offers or [],
    }
    answer = Response(json.dumps(document), status.value, mimetype="application/problem+json")
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def refuse_http(error: HTTPException) -> ResponseReturnValue:
    """Return the answer for an error of the protocol, such as a path that does not exist."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = status.phrase.lower().replace(" ", "_")
    return problem(status, code, error.description or status.phrase, {})
