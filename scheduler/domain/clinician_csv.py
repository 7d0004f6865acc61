"""The CSV file of clinicians, one row each: read with every fault named, and written."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeVar

from scheduler.domain.geography import PostalAddress, parse_state, parse_zip
from scheduler.domain.licensure import Credential, Licence
from scheduler.domain.rosters import (
    Pause,
    WeeklyShift,
    no_formula,
    read_licence,
    read_pause,
    read_shifts,
    skill_word,
    write_licence,
    write_pause,
    write_shifts,
)

MAX_FILE_BYTES = 60_000
"""What may be sent at once (64 kB for a whole request), less what the form around it takes."""

OPTIONAL = ("home_street", "break", "active")
COLUMNS = (
    *("name", "credential", "home_street", "home_city", "home_state", "home_zip", "licenses"),
    *("skills", "shifts", "max_visits", "max_travel_minutes", "break", "active"),
)
MOST_LETTERS = 80
MOST_VISITS = 24
MOST_TRAVEL_MINUTES = 960

_WHOLE = re.compile(r"\d{1,4}", re.ASCII)
_YES_OR_NO = {"": True, "yes": True, "no": False}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, on which line of the file (the header is line 1), in which column."""

    line: int
    column: str
    words: str


@dataclass(frozen=True, slots=True)
class ClinicianLine:
    """One clinician as the file says; `line` is where, 0 for one that is about to be written."""

    line: int
    name: str
    credential: Credential
    home: PostalAddress
    licences: tuple[Licence, ...]
    skills: frozenset[str]
    shifts: tuple[WeeklyShift, ...]
    max_visits: int
    max_travel_minutes: int
    pause: Pause | None
    active: bool

    @property
    def numbers(self) -> frozenset[tuple[str, Credential, str]]:
        """The licenses by state, credential and number."""
        return frozenset((each.state, each.credential, each.number) for each in self.licences)

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two lines the same clinician."""
        return self.name, self.credential, self.home.state, self.home.zip_code, self.numbers


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines that could be read and every fault found, in the order of the file."""

    lines: tuple[ClinicianLine, ...]
    faults: tuple[Fault, ...]


def read_bytes(data: bytes) -> str:
    """Return a file's text with plain line ends; raises ValueError for what is no such text."""
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"must be at most {MAX_FILE_BYTES // 1000} kB; divide it into parts")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"must be saved as UTF-8; byte {error.start + 1} of the file is not"
        ) from None
    return plain_ends(text)


