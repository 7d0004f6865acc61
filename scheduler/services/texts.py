"""The words of messages: neutral, short, in the time of the place they speak of."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template as Text

from scheduler.domain.messages import Template
from scheduler.domain.timing import TimeWindow, find_zone

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "sms"


@cache
def _text(language: str, template: Template) -> Text:
    return Text((FOLDER / language / f"{template.value}.txt").read_text().strip())


def write_text(template: Template, words: Mapping[str, str], language: str = "en") -> str:
    """Return the filled template; raises KeyError for a word that is missing."""
    return _text(language, template).substitute(words)


def say_day(instant: datetime, zone: str) -> str:
    """Return a day as texts write it: 'Tue Oct 27'."""
    local = instant.astimezone(find_zone(zone))
    return f"{local:%a %b} {local.day}"


def say_window(window: TimeWindow, zone: str) -> str:
    """Return an arrival window with its zone: '10:00-11:00 AM CDT'; one instant is one time."""
    first, last = (
        instant.astimezone(find_zone(zone)) for instant in (window.starts_at, window.ends_at)
    )
    end = f"{_clock(last)} {last:%p} {last:%Z}"
    if first == last:
        return end
    half = "" if f"{first:%p}" == f"{last:%p}" else f" {first:%p}"
    return f"{_clock(first)}{half}-{end}"


def _clock(local: datetime) -> str:
    return f"{(local.hour - 1) % 12 + 1}:{local:%M}"
