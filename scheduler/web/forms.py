"""Forms: what people typed becomes a checked value, or every bad field is named at once."""

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Literal, TypeVar, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict

from scheduler.domain.errors import InvalidInput

Model = TypeVar("Model", bound="Form")

CHOSEN = object()
"""Marks a text that is chosen from what a page lists."""

_NOT_OURS = frozenset({"csrf_token", "submit"})


class Form(BaseModel):
    """Base of every form. What is left empty counts as not given; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


def parse(kind: type[Model], typed: "MultiDict[str, str]") -> Model:
    """Return a form's content; raises InvalidInput naming every bad field in plain words."""
    try:
        return kind.model_validate(_content(kind, typed))
    except ValidationError as error:
        problems: dict[str, str] = {}
        for each in error.errors():
            name = _name(each["loc"])
            problems.setdefault(name, _words(kind, name, each))
        raise InvalidInput(problems) from error


def _content(kind: type[Form], typed: "MultiDict[str, str]") -> dict[str, object]:
    content: dict[str, object] = {}
    for name in typed:
        if name in _NOT_OURS:
            continue
        values = [value for value in typed.getlist(name) if value.strip()]
        known = kind.model_fields.get(name)
        if known is not None and get_origin(known.annotation) in {list, tuple, set, frozenset}:
            content[name] = values
        elif len(values) > 1:
            content[name] = values  # a repeated field is no text: it is refused by its type
        elif values:
            content[name] = values[0]
    return content


def _name(location: tuple[int | str, ...]) -> str:
    return str(location[0]) if location else "form"


def _words(form: type[Form], name: str, error: Mapping[str, Any]) -> str:
    """Return what to do about a fault; what our own checks say is said as it is."""
    kind = str(error["type"])
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "missing" and _is_chosen(form, name):
        return str(_("Please choose one."))
    limits = error.get("ctx", {})
    for prefix, sentence in _sentences().items():
        if kind.startswith(prefix):
            return sentence % limits if "%(" in sentence else sentence
    return str(_("This is not right. Please check it."))


def _is_chosen(form: type[Form], name: str) -> bool:
    """Say whether a field is not written but chosen: from a list, or yes or no."""
    field = form.model_fields[name]
    kind = field.annotation
    listed = isinstance(kind, type) and issubclass(kind, (Enum, UUID, bool))
    return listed or get_origin(kind) is Literal or any(each is CHOSEN for each in field.metadata)


def _sentences() -> dict[str, str]:
    return {
        "missing": _("Please fill this in."),
        "extra_forbidden": _("This field is not known here."),
        "string_too_long": _("Use at most %(max_length)s characters."),
        "string_too_short": _("Please fill this in."),
        "string_pattern_mismatch": _("This does not look as asked for. See the example."),
        "string": _("Enter text."),
        "int": _("Enter a whole number, for example 3."),
        "greater_than_equal": _("Enter at least %(ge)s."),
        "greater_than": _("Enter more than %(gt)s."),
        "less_than_equal": _("Enter at most %(le)s."),
        "less_than": _("Enter less than %(lt)s."),
        "decimal": _("Enter a number, for example 72.5."),
        "float": _("Enter a number, for example 72.5."),
        "date": _("Enter a day as month, day and year, for example 05/17/1980."),
        "time": _("Enter a time, for example 9:30 AM."),
        "timezone": _("Enter a day and time."),
        "bool": _("Choose yes or no."),
        "uuid": _("Choose one of the choices."),
        "enum": _("Choose one of the choices."),
        "literal": _("Choose one of the choices."),
        "too_long": _("Choose fewer."),
        "too_short": _("Choose at least one."),
    }


def parse_local(on: date, at: time, zone: str, field: str) -> datetime:
    """Return the instant of a local day and wall time.

    Raises:
        InvalidInput: the clock never shows that time on that day, or shows it twice.
    """
    here = ZoneInfo(zone)
    first = datetime.combine(on, at.replace(tzinfo=None), here)
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        raise InvalidInput(
            {field: _("The clocks change at this hour. Choose a time an hour before or after.")}
        )
    return first
