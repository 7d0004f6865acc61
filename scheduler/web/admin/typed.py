"""Field types of the administrator's forms, checked by the same rules as the CSV import."""

from collections.abc import Callable
from datetime import date, time
from typing import Annotated, TypeVar

from flask_babel import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from scheduler.domain.clinician_csv import one_line
from scheduler.domain.rosters import licence_number, read_day, read_wall, skill_word
from scheduler.web.fields import plain

Value = TypeVar("Value")


def _from_text(read: Callable[[str], Value]) -> Callable[[object], Value]:
    def check(typed: object) -> Value:
        if not isinstance(typed, str):
            raise ValueError(_("must be given once"))  # noqa: TRY004  # pydantic names the field
        return read(typed.strip())

    return check


def _wall(text: str) -> time:
    return read_wall(text.removesuffix(":00") if text.count(":") > 1 else text)


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(one_line),
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(one_line)
]
Day = Annotated[date, BeforeValidator(_from_text(read_day))]
Wall = Annotated[time, BeforeValidator(_from_text(_wall))]
LicenceNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    AfterValidator(licence_number),
]
Skill = Annotated[str, StringConstraints(max_length=60), AfterValidator(skill_word)]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(plain),
]
"""A reason that must be given."""

Minutes = Annotated[int, Field(ge=0, le=600)]
Visits = Annotated[int, Field(ge=0, le=24)]
TravelMinutes = Annotated[int, Field(ge=0, le=960)]
BreakMinutes = Annotated[int, Field(ge=1, le=240)]
Agreed = Annotated[int, Field(ge=0, le=100_000)]
"""How many visits somebody has agreed to cancel."""
