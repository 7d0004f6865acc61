"""Times as forms send them back: who comes, and when."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from pydantic import AfterValidator, StringConstraints

from scheduler.services.placing import Choice
from scheduler.web.fields import YEARS
from scheduler.web.forms import CHOSEN

_LONGEST = 80


def read_choice(text: str) -> Choice:
    """Return a choice as an offer's `value` writes it; raises ValueError for anything else."""
    who, mark, when = text.partition("~")
    try:
        clinician_id, starts_at = UUID(who), datetime.fromisoformat(when)
    except ValueError:
        raise ValueError(_("Choose one of the times.")) from None
    if not mark or starts_at.tzinfo is None or starts_at.year not in YEARS:
        raise ValueError(_("Choose one of the times."))
    return Choice(clinician_id, starts_at)


def _known(text: str) -> str:
    read_choice(text)
    return text


ChoiceText = Annotated[str, CHOSEN, StringConstraints(max_length=_LONGEST), AfterValidator(_known)]
"""A time as an offer's `value` writes it."""


def day_asked_for() -> date | None:
    """Return the day that the address of the page names, or None."""
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None
