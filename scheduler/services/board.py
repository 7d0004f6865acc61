"""The day as dispatch sees it: who works, where they drive, and which promises are at risk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from scheduler.domain.geography import Point
from scheduler.domain.timing import at_local, local_day
from scheduler.domain.visits import VisitState
from scheduler.services.desk import Desk
from scheduler.services.driving import leg_minutes, way_miles
from scheduler.services.message_trail import NEEDS_A_LOOK
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow, MessageRow
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

NOT_SET_OUT = frozenset({VisitState.BOOKED, VisitState.TENTATIVE})
NOT_THERE = NOT_SET_OUT | {VisitState.EN_ROUTE}


@dataclass(frozen=True, slots=True)
class BoardVisit:
    """A visit in its place in the day; `drive_minutes` is the way to it from the place before.

    `gap_minutes` are free before it, beside that drive. `risk` says in words why the promise may
    break, or nothing.
    """

    visit_id: UUID
    patient: str
    place: str
    service: str
    state: VisitState
    starts_at: datetime
    ends_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    timezone: str
    drive_minutes: int
    gap_minutes: int
    locked: bool
    risk: str


@dataclass(frozen=True, slots=True)
class License:
    """One license: its state by code, and whether it is a multistate one."""

    state: str
    multistate: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A clinician's day; `off` says why they do not work, where they are off.

    `licenses`: the states of licenses valid on the day, a multistate one marked. `pause`: minutes
    of the break and when it may begin, earliest and latest. `drive_miles`: of the whole day.
    """

    clinician_id: UUID
    name: str
    credential: str
    home_state: str
    timezone: str
    opens: datetime | None
    closes: datetime | None
    off: str
    licenses: tuple[License, ...]
    pause: tuple[int, datetime, datetime] | None
    visits: tuple[BoardVisit, ...]
    back_minutes: int
    drive_miles: int

    @property
    def drive_minutes(self) -> int:
        """Return all driving of the day, from home and back."""
        return sum(visit.drive_minutes for visit in self.visits) + self.back_minutes


@dataclass(frozen=True, slots=True)
class Board:
    """One day of everybody, with what waits beside it."""

    on: date
    rows: tuple[BoardRow, ...]
    states: tuple[str, ...]
    open_requests: int
    calls_due: int
    messages: int

    @property
    def busy(self) -> tuple[BoardRow, ...]:
        """Return the rows with visits."""
        return tuple(row for row in self.rows if row.visits)

    @property
    def free(self) -> tuple[BoardRow, ...]:
        """Return the rows of those who work and have no visit yet."""
        return tuple(row for row in self.rows if not row.visits and not row.off)

    @property
    def away(self) -> tuple[BoardRow, ...]:
        """Return the rows of those who are off and have no visits either."""
        return tuple(row for row in self.rows if not row.visits and row.off)

    @property
    def visits(self) -> int:
        """Return how many visits the day holds."""
        return sum(len(row.visits) for row in self.rows)

    @property
    def at_risk(self) -> int:
        """Return how many promises are at risk."""
        return sum(bool(visit.risk) for row in self.rows for visit in row.visits)


def office_day(desk: Desk) -> date:
    """Return today's date where most clinicians of the practice live."""
    zones = desk.session.scalars(select(ClinicianRow.timezone).where(ClinicianRow.active)).all()
    zone = Counter(zones).most_common(1)[0][0] if zones else "America/New_York"
    return local_day(desk.now(), zone)


