"""The register of clinicians as an administrator reads it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from scheduler.domain.geography import STATES
from scheduler.domain.licensure import (
    CompactMember,
    Credential,
    LicenceHolder,
    LicenceStanding,
    licence_standing,
)
from scheduler.domain.rosters import Pause, WeeklyShift
from scheduler.domain.timing import local_day
from scheduler.services.desk import Desk
from scheduler.services.promises import visits_ahead
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, TimeOffRow
from scheduler.store.people import Role
from scheduler.store.rules import CareServiceRow, CompactMemberRow

WARN_DAYS = 60
"""A license that ends within so many days is marked as running out."""


@dataclass(frozen=True, slots=True)
class LicenceEntry:
    """A license on the register; `standing` is over, ahead, running out or valid, as of today."""

    id: UUID
    clinician_id: UUID
    state: str
    credential: Credential
    number: str
    multistate: bool
    valid_from: date
    valid_through: date
    standing: str
    days_left: int

    @property
    def state_name(self) -> str:
        """The state's full name."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class ShiftEntry:
    """A weekly shift that has not ended; `begun` says that some day of it is past or today."""

    id: UUID
    clinician_id: UUID
    hours: WeeklyShift
    begun: bool


@dataclass(frozen=True, slots=True)
class TimeOffEntry:
    """Days off that are not over yet."""

    id: UUID
    clinician_id: UUID
    first_day: date
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class ClinicianEntry:
    """A clinician on the register.

    `own_states` and `compact_states`: names of states they may work in today, by a license of the
    state and by a compact. `home_zip` is empty for one who was entered without.
    """

    id: UUID
    name: str
    credential: Credential
    home_street: str
    home_city: str
    home_state: str
    home_zip: str
    timezone: str
    max_visits: int
    max_travel_minutes: int
    pause: Pause | None
    active: bool
    today: date
    own_states: tuple[str, ...]
    compact_states: tuple[str, ...]
    licences: tuple[LicenceEntry, ...]
    skills: tuple[str, ...]

    @property
    def running_out(self) -> tuple[LicenceEntry, ...]:
        """The licenses that end within sixty days."""
        return tuple(licence for licence in self.licences if licence.standing == "running out")


@dataclass(frozen=True, slots=True)
class ClinicianPage:
    """One clinician with weekly hours and days off, and how many visits stand with them."""

    entry: ClinicianEntry
    shifts: tuple[ShiftEntry, ...]
    time_off: tuple[TimeOffEntry, ...]
    visits_ahead: int


def list_clinicians(desk: Desk) -> list[ClinicianEntry]:
    """Return everybody on the register by name, those who do not work here any more last."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(ClinicianRow)
        .options(selectinload(ClinicianRow.licences), selectinload(ClinicianRow.skills))
        .order_by(ClinicianRow.active.desc(), ClinicianRow.name, ClinicianRow.id)
    ).all()
    compacts = _compacts(desk)
    return [_entry(desk, row, compacts) for row in rows]


def show_clinician(desk: Desk, clinician_id: UUID) -> ClinicianPage:
    """Return one clinician; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    row = queries.clinician_with_all(desk.session, clinician_id)
    entry = _entry(desk, row, _compacts(desk))
    shifts = [_shift_entry(shift, entry.today) for shift in row.shifts]
    pauses = desk.session.scalars(
        select(TimeOffRow)
        .where(
            TimeOffRow.clinician_id == clinician_id,
            TimeOffRow.withdrawn_at.is_(None),
            TimeOffRow.last_day >= entry.today,
        )
        .order_by(TimeOffRow.first_day)
    )
    return ClinicianPage(
        entry=entry,
        shifts=tuple(sorted((shift for shift in shifts if shift), key=lambda shift: shift.hours)),
        time_off=tuple(_time_off_entry(pause) for pause in pauses),
        visits_ahead=len(visits_ahead(desk.session, clinician_id, desk.now())),
    )


def show_licence(desk: Desk, licence_id: UUID) -> tuple[ClinicianEntry, LicenceEntry]:
    """Return a license with its clinician; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    licence = queries.get(desk.session, LicenceRow, licence_id, "license")
    row = queries.clinician_with_all(desk.session, licence.clinician_id)
    entry = _entry(desk, row, _compacts(desk))
    return entry, next(each for each in entry.licences if each.id == licence_id)


def show_shift(desk: Desk, shift_id: UUID) -> tuple[ClinicianEntry, ShiftEntry]:
    """Return a weekly shift with its clinician; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    shift = queries.get(desk.session, ShiftRow, shift_id, "weekly shift")
    row = queries.clinician_with_all(desk.session, shift.clinician_id)
    entry = _entry(desk, row, _compacts(desk))
    return entry, _as_entry(shift, entry.today)


