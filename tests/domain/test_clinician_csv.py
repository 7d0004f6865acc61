"""The CSV file of clinicians: every fault named by line and column, and read back as written."""

import string
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.clinician_csv import (
    COLUMNS,
    MAX_FILE_BYTES,
    ClinicianLine,
    read_bytes,
    read_file,
    write_file,
)
from scheduler.domain.geography import STATES, PostalAddress
from scheduler.domain.licensure import Credential, Licence
from scheduler.domain.rosters import Pause, WeeklyShift
from tests.clinician_files import ADA, CY, HEADER, TODAY, file_of


def faults(content: str) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.words) for each in read_file(content, TODAY).faults]


def test_a_row_is_read_with_everything_in_it() -> None:
    ada, cy = read_file(file_of(ADA, CY), TODAY).lines
    assert ada.line == 2
    assert (ada.name, ada.credential) == ("Ada Example", Credential.RN)
    assert ada.home == PostalAddress("12 Fiction Street", "Kansas City", "KS", "66101")
    first, second = ada.licences
    assert (first.state, first.number, first.multistate) == ("KS", "A-1", True)
    assert (second.state, second.valid_through) == ("MO", date(2027, 12, 31))
    assert ada.skills == {"iv_start", "monitoring"}
    assert [shift.weekday for shift in ada.shifts] == [0, 1, 2, 3, 4]
    assert {shift.from_day for shift in ada.shifts} == {TODAY}
    assert ada.pause == Pause(30, time(11), time(14, 30))
    assert (cy.credential, cy.home.state, cy.skills, cy.shifts) == (
        Credential.NP,
        "MO",
        frozenset(),
        (),
    )


@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [
        ("name", "", "must be filled in"),
        ("name", "=1+1", "must not begin with =, +, - or @"),
        ("name", "@SUM(A1)", "must not begin with =, +, - or @"),
        ("name", "A" * 81, "must have at most 80 letters"),
        ("home_city", "+1", "must not begin with =, +, - or @"),
        ("credential", "Nurse", "must be one of RN, LPN, NP, PA, MD, DO, CRNA, PARAMEDIC"),
        ("home_state", "Canada", "must be a US state or territory, such as KS or Kansas"),
        ("home_zip", "6610", "must be a five-digit ZIP code, such as 64108"),
        ("licenses", "KS:1", "'KS:1' must look like MO:number:single:2026-01-01:2027-12-31"),
        ("licenses", "KS:1:both:2026-01-01:2027-01-01", "'both' must be single or multi"),
        (
            "licenses",
            "KS:1:multi:2026-01-01:2025-01-01",
            "valid_through is before valid_from",
        ),
        (
            "licenses",
            "KS:1:multi:2026-02-30:2027-01-01",
            "must be a day such as 2027-05-31, between the years 2000 and 2099",
        ),
        (
            "licenses",
            "KS:1:multi:2026-01-01:2027-01-01;KS:1:multi:2026-01-01:2027-01-01",
            "one license is given twice",
        ),
        ("skills", "iv start;!", "must be letters and digits, such as: IV start"),
        ("shifts", "always", "'always' must look like mon-fri 08:00-17:00"),
        ("shifts", "mon 08:00-07:00", "the hours must end after they begin"),
        ("shifts", "mon 08:00-25:00", "must be a time such as 08:30"),
        ("shifts", "fri-mon 08:00-17:00", "must name the earlier weekday first"),
        ("shifts", "mon 08:00-12:00;mon 13:00-17:00", "mon has hours twice from 2026-10-20"),
        ("max_visits", "25", "must be a whole number from 0 to 24"),
        ("max_visits", "two", "must be a whole number from 0 to 24"),
        ("max_travel_minutes", "-5", "must not begin with =, +, - or @"),
        ("break", "30", "must look like 30 11:00-14:30"),
        ("break", "30 14:00-11:00", "the break's latest start is before its earliest"),
        ("active", "perhaps", "must be yes or no"),
    ],
)
def test_a_fault_is_named_by_line_and_column(column: str, typed: str, words: str) -> None:
    cells = dict(zip(COLUMNS, CY.split(","), strict=True)) | {column: typed}
    line = ",".join(cells[name] for name in COLUMNS)
    found = faults(file_of(ADA, line))
    assert [(number, where) for number, where, _ in found] == [(3, column)]
    assert words in found[0][2]


def test_all_faults_of_a_line_are_named_at_once() -> None:
    found = faults(file_of(",Nurse,,Kansas City,KS,1,,,,25,x,,"))
    assert [column for _, column, _ in found] == [
        "name",
        "credential",
        "home_zip",
        "max_visits",
        "max_travel_minutes",
    ]


def test_columns_that_are_unknown_missing_or_twice_are_named() -> None:
    found = faults("name,name,shoe size\nAda,Ada,38\n")
    words = {column: text for _, column, text in found}
    assert words["name"] == "is there twice"
    assert words["shoe size"].startswith("is not a column that we know")
    assert words["credential"] == "is missing"
    assert "home_street" not in words
    assert {line for line, _, _ in found} == {1}


