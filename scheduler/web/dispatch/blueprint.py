"""The blueprint of dispatch, and what its pages have in common."""

from datetime import date
from typing import Annotated

from flask import Blueprint
from pydantic import AfterValidator, StringConstraints

from scheduler.store.people import Role
from scheduler.web.fields import EARLIEST, YEARS, plain
from scheduler.web.guard import only_for

bp = Blueprint("dispatch", __name__, url_prefix="/dispatch")
only_for(bp, Role.DISPATCHER)


Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(plain),
]
"""A reason that must be given."""


def day_of(text: str | None, otherwise: date) -> date:
    """Return the day that an address of a page names, or another where it names none."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return otherwise
    return found if found >= EARLIEST and found.year in YEARS else otherwise
