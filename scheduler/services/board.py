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
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

NOT_SET_OUT = frozenset({VisitState.BOOKED, VisitState.TENTATIVE})
NOT_THERE = NOT_SET_OUT | {VisitState.EN_ROUTE}


@dataclass(frozen=True, slots=True)
class BoardVisit:
    """A visit in its place in the day; `drive_minutes` is the way to it from the place before.

    `risk` says in words why the promise may break, or nothing.
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
    locked: bool
    risk: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A clinician's day; `off` says why they do not work, where they are off."""

    clinician_id: UUID
    name: str
    credential: str
    home_state: str
    timezone: str
    opens: datetime | None
    closes: datetime | None
    off: str
    visits: tuple[BoardVisit, ...]
    back_minutes: int

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
    )


def _clinicians(session: Session) -> Sequence[ClinicianRow]:
    return session.scalars(
        select(ClinicianRow)
        .where(ClinicianRow.active)
        .options(selectinload(ClinicianRow.shifts))
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
    drives = _drives(desk, row, [address for _, address in stops])
    return BoardRow(
        clinician_id=row.id,
        name=row.name,
        credential=row.credential.value,
        home_state=row.home_state,
        timezone=row.timezone,
        opens=at_local(on, shift.opens, row.timezone) if shift else None,
        closes=at_local(on, shift.closes, row.timezone) if shift else None,
        off=off.get(row.id, ""),
        visits=tuple(
            _visit(desk, visit, address, drive, words)
            for (visit, address), drive in zip(stops, drives, strict=False)
        ),
        back_minutes=drives[-1] if stops else 0,
    )


def _drives(desk: Desk, row: ClinicianRow, addresses: Sequence[AddressRow]) -> list[int]:
    """Return minutes from home to the first, between all, and from the last back home."""
    if not addresses:
        return []
    home = Point(row.start_latitude, row.start_longitude)
    points = [home, *(mapping.place(address).point for address in addresses), home]
    minutes = desk.ports.travel.minutes(points[:-1], points[1:])
    return [int(minutes[number, number]) for number in range(len(points) - 1)]


def _visit(
    desk: Desk, visit: VisitRow, address: AddressRow, drive: int, words: _Words
) -> BoardVisit:
    return BoardVisit(
        visit_id=visit.id,
        patient=words.patients[visit.patient_id],
        place=f"{address.zip_code} {address.state}",
        service=words.services[visit.service_code],
        state=visit.state,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        window_starts_at=visit.window_starts_at,
        window_ends_at=visit.window_ends_at,
        timezone=visit.timezone,
        drive_minutes=drive,
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
