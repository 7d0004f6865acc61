"""A form that was refused is shown again: what was typed kept, every problem in its place."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from scheduler.domain.errors import InvalidInput, NotAllowed, NotFound, SchedulingError
from scheduler.services.release import DoseNotReleased


def shown_again(template: str, error: SchedulingError, **context: object) -> ResponseReturnValue:
    """Return the page once more: 422 with every bad field named, else 403 or 409 in words.

    Raises:
        NotFound: there is nothing to show.
    """
    if isinstance(error, NotFound):
        raise error
    problems = _problems(error)
    page = render_template(
        template,
        form=request.form,
        problems=problems,
        refusals=[] if problems else _sentences(error),
        **context,
    )
    return page, 422 if problems else 403 if isinstance(error, NotAllowed) else 409


def _problems(error: SchedulingError) -> dict[str, str]:
    if isinstance(error, InvalidInput):
        return error.problems
    return {error.field: str(error)} if error.field else {}


def _sentences(error: SchedulingError) -> list[str]:
    if isinstance(error, DoseNotReleased):
        return [refusal.text for refusal in error.refusals]
    return [str(error)]