def test_duplicates_in_the_file_are_named() -> None:
    other = CY.replace("Cy Example", "Cyrus Example")
    found = faults(file_of(ADA, CY, other, ADA))
    assert found == [
        (4, "licenses", "the MO license C-1 is on line 3 too"),
        (5, "", "is the same clinician as on line 2"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "the file is empty"),
        ("\n\n", 1, "the file is empty"),
        (HEADER + "\n", 2, "the file names no clinician"),
        (file_of("Ada,RN"), 2, "has 2 cells where the first line has 13"),
        (file_of(ADA, '"Bea'), 3, "has quotation marks that do not match"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(content: str, line: int, words: str) -> None:
    assert (line, "", words) in faults(content)


def test_a_line_break_inside_quotation_marks_counts_as_lines() -> None:
    found = faults(file_of(CY.replace("Cy Example", '"Cy\nExample"'), "short"))
    assert [(line, column) for line, column, _ in found] == [(2, "name"), (4, "")]


def test_bytes_must_be_utf_8_and_few() -> None:
    assert read_bytes(b"\xef\xbb\xbfname\r\nAda") == "name\nAda"
    with pytest.raises(ValueError, match="byte 3 of the file"):
        read_bytes(b"Ad\xe4")
    with pytest.raises(ValueError, match="at most 60 kB"):
        read_bytes(b"x" * (MAX_FILE_BYTES + 1))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        content = read_bytes(data)
    except ValueError:
        return
    assert read_file(content, TODAY).faults


@given(st.lists(st.text(max_size=40), max_size=30))
def test_no_cells_break_the_reader(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    reading = read_file(file_of(quoted), TODAY)
    assert reading.faults


_LETTERS = string.ascii_letters + string.digits + " .'äßé,;:\"/"
_TEXT = st.text(_LETTERS, min_size=1, max_size=40).map(str.strip).filter(bool)
_DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
_WALLS = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date]:
    first, last = sorted((draw(_DAYS), draw(_DAYS)))
    return first, last


@st.composite
def licences(draw: st.DrawFn) -> Licence:
    first, last = draw(spans())
    number = draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9./#-]{0,20}", fullmatch=True))
    return Licence(
        draw(st.sampled_from(sorted(STATES))),
        draw(st.sampled_from(Credential)),
        number,
        draw(st.booleans()),
        first,
        last,
    )


@st.composite
def shifts(draw: st.DrawFn) -> WeeklyShift:
    first, last = draw(spans())
    opens, closes = sorted(draw(st.lists(_WALLS, min_size=2, max_size=2, unique=True)))
    return WeeklyShift(draw(st.integers(0, 6)), first, last, opens, closes)


@st.composite
def lines(draw: st.DrawFn) -> ClinicianLine:
    opens, closes = sorted((draw(_WALLS), draw(_WALLS)))
    pause = Pause(draw(st.integers(1, 240)), opens, closes)
    state, zip_code = draw(st.sampled_from([("KS", "66101"), ("MO", "64108"), ("TN", "37203")]))
    skill = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
    return ClinicianLine(
        line=0,
        name=draw(_TEXT),
        credential=draw(st.sampled_from(Credential)),
        home=PostalAddress(draw(_TEXT | st.just("")), draw(_TEXT), state, zip_code),
        licences=tuple(
            draw(
                st.lists(
                    licences(),
                    max_size=3,
                    unique_by=lambda each: (each.state, each.credential, each.number),
                )
            )
        ),
        skills=draw(st.frozensets(skill, max_size=3)),
        shifts=tuple(
            sorted(
                draw(
                    st.lists(
                        shifts(), max_size=8, unique_by=lambda each: (each.weekday, each.from_day)
                    )
                )
            )
        ),
        max_visits=draw(st.integers(0, 24)),
        max_travel_minutes=draw(st.integers(0, 960)),
        pause=draw(st.none() | st.just(pause)),
        active=draw(st.booleans()),
    )


def numbers_differ(file: list[ClinicianLine]) -> bool:
    numbers = [key for line in file for key in line.numbers]
    people = [line.identity for line in file]
    return len(set(numbers)) == len(numbers) and len(set(people)) == len(people)


@given(st.lists(lines(), min_size=1, max_size=5).filter(numbers_differ))
def test_what_is_written_is_read_back(file: list[ClinicianLine]) -> None:
    reading = read_file(read_bytes(write_file(file).encode()), TODAY)
    assert reading.faults == ()
    assert [replace(line, line=0) for line in reading.lines] == file


@given(st.lists(lines(), min_size=1, max_size=3).filter(numbers_differ))
def test_no_cell_that_is_written_is_a_formula(file: list[ClinicianLine]) -> None:
    named = [replace(line, name=f"={line.name}") for line in file]
    for row in write_file(named).splitlines()[1:]:
        assert not row.lstrip('"').startswith(("=", "+", "-", "@"))
