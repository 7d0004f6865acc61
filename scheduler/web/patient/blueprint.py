"""The blueprint of the patients' pages, and what its forms have in common."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.store.people import Role
from scheduler.web.guard import only_for

bp = Blueprint("patient", __name__, url_prefix="/my")
only_for(bp, Role.PATIENT)


def again(template: str, error: SchedulingError, **context: object) -> ResponseReturnValue:
    """Return the page of a form once more: entries kept, every bad field named."""
    problems = error.problems if isinstance(error, InvalidInput) else {}
    if error.field is not None:
        problems = {error.field: str(error)}
    return render_template(template, form=request.form, problems=problems, **context), 422
