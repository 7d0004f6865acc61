"""Everything that dispatch needs to know of one visit, and nothing of why it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.visits import CAN_MOVE, VisitState
from scheduler.services.board import promise_risk
from scheduler.services.calls import Call, calls_of
from scheduler.services.desk import SYSTEM_ID, Desk
from scheduler.services.message_trail import Text, texts_where
from scheduler.store import queries
from scheduler.store.audit import AuditRow
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.messages import MessageRow
from scheduler.store.people import AccountRow, AddressRow, Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import VisitRow

TOLD = {
    "reserve": "kept for ten minutes",
    "book": "booked",
    "plan visit": "given a time",
    "move": "moved",
    "cancel": "canceled",
    "set out": "clinician set out",
    "arrive": "clinician arrived",
    "start": "visit began",
    "complete": "visit ended",
    "lock": "locked",
    "unlock": "unlocked",
    "end at door": "ended at the door",
}
"""What of the record is told, and how; its reasons are shown for what dispatch itself does."""

_REASONED = frozenset({"move", "cancel", "lock"})


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a visit."""

    at: datetime
    who: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class VisitFile:
    """One visit for dispatch; times are shown in the home's `timezone`."""

    visit_id: UUID
    request_id: UUID
    series_id: UUID | None
    number: int | None
    patient_id: UUID
    patient: str
    phone: str
    clinician_id: UUID
    clinician: str
    service: str
    address_id: UUID
    address: str
    addresses: tuple[tuple[UUID, str], ...]
    state: VisitState
    starts_at: datetime
    ends_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    timezone: str
    locked: bool
    movable: bool
    risk: str
    happenings: tuple[Happening, ...]
    texts: tuple[Text, ...]
    calls: tuple[Call, ...]


def read_visit_file(desk: Desk, visit_id: UUID) -> VisitFile:
    """Return a visit with its history, texts and calls, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.record_look("view", "visit", visit_id, visit.patient_id)
    return _file(desk, queries.get(desk.session, VisitRow, visit_id, "visit"))


def _file(desk: Desk, visit: VisitRow) -> VisitFile:
    session = desk.session
    patient = queries.patient_of(session, visit.patient_id)
    clinician = queries.get(session, ClinicianRow, visit.clinician_id, "clinician")
    addresses = _addresses(session, patient.id)
    return VisitFile(
        visit_id=visit.id,
        request_id=visit.request_id,
        series_id=visit.series_id,
        number=visit.number,
        patient_id=patient.id,
        patient=patient.name,
        phone=patient.phone,
        clinician_id=clinician.id,
        clinician=f"{clinician.name}, {clinician.credential.letters}",
        service=_service(session, visit.service_code),
        address_id=visit.address_id,
        address=next(_line(each) for each in addresses if each.id == visit.address_id),
        addresses=tuple((each.id, f"{each.label}: {_line(each)}") for each in addresses),
        state=visit.state,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        window_starts_at=visit.window_starts_at,
        window_ends_at=visit.window_ends_at,
        timezone=visit.timezone,
        locked=visit.locked_at is not None,
        movable=visit.state in CAN_MOVE,
        risk=promise_risk(visit, desk.now()),
        happenings=tuple(_happenings(desk, visit.id)),
        texts=tuple(texts_where(desk, MessageRow.visit_id == visit.id)),
        calls=tuple(call for call in calls_of(desk, patient.id) if call.visit_id == visit.id),
    )


def _addresses(session: Session, patient_id: UUID) -> Sequence[AddressRow]:
    rows = select(AddressRow).where(AddressRow.patient_id == patient_id)
    return session.scalars(rows.order_by(AddressRow.created_at)).all()


def _service(session: Session, code: str) -> str:
    found = select(CareServiceRow.name).where(CareServiceRow.code == code)
    return session.scalars(found).one()


def _line(address: AddressRow) -> str:
    return f"{address.street}, {address.state} {address.zip_code}"


def _happenings(desk: Desk, visit_id: UUID) -> Sequence[Happening]:
    rows = desk.session.execute(
        select(AuditRow, AccountRow.display_name)
        .outerjoin(AccountRow, AccountRow.id == AuditRow.actor_id)
        .where(AuditRow.subject_id == visit_id, AuditRow.action.in_(list(TOLD)))
        .order_by(AuditRow.at)
    )
    return [
        Happening(
            row.at,
            name or ("the software" if row.actor_id == SYSTEM_ID else row.role),
            TOLD[row.action],
            row.reason if row.action in _REASONED else "",
        )
        for row, name in rows
    ]
