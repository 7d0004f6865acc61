"""The blueprint of the administrator's pages: for administrators alone."""

from flask import Blueprint

from scheduler.store.people import Role
from scheduler.web.admin.words import (
    day_part_words,
    hours_words,
    pause_words,
    skill_words,
    span_words,
    weekday_words,
)
from scheduler.web.guard import only_for

bp = Blueprint("admin", __name__, url_prefix="/admin")
only_for(bp, Role.ADMINISTRATOR)


@bp.context_processor
def _words() -> dict[str, object]:
    functions = (day_part_words, hours_words, pause_words, skill_words, span_words, weekday_words)
    return {function.__name__: function for function in functions}