def day_board(desk: Desk, on: date, state: str = "") -> Board:
    """Return a day of all clinicians, or of those who live in a state, busy ones first."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view day", "day", desk.actor.account_id)
    session = desk.session
    everyone = _clinicians(session)
    chosen = [row for row in everyone if not state or row.home_state == state]
    ids = [row.id for row in chosen]
    stops = queries.stops_on(session, ids, on, on, desk.now())
    words = _Words.of(session, [visit for visit, _ in stops])
    off = {pause.clinician_id: pause.reason for pause in queries.time_off(session, ids, on, on)}
    by_clinician: dict[UUID, list[tuple[VisitRow, AddressRow]]] = {each: [] for each in ids}
    for visit, address in stops:
        by_clinician[visit.clinician_id].append((visit, address))
    rows = [_row(desk, row, on, by_clinician[row.id], (off, words)) for row in chosen]
    working = [row for row in rows if row.visits or row.opens is not None or row.off]
    return Board(
        on,
        tuple(sorted(working, key=lambda row: (not row.visits, bool(row.off), row.name))),
        tuple(sorted({row.home_state for row in everyone})),
        open_requests=_count_open(session),
        calls_due=_count_calls(session, desk.now()),
        messages=_count_messages(session),
    )


def _clinicians(session: Session) -> Sequence[ClinicianRow]:
    return session.scalars(
        select(ClinicianRow)
        .where(ClinicianRow.active)
        .options(selectinload(ClinicianRow.shifts), selectinload(ClinicianRow.licences))
        .order_by(ClinicianRow.name)
    ).all()


@dataclass(frozen=True, slots=True)
class _Words:
    """Names of patients and services, read in one look each."""

    patients: Mapping[UUID, str]
    services: Mapping[str, str]

    @classmethod
    def of(cls, session: Session, visits: Sequence[VisitRow]) -> "_Words":
        ids = {visit.patient_id for visit in visits}
        people = session.scalars(select(PatientRow).where(PatientRow.id.in_(list(ids))))
        names = session.execute(select(CareServiceRow.code, CareServiceRow.name))
        return cls({row.id: row.name for row in people}, {row.code: row.name for row in names})


def _row(
    desk: Desk,
    row: ClinicianRow,
    on: date,
    stops: Sequence[tuple[VisitRow, AddressRow]],
    known: tuple[Mapping[UUID, str], _Words],
) -> BoardRow:
    off, words = known
    shift = mapping.shift_on(row, on)
    way = _way(row, [address for _, address in stops])
    drives = _drives(desk, row, way, [visit for visit, _ in stops])
    return BoardRow(
        clinician_id=row.id,
        name=row.name,
        credential=row.credential.letters,
        home_state=row.home_state,
        timezone=row.timezone,
        opens=at_local(on, shift.opens, row.timezone) if shift else None,
        closes=at_local(on, shift.closes, row.timezone) if shift else None,
        off=off.get(row.id, ""),
        licenses=tuple(
            License(each.state, each.multistate)
            for each in row.licences
            if each.valid_from <= on <= each.valid_through
        ),
        pause=_pause(row, on),
        visits=_visits(desk, stops, drives, words),
        back_minutes=drives[-1] if stops else 0,
        drive_miles=way_miles(desk.ports.travel, way),
    )


def _way(row: ClinicianRow, addresses: Sequence[AddressRow]) -> list[Point]:
    """Return home, every stop, and home again; nothing on a day without visits."""
    if not addresses:
        return []
    home = Point(row.start_latitude, row.start_longitude)
    return [home, *(mapping.place(address).point for address in addresses), home]


def _drives(
    desk: Desk, row: ClinicianRow, way: Sequence[Point], visits: Sequence[VisitRow]
) -> list[int]:
    """Return minutes from home to the first, between all, and from the last back home."""
    times = [visit.starts_at for visit in visits] + [visit.ends_at for visit in visits[-1:]]
    return leg_minutes(desk.ports.travel, way, row.timezone, times)


def _pause(row: ClinicianRow, on: date) -> tuple[int, datetime, datetime] | None:
    if row.break_minutes is None or row.break_opens is None or row.break_closes is None:
        return None
    opens, closes = (at_local(on, at, row.timezone) for at in (row.break_opens, row.break_closes))
    return row.break_minutes, opens, closes


def _visits(
    desk: Desk,
    stops: Sequence[tuple[VisitRow, AddressRow]],
    drives: Sequence[int],
    words: _Words,
) -> tuple[BoardVisit, ...]:
    visits = []
    before: VisitRow | None = None
    for (visit, address), drive in zip(stops, drives, strict=False):
        free = (visit.starts_at - before.ends_at).total_seconds() // 60 - drive if before else 0
        visits.append(_visit(desk, visit, address, (drive, max(0, int(free))), words))
        before = visit
    return tuple(visits)


def _visit(
    desk: Desk, visit: VisitRow, address: AddressRow, before: tuple[int, int], words: _Words
) -> BoardVisit:
    return BoardVisit(
        visit_id=visit.id,
        patient=words.patients[visit.patient_id],
        place=f"{address.state} {address.zip_code}",
        service=words.services[visit.service_code],
        state=visit.state,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        window_starts_at=visit.window_starts_at,
        window_ends_at=visit.window_ends_at,
        timezone=visit.timezone,
        drive_minutes=before[0],
        gap_minutes=before[1],
        locked=visit.locked_at is not None,
        risk=promise_risk(visit, desk.now()),
    )


def promise_risk(visit: VisitRow, now: datetime) -> str:
    """Say in words why a promised arrival window may break, or nothing."""
    if visit.state in NOT_THERE and now > visit.window_ends_at:
        return "The arrival window is over and nobody has arrived."
    if visit.state in NOT_SET_OUT and now > visit.starts_at:
        return "Planned arrival has passed and nobody is on the way."
    return ""


def _count_open(session: Session) -> int:
    waiting = select(func.count()).where(VisitRequestRow.state == RequestState.OPEN)
    return session.scalar(waiting) or 0


def _count_calls(session: Session, now: datetime) -> int:
    due = select(func.count()).where(CallTaskRow.done_at.is_(None), CallTaskRow.due_at <= now)
    return session.scalar(due) or 0


def _count_messages(session: Session) -> int:
    stuck = select(func.count()).where(MessageRow.state.in_(list(NEEDS_A_LOOK)))
    return session.scalar(stuck) or 0
