"""Patients as dispatch knows them: found by phone or name, with addresses, requests and visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput
from scheduler.domain.visits import VisitState
from scheduler.services.calls import Call, calls_of
from scheduler.services.desk import Desk
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.messages import OptOutRow
from scheduler.store.people import (
    AddressRow,
    ConsentKind,
    PatientNameRow,
    PatientRow,
    Role,
    name_words,
)
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

MOST_FOUND = 25
MOST_VISITS = 50


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """Enough to tell people of one name apart."""

    patient_id: UUID
    name: str
    birth_date: date
    phone: str


@dataclass(frozen=True, slots=True)
class FiledRequest:
    """A request of the patient."""

    request_id: UUID
    service: str
    dosed: bool
    state: RequestState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FiledVisit:
    """A visit of the patient."""

    visit_id: UUID
    service: str
    state: VisitState
    window_starts_at: datetime
    window_ends_at: datetime
    timezone: str
    number: int | None


@dataclass(frozen=True, slots=True)
class PatientFile:
    """A patient for dispatch: no answers, no conditions, no doses."""

    patient_id: UUID
    name: str
    birth_date: date
    phone: str
    timezone: str
    texts: str
    addresses: tuple[tuple[UUID, str], ...]
    requests: tuple[FiledRequest, ...]
    visits: tuple[FiledVisit, ...]
    calls: tuple[Call, ...]


def find_patients(desk: Desk, phone: str, name: str) -> tuple[FoundPatient, ...]:
    """Return patients with the phone number (E.164), or with every word of the name.

    Names and phones are sealed; they are found by their blind indexes, so words must be whole.
    Raises InvalidInput where neither is given.
    """
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    chosen = select(PatientRow).order_by(PatientRow.created_at.desc()).limit(MOST_FOUND)
    if phone:
        chosen = chosen.where(PatientRow.phone_index == keys().blind_index(phone, "phone"))
    for word in name_words(name):
        chosen = chosen.where(
            exists().where(
                PatientNameRow.patient_id == PatientRow.id, PatientNameRow.word_index == word
            )
        )
    if not phone and not name.split():
        raise InvalidInput({"phone": "give a phone number or a name"})
    with transaction(desk.session):
        desk.record("search patients", "patients", desk.actor.account_id)
    rows = desk.session.scalars(chosen).all()
    found = [
        FoundPatient(row.id, row.name, date.fromisoformat(row.birth_date), row.phone)
        for row in rows
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.birth_date)))


def read_patient_file(desk: Desk, patient_id: UUID) -> PatientFile:
    """Return a patient with all that dispatch may see."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    queries.patient_of(desk.session, patient_id)
    desk.record_look("view", "patient", patient_id, patient_id)
    session = desk.session
    patient = queries.patient_of(session, patient_id)
    addresses = session.scalars(
        select(AddressRow)
        .where(AddressRow.patient_id == patient_id)
        .order_by(AddressRow.created_at)
    )
    return PatientFile(
        patient_id=patient_id,
        name=patient.name,
        birth_date=date.fromisoformat(patient.birth_date),
        phone=patient.phone,
        timezone=patient.timezone,
        texts=_texts(session, patient),
        addresses=tuple(
            (row.id, f"{row.label}: {row.street}, {row.state} {row.zip_code}") for row in addresses
        ),
        requests=tuple(_requests(session, patient_id)),
        visits=tuple(_visits(session, patient_id)),
        calls=calls_of(desk, patient_id),
    )


def _texts(session: Session, patient: PatientRow) -> str:
    """Say whether the patient gets texts, and why not."""
    if patient.phone_index is None:
        return "no phone number: every text becomes a call"
    opted_out = exists().where(
        OptOutRow.recipient_index == patient.phone_index, OptOutRow.ended_at.is_(None)
    )
    if session.scalar(select(opted_out)):
        return "opted out of texts: every text becomes a call"
    if not queries.has_consent(session, patient.id, ConsentKind.SMS):
        return "has not agreed to texts: every text becomes a call"
    return "gets texts"


def _requests(session: Session, patient_id: UUID) -> Sequence[FiledRequest]:
    rows = session.execute(
        select(VisitRequestRow, CareServiceRow)
        .join(CareServiceRow, CareServiceRow.code == VisitRequestRow.service_code)
        .where(VisitRequestRow.patient_id == patient_id)
        .order_by(VisitRequestRow.created_at.desc())
    )
    return [
        FiledRequest(row.id, service.name, service.dosed, row.state, row.created_at)
        for row, service in rows
    ]


def _visits(session: Session, patient_id: UUID) -> Sequence[FiledVisit]:
    rows = session.execute(
        select(VisitRow, CareServiceRow.name)
        .join(CareServiceRow, CareServiceRow.code == VisitRow.service_code)
        .where(VisitRow.patient_id == patient_id)
        .order_by(VisitRow.starts_at.desc())
        .limit(MOST_VISITS)
    )
    return [
        FiledVisit(
            row.id,
            name,
            row.state,
            row.window_starts_at,
            row.window_ends_at,
            row.timezone,
            row.number,
        )
        for row, name in rows
    ]


def index_names(session: Session) -> int:
    """Make patients findable by name who were registered before names were; return how many."""
    indexed = exists().where(PatientNameRow.patient_id == PatientRow.id)
    if not session.scalar(select(func.count()).select_from(PatientRow).where(~indexed)):
        return 0
    with transaction(session):
        rows = session.scalars(select(PatientRow).where(~indexed)).all()
        for row in rows:
            session.add_all(
                PatientNameRow(patient_id=row.id, word_index=word) for word in name_words(row.name)
            )
        return len(rows)