def show_time_off(desk: Desk, time_off_id: UUID) -> tuple[ClinicianEntry, TimeOffEntry]:
    """Return days off with their clinician; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    pause = queries.get(desk.session, TimeOffRow, time_off_id, "time off")
    row = queries.clinician_with_all(desk.session, pause.clinician_id)
    return _entry(desk, row, _compacts(desk)), _time_off_entry(pause)


def known_skills(desk: Desk) -> list[str]:
    """Return the skills that services ask for."""
    desk.allow(Role.ADMINISTRATOR)
    asked = desk.session.scalars(select(CareServiceRow.skills))
    return sorted({skill for skills in asked for skill in skills.split()})


def _compacts(desk: Desk) -> list[CompactMember]:
    rows = desk.session.scalars(select(CompactMemberRow).where(CompactMemberRow.enabled))
    return [mapping.compact_member(row) for row in rows]


def _entry(desk: Desk, row: ClinicianRow, compacts: Sequence[CompactMember]) -> ClinicianEntry:
    today = local_day(desk.now(), row.timezone)
    candidate = mapping.candidate(row)
    own, by_compact = _states_today(candidate.holder, today, compacts)
    return ClinicianEntry(
        id=row.id,
        name=row.name,
        credential=row.credential,
        home_street=row.home_street,
        home_city=row.home_city or "",
        home_state=row.home_state,
        home_zip=row.home_zip or "",
        timezone=row.timezone,
        max_visits=row.max_visits,
        max_travel_minutes=row.max_travel_minutes,
        pause=pause_of(row),
        active=row.active,
        today=today,
        own_states=own,
        compact_states=by_compact,
        licences=tuple(_licence_entry(licence, today) for licence in row.licences),
        skills=tuple(sorted(candidate.skills)),
    )


def pause_of(row: ClinicianRow) -> Pause | None:
    """Return a clinician's break, if they take one."""
    if row.break_minutes is None or row.break_opens is None or row.break_closes is None:
        return None
    return Pause(row.break_minutes, row.break_opens, row.break_closes)


def _states_today(
    holder: LicenceHolder, today: date, compacts: Sequence[CompactMember]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own, by_compact = [], []
    for state in _states_in_question(holder):
        kind = licence_standing(holder, state, today, today, compacts).kind
        if kind is LicenceStanding.LICENSED:
            own.append(STATES[state])
        elif kind is LicenceStanding.PRIVILEGE:
            by_compact.append(STATES[state])
    return tuple(sorted(own)), tuple(sorted(by_compact))


def _states_in_question(holder: LicenceHolder) -> Iterable[str]:
    """Without a multistate license only the states of the licenses can be open."""
    if any(licence.multistate for licence in holder.licences):
        return STATES
    return {licence.state for licence in holder.licences}


def _licence_entry(row: LicenceRow, today: date) -> LicenceEntry:
    return LicenceEntry(
        id=row.id,
        clinician_id=row.clinician_id,
        state=row.state,
        credential=row.credential,
        number=row.number,
        multistate=row.multistate,
        valid_from=row.valid_from,
        valid_through=row.valid_through,
        standing=_licence_words(row, today),
        days_left=(row.valid_through - today).days,
    )


def _licence_words(row: LicenceRow, today: date) -> str:
    if row.valid_through < today:
        return "over"
    if row.valid_from > today:
        return "ahead"
    soon = row.valid_through <= today + timedelta(days=WARN_DAYS)
    return "running out" if soon else "valid"


def _shift_entry(row: ShiftRow, today: date) -> ShiftEntry | None:
    if row.withdrawn_at is not None or row.through_day < today:
        return None
    return _as_entry(row, today)


def _as_entry(row: ShiftRow, today: date) -> ShiftEntry:
    hours = WeeklyShift(row.weekday, row.from_day, row.through_day, row.opens, row.closes)
    return ShiftEntry(row.id, row.clinician_id, hours, row.from_day <= today)


def _time_off_entry(row: TimeOffRow) -> TimeOffEntry:
    return TimeOffEntry(row.id, row.clinician_id, row.first_day, row.last_day, row.reason)
