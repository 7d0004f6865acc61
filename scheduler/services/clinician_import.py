"""Clinicians from a CSV file and back: a dry run that changes nothing, then all lines or none.

Nothing is kept between the two: the same content comes again with the digest of what was seen. A
line that is on the register already is left as it is, so that a file sent twice adds nobody twice.
Homes are placed at the point of their ZIP code, without asking the network; saving the clinician
places the street.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from scheduler.domain.clinician_csv import (
    ClinicianLine,
    Fault,
    digest_of,
    plain_ends,
    read_file,
    write_file,
)
from scheduler.domain.errors import Conflict, SchedulingError
from scheduler.domain.geography import STATES, Place, Precision, UnknownZip
from scheduler.domain.licensure import Credential
from scheduler.domain.rosters import WeeklyShift
from scheduler.services.clinician_hours import shift_row
from scheduler.services.clinicians import ClinicianFacts, clinician_row, facts_of
from scheduler.services.desk import Desk
from scheduler.services.licences import licence_row
from scheduler.store import mapping
from scheduler.store.clinicians import ClinicianRow, SkillRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_register
from scheduler.store.people import Role


class FaultsInFile(SchedulingError):
    """The file has faults; nothing was imported. `faults` names each by line and column."""

    code = "faults_in_file"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"The file has {len(faults)} faults. Nothing was imported.")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """What the import does with a line: add a clinician, or leave one who is here already."""

    line: int
    name: str
    credential: Credential
    licences: int
    already_here: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an import of this content would do, and everything that keeps it from being done."""

    digest: str
    lines: tuple[PlannedLine, ...]
    faults: tuple[Fault, ...]

    @property
    def to_add(self) -> int:
        """How many clinicians would be added."""
        return sum(not line.already_here for line in self.lines)


def dry_run(desk: Desk, content: str) -> DryRun:
    """Look at a file; nothing is changed."""
    desk.allow(Role.ADMINISTRATOR)
    lines, _, faults = _examine(desk, content)
    known = {line.identity for line in _on_register(desk)}
    return DryRun(
        digest=digest_of(content),
        lines=tuple(
            PlannedLine(
                line=line.line,
                name=line.name,
                credential=line.credential,
                licences=len(line.licences),
                already_here=line.identity in known,
            )
            for line in lines
        ),
        faults=tuple(faults),
    )


def import_clinicians(desk: Desk, content: str, digest: str) -> int:
    """Add every clinician of a file, or nobody; return how many were added.

    Raises:
        Conflict: this is not the content of the dry run.
        FaultsInFile: nothing was imported.
    """
    desk.allow(Role.ADMINISTRATOR)
    if digest_of(content) != digest:
        raise Conflict("This is not the file that was checked. Check it again.")
    added = 0
    with transaction(desk.session) as session:
        lock_register(session)
        lines, places, faults = _examine(desk, content)
        if faults:
            raise FaultsInFile(faults)
        known = {line.identity for line in _on_register(desk)}
        for line in lines:
            if line.identity not in known:
                _add(desk, line, places[line.line])
                added += 1
    return added


def _examine(
    desk: Desk, content: str
) -> tuple[tuple[ClinicianLine, ...], dict[int, Place], list[Fault]]:
    """Return the lines, where each is at home, and every fault, also against the register."""
    today = desk.now().astimezone(UTC).date()
    reading = read_file(plain_ends(content), today)
    places: dict[int, Place] = {}
    faults = list(reading.faults)
    for line in reading.lines:
        place = _place(desk, line)
        if isinstance(place, Fault):
            faults.append(place)
        else:
            places[line.line] = place
    faults.extend(_taken_numbers(desk, reading.lines))
    return reading.lines, places, sorted(faults, key=lambda fault: fault.line)


def _place(desk: Desk, line: ClinicianLine) -> Place | Fault:
    try:
        area = desk.ports.geocoder.find_zip(line.home.zip_code)
    except UnknownZip as error:
        return Fault(line.line, "home_zip", str(error))
    if line.home.state not in area.states:
        names = " or ".join(STATES[state] for state in sorted(area.states))
        words = f"the ZIP code {area.zip_code} lies in {names}"
        return Fault(line.line, "home_state", words)
    return Place(area.point, line.home.state, area.zip_code, area.timezone, Precision.ZIP)


def _taken_numbers(desk: Desk, lines: Sequence[ClinicianLine]) -> list[Fault]:
    register = _on_register(desk)
    known = {line.identity for line in register}
    holders = {key: line.name for line in register for key in line.numbers}
    return [
        Fault(line.line, "licenses", f"the {key[0]} license {key[2]} is {holders[key]}'s already")
        for line in lines
        if line.identity not in known
        for key in sorted(line.numbers & holders.keys())
    ]


def _add(desk: Desk, line: ClinicianLine, place: Place) -> None:
    session = desk.session
    facts = ClinicianFacts(
        name=line.name,
        credential=line.credential,
        home=line.home,
        max_visits=line.max_visits,
        max_travel_minutes=line.max_travel_minutes,
        pause=line.pause,
    )
    row = clinician_row(uuid4(), facts, place)
    row.active = line.active
    session.add(row)
    session.flush()
    session.add_all(licence_row(row.id, licence) for licence in line.licences)
    session.add_all(SkillRow(clinician_id=row.id, skill=skill) for skill in line.skills)
    session.add_all(shift_row(row.id, shift) for shift in line.shifts)
    words = f"line {line.line}: {line.name}, {line.credential}, {len(line.licences)} licenses"
    desk.record("import clinician", "clinician", row.id, reason=words)


def export_clinicians(desk: Desk) -> str:
    """Return everybody on the register as a file that the import reads back."""
    desk.allow(Role.ADMINISTRATOR)
    return write_file(_on_register(desk))


def _on_register(desk: Desk) -> list[ClinicianLine]:
    rows = desk.session.scalars(
        select(ClinicianRow)
        .options(
            selectinload(ClinicianRow.licences),
            selectinload(ClinicianRow.skills),
            selectinload(ClinicianRow.shifts),
        )
        .order_by(ClinicianRow.name, ClinicianRow.id)
    )
    return [_as_line(row) for row in rows]


def _as_line(row: ClinicianRow) -> ClinicianLine:
    facts, candidate = facts_of(row), mapping.candidate(row)
    return ClinicianLine(
        line=0,
        name=facts.name,
        credential=facts.credential,
        home=facts.home,
        licences=candidate.holder.licences,
        skills=candidate.skills,
        shifts=tuple(
            sorted(
                WeeklyShift(each.weekday, each.from_day, each.through_day, each.opens, each.closes)
                for each in row.shifts
                if each.withdrawn_at is None
            )
        ),
        max_visits=facts.max_visits,
        max_travel_minutes=facts.max_travel_minutes,
        pause=facts.pause,
        active=row.active,
    )
