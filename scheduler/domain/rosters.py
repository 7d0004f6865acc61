"""How a clinician's licenses, weekly hours and break are written in one line of text."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from scheduler.domain.geography import parse_state
from scheduler.domain.licensure import Credential, Licence

OPEN_END = date(2099, 12, 31)
"""The last day of weekly hours that have no end yet."""

YEARS = range(2000, 2100)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_BREAK = 240

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./#-]{0,39}", re.ASCII)
_SKILL = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WALL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_HOURS = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? +(?P<opens>[0-9:]+)-(?P<closes>[0-9:]+)"
    r"(?: +(?P<begins>[0-9-]+)\.\.(?P<ends>[0-9-]*))?",
    re.ASCII,
)
_PAUSE = re.compile(r"(?P<minutes>\d{1,3}) +(?P<opens>[0-9:]+)-(?P<closes>[0-9:]+)", re.ASCII)
_KINDS = {"single": False, "multi": True}
_FORMULA_SIGNS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True, order=True)
class WeeklyShift:
    """Local hours on one weekday (0 is Monday), in force from a day through another."""

    weekday: int
    from_day: date
    through_day: date
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes <= self.opens:
            raise ValueError("the hours must end after they begin")
        if self.through_day < self.from_day:
            raise ValueError("the last day must not be before the first")


@dataclass(frozen=True, slots=True)
class Pause:
    """A break of `minutes` that begins between two wall times."""

    minutes: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= LONGEST_BREAK:
            raise ValueError(f"the break must last 1 to {LONGEST_BREAK} minutes")
        if self.closes < self.opens:
            raise ValueError("the break's latest start is before its earliest")


def no_formula(text: str) -> str:
    """Return the text; raises ValueError for one that a spreadsheet would take for a formula."""
    if text.lstrip().startswith(_FORMULA_SIGNS):
        raise ValueError("must not begin with =, +, - or @")
    return text


def licence_number(text: str) -> str:
    """Return a license number; raises ValueError for what no board would give out."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number as on the register: letters, digits, spaces and ./#-")
    return text


def skill_word(text: str) -> str:
    """Return the word for a skill, such as iv_start for "IV start"; raises ValueError."""
    word = re.sub(r"[\s-]+", "_", text.strip().lower())
    if not _SKILL.fullmatch(word):
        raise ValueError("must be letters and digits, such as: IV start")
    return word


def read_day(text: str) -> date:
    """Return a day written as 2027-05-31; raises ValueError."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise ValueError("must be a day such as 2027-05-31, between the years 2000 and 2099")
    return day


def read_wall(text: str) -> time:
    """Return a wall time written as 08:30; raises ValueError."""
    match = _WALL.fullmatch(text)
    if match is None:
        raise ValueError("must be a time such as 08:30")
    return time(int(match[1]), int(match[2]))


def read_licence(text: str, credential: Credential) -> Licence:
    """Return the license in `MO:number:single:2026-01-01:2027-12-31`, or with `:RN` behind it.

    Raises:
        ValueError: says which part cannot be read.
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in {5, 6}:
        raise ValueError(f"{text[:60]!r} must look like MO:number:single:2026-01-01:2027-12-31")
    state, number, kind, begins, ends = parts[:5]
    if kind not in _KINDS:
        raise ValueError(f"{kind[:20]!r} must be single or multi")
    if parts[5:] and parts[5] not in set(Credential):
        raise ValueError(f"{parts[5][:20]!r} must be one of {', '.join(Credential)}")
    return Licence(
        state=parse_state(state),
        credential=Credential(parts[5]) if parts[5:] else credential,
        number=licence_number(number),
        multistate=_KINDS[kind],
        valid_from=read_day(begins),
        valid_through=read_day(ends),
    )


def write_licence(licence: Licence, credential: Credential) -> str:
    """Return what `read_licence` reads back."""
    kind = "multi" if licence.multistate else "single"
    parts = [licence.state, licence.number, kind, str(licence.valid_from)]
    parts.append(str(licence.valid_through))
    if licence.credential is not credential:
        parts.append(licence.credential.value)
    return ":".join(parts)


def read_shifts(text: str, begins: date) -> list[WeeklyShift]:
    """Return weekly shifts written as `mon-fri 08:00-17:00`, several separated by semicolons.

    Behind the hours the days in force may stand, `2026-01-01..2026-12-31`, or `2026-01-01..`
    without an end; else they are in force from `begins` on.

    Raises:
        ValueError: says which part cannot be read, or which weekday is given twice.
    """
    shifts: list[WeeklyShift] = []
    for part in filter(None, (each.strip() for each in text.lower().split(";"))):
        shifts.extend(_read_hours(part, begins))
    starts = [(shift.weekday, shift.from_day) for shift in shifts]
    for weekday, from_day in starts:
        if starts.count((weekday, from_day)) > 1:
            raise ValueError(f"{WEEKDAYS[weekday]} has hours twice from {from_day}")
    return sorted(shifts)


def _read_hours(text: str, begins: date) -> list[WeeklyShift]:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:60]!r} must look like mon-fri 08:00-17:00")
    first, last = (_weekday(word) for word in (match["first"], match["last"] or match["first"]))
    if last < first:
        raise ValueError(f"{text!r} must name the earlier weekday first")
    opens, closes = read_wall(match["opens"]), read_wall(match["closes"])
    from_day = read_day(match["begins"]) if match["begins"] else begins
    through = read_day(match["ends"]) if match["ends"] else OPEN_END
    days = range(first, last + 1)
    return [WeeklyShift(day, from_day, through, opens, closes) for day in days]


def _weekday(word: str) -> int:
    if word not in WEEKDAYS:
        raise ValueError(f"{word!r} must be one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(word)


def write_shifts(shifts: Iterable[WeeklyShift]) -> str:
    """Return what `read_shifts` reads back."""
    alike: defaultdict[tuple[date, date, time, time], list[int]] = defaultdict(list)
    for shift in sorted(shifts):
        alike[shift.from_day, shift.through_day, shift.opens, shift.closes].append(shift.weekday)
    return ";".join(_write_hours(span, *run) for span, days in alike.items() for run in _runs(days))


def _runs(days: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each stretch of weekdays without a gap."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and runs[-1][1] == day - 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _write_hours(span: tuple[date, date, time, time], first: int, last: int) -> str:
    from_day, through, opens, closes = span
    days = WEEKDAYS[first] if first == last else f"{WEEKDAYS[first]}-{WEEKDAYS[last]}"
    end = "" if through == OPEN_END else str(through)
    return f"{days} {opens:%H:%M}-{closes:%H:%M} {from_day}..{end}"


def read_pause(text: str) -> Pause:
    """Return the break in `30 11:00-14:30`: minutes, and between which times it begins."""
    match = _PAUSE.fullmatch(text.strip())
    if match is None:
        raise ValueError("must look like 30 11:00-14:30")
    return Pause(int(match["minutes"]), read_wall(match["opens"]), read_wall(match["closes"]))


def write_pause(pause: Pause) -> str:
    """Return what `read_pause` reads back."""
    return f"{pause.minutes} {pause.opens:%H:%M}-{pause.closes:%H:%M}"
