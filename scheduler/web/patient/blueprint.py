"""The blueprint of the patients' pages, and what its forms have in common."""

import secrets
from typing import Annotated, Literal

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.services.repeats import digest_of
from scheduler.store.people import Role
from scheduler.web.guard import only_for

bp = Blueprint("patient", __name__, url_prefix="/my")
only_for(bp, Role.PATIENT)

Once = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$", max_length=64)]
"""A token that is drawn for one form: the same form sent twice is one act."""

Agreed = Literal["yes"]
"""A box that must be ticked."""


def draw_once() -> str:
    """Return a fresh token for a form."""
    return secrets.token_urlsafe(24)


def repeat_key(once: str, *content: object) -> str:
    """Return the key of one act: a form that comes again with another content is another act."""
    return digest_of(once, *content)


def again(template: str, error: SchedulingError, **context: object) -> ResponseReturnValue:
    """Return the page of a form once more: entries kept, every bad field named."""
    problems = error.problems if isinstance(error, InvalidInput) else {}
    if error.field is not None:
        problems = {error.field: str(error)}
    return render_template(template, form=request.form, problems=problems, **context), 422