def plain_ends(text: str) -> str:
    """Return text with plain line ends: browsers send others than the file had."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest_of(content: str) -> str:
    """Return what tells one content from another."""
    return sha256(plain_ends(content).encode("utf-8", "replace")).hexdigest()


def one_line(text: str) -> str:
    """Return text of at most 80 letters; raises ValueError for line breaks and the like."""
    if len(text) > MOST_LETTERS:
        raise ValueError(f"must have at most {MOST_LETTERS} letters")
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise ValueError("must not contain line breaks or control characters")
    return no_formula(text)


def read_file(content: str, begins: date) -> Reading:
    """Read a whole file.

    Args:
        content: its text with plain line ends.
        begins: first day of weekly hours that name none.
    """
    rows, broken = _rows(content)
    if not rows:
        return Reading((), tuple(broken) or (Fault(1, "", "the file is empty"),))
    header = [name.strip().lower() for name in rows[0][1]]
    faults = [*_header_faults(header)]
    if faults:
        return Reading((), (*faults, *broken))
    lines: list[ClinicianLine] = []
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            words = f"has {len(cells)} cells where the first line has {len(header)}"
            faults.append(Fault(number, "", words))
            continue
        line, found = _Row(number, dict(zip(header, cells, strict=True))).read(begins)
        faults.extend(found)
        if line is not None:
            lines.append(line)
    if not lines and not faults and not broken:
        faults.append(Fault(2, "", "the file names no clinician"))
    faults.extend([*broken, *_duplicates(lines)])
    return Reading(tuple(lines), tuple(sorted(faults, key=lambda fault: fault.line)))


def _rows(content: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Return the rows that are not empty with the lines on which they begin."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error:
        return rows, [Fault(begins, "", "has quotation marks that do not match")]
    return rows, []


def _header_faults(header: list[str]) -> Iterator[Fault]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            shown = name[:MOST_LETTERS] or "(no name)"
            yield Fault(1, shown, f"is not a column that we know; we know {', '.join(COLUMNS)}")
        elif header.count(name) > 1:
            yield Fault(1, name, "is there twice")
    for name in COLUMNS:
        if name not in header and name not in OPTIONAL:
            yield Fault(1, name, "is missing")


def _duplicates(lines: Iterable[ClinicianLine]) -> Iterator[Fault]:
    people: dict[tuple[object, ...], int] = {}
    numbers: dict[tuple[str, Credential, str], int] = {}
    for line in lines:
        first = people.setdefault(line.identity, line.line)
        if first != line.line:
            yield Fault(line.line, "", f"is the same clinician as on line {first}")
            continue
        for key in sorted(line.numbers):
            other = numbers.setdefault(key, line.line)
            if other != line.line:
                words = f"the {key[0]} license {key[2]} is on line {other} too"
                yield Fault(line.line, "licenses", words)


class _Row:
    """Reads the cells of one row and remembers what is wrong with each."""

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self._line = line
        self._cells = cells
        self._faults: list[Fault] = []

    def read(self, begins: date) -> tuple[ClinicianLine | None, list[Fault]]:
        """Return the clinician, or None with all faults of the row."""
        name = self._cell("name", _needed)
        credential = self._cell("credential", _credential)
        street = self._cell("home_street", one_line)
        city = self._cell("home_city", _needed)
        state, zip_code = self._cell("home_state", _state), self._cell("home_zip", _zip)
        licences = self._cell("licenses", lambda text: _licences(text, credential))
        skills = self._cell("skills", _skills)
        shifts = self._cell("shifts", lambda text: tuple(read_shifts(text, begins)))
        visits = self._cell("max_visits", lambda text: _whole(text, MOST_VISITS))
        travel = self._cell("max_travel_minutes", lambda text: _whole(text, MOST_TRAVEL_MINUTES))
        pause = self._cell("break", lambda text: read_pause(text) if text else None)
        active = self._cell("active", _yes_or_no)
        if self._faults:
            return None, self._faults
        home = PostalAddress(street or "", city or "", state or "", zip_code or "")
        return ClinicianLine(
            line=self._line,
            name=name or "",
            credential=credential or Credential.RN,
            home=home,
            licences=licences or (),
            skills=skills or frozenset(),
            shifts=shifts or (),
            max_visits=visits or 0,
            max_travel_minutes=travel or 0,
            pause=pause,
            active=bool(active),
        ), []

    def _cell(self, column: str, parse: Callable[[str], Value]) -> Value | None:
        try:
            return parse(no_formula(self._cells.get(column, "")))
        except ValueError as error:
            self._faults.append(Fault(self._line, column, str(error)))
            return None


def _needed(text: str) -> str:
    if not text:
        raise ValueError("must be filled in")
    return one_line(text)


def _state(text: str) -> str:
    return parse_state(_needed(text))


def _zip(text: str) -> str:
    return parse_zip(_needed(text))


def _credential(text: str) -> Credential:
    try:
        return Credential(text.upper())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Credential)}") from None


def _licences(text: str, credential: Credential | None) -> tuple[Licence, ...]:
    licences = [
        read_licence(part, credential or Credential.RN)
        for part in filter(None, (each.strip() for each in text.split(";")))
    ]
    keys = [(each.state, each.credential, each.number) for each in licences]
    if len(set(keys)) < len(keys):
        raise ValueError("one license is given twice")
    return tuple(licences)


def _skills(text: str) -> frozenset[str]:
    return frozenset(skill_word(word) for word in text.split(";") if word.strip())


def _whole(text: str, most: int) -> int:
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise ValueError(f"must be a whole number from 0 to {most}")
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        raise ValueError("must be yes or no")
    return _YES_OR_NO[text.lower()]


def write_file(lines: Iterable[ClinicianLine]) -> str:
    """Return a file that `read_file` reads back."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([_safe(cell) for cell in _cells(line)])
    return text.getvalue()


def _cells(line: ClinicianLine) -> list[str]:
    home = line.home
    return [
        line.name,
        line.credential.value,
        home.street,
        home.city,
        home.state,
        home.zip_code,
        ";".join(write_licence(each, line.credential) for each in line.licences),
        ";".join(sorted(line.skills)),
        write_shifts(line.shifts),
        str(line.max_visits),
        str(line.max_travel_minutes),
        write_pause(line.pause) if line.pause else "",
        "yes" if line.active else "no",
    ]


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    try:
        return no_formula(cell)
    except ValueError:
        return f"'{cell}"
