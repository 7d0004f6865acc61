"""Field types of everything people and programs send: what each takes, and how long it may be."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from flask_babel import gettext as _
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from scheduler.domain.geography import parse_state, parse_zip

_PHONE = re.compile(r"\+1[2-9]\d{9}", re.ASCII)
_TYPED_PHONE = re.compile(r"(?:\+?1)?([2-9]\d{9})", re.ASCII)
_PHONE_MARKS = re.compile(r"[\s().-]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
EARLIEST = date(1900, 1, 1)
MAX_WEIGHT_KG = 500
YEARS = range(2000, 2101)


def _phone(text: str) -> str:
    digits = _PHONE_MARKS.sub("", text)
    if not _PHONE.fullmatch(digits):
        raise ValueError(_("must be a US number such as +13035550142"))
    return digits


def _typed_phone(text: str) -> str:
    match = _TYPED_PHONE.fullmatch(_PHONE_MARKS.sub("", text))
    if match is None:
        raise ValueError(_("must be a US number with ten digits, such as 303 555 0142"))
    return f"+1{match[1]}"


def plain(text: str) -> str:
    """Return the text itself; raises ValueError for what cannot be stored or read."""
    if _CONTROL.search(text):
        raise ValueError(_("must not contain control characters"))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(_("must be valid text")) from None
    return text


def _born(day: date) -> date:
    if day < EARLIEST:
        raise ValueError(_("must be after 1900"))
    return day


def _near(instant: datetime) -> datetime:
    if instant.year not in YEARS:
        raise ValueError(_("must lie between the years 2000 and 2100"))
    return instant


Short = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(plain),
]
Long = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(plain)
]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(plain)
]
State = Annotated[str, StringConstraints(max_length=40), AfterValidator(parse_state)]
Zip = Annotated[str, StringConstraints(max_length=10), AfterValidator(parse_zip)]
Phone = Annotated[str, StringConstraints(max_length=30), AfterValidator(_phone)]
TypedPhone = Annotated[str, StringConstraints(max_length=30), AfterValidator(_typed_phone)]
"""A phone number as people type it: the country's +1 may be left out."""

Instant = Annotated[AwareDatetime, AfterValidator(_near)]
BirthDate = Annotated[date, AfterValidator(_born)]
Weight = Annotated[Decimal, Field(gt=0, le=MAX_WEIGHT_KG, max_digits=6, decimal_places=2)]
"""Kilograms."""

Mg = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=9, decimal_places=3)]

Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=200)]
"""A password asked for at an act; taken as it is typed."""
