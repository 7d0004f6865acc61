"""Named reads."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from scheduler.domain.care import CareService
from scheduler.domain.errors import NotFound
from scheduler.domain.geography import Point
from scheduler.domain.visits import TAKES_CAPACITY, WAS_THERE, VisitState
from scheduler.matching.model import Rulebook
from scheduler.store import mapping
from scheduler.store.base import Base
from scheduler.store.clinicians import BlockedPairRow, ClinicianRow, TimeOffRow
from scheduler.store.people import AddressRow, ConsentKind, ConsentRow, PatientRow
from scheduler.store.rules import CareServiceRow, CompactMemberRow, ScopeRuleRow
from scheduler.store.treatment import AdministrationRow, AttemptRow, OrderRow, WeightRow
from scheduler.store.visits import VisitRow

Row = TypeVar("Row", bound=Base)

_KM_PER_DEGREE = 111.0
_NARROWEST = 0.1


def get(session: Session, kind: type[Row], row_id: UUID, what: str) -> Row:
    """Return a row by id; raises NotFound naming what was looked for."""
    row = session.get(kind, row_id)
    if row is None:
        raise NotFound(f"There is no such {what}.")
    return row


def address_of(session: Session, address_id: UUID) -> AddressRow:
    """Return an address; raises NotFound."""
    return get(session, AddressRow, address_id, "address")


def patient_of(session: Session, patient_id: UUID) -> PatientRow:
    """Return a patient; raises NotFound."""
    return get(session, PatientRow, patient_id, "patient")


def find_service(session: Session, code: str) -> CareService:
    """Return a service by code, also one no longer offered: its visits go on; raises NotFound."""
    row = session.scalar(select(CareServiceRow).where(CareServiceRow.code == code))
    if row is None:
        raise NotFound("There is no such service.")
    return mapping.care_service(row)


def find_offered_service(session: Session, code: str) -> CareService:
    """Return a service that can be asked for, by code; raises NotFound."""
    offered = select(CareServiceRow).where(CareServiceRow.code == code, CareServiceRow.active)
    row = session.scalar(offered)
    if row is None:
        raise NotFound("There is no such service.")
    return mapping.care_service(row)


def read_rulebook(session: Session, state: str) -> Rulebook:
    """Return the scope rules of a state and all compacts that are switched on."""
    scope = session.scalars(select(ScopeRuleRow).where(ScopeRuleRow.state == state))
    compacts = session.scalars(select(CompactMemberRow).where(CompactMemberRow.enabled))
    return Rulebook(
        tuple(mapping.scope_rule(row) for row in scope),
        tuple(mapping.compact_member(row) for row in compacts),
    )


def clinicians_near(session: Session, point: Point, km: float) -> Sequence[ClinicianRow]:
    """Return active clinicians whose start lies in a box of `km` around the point."""
    high = km / _KM_PER_DEGREE
    wide = high / max(math.cos(math.radians(point.latitude)), _NARROWEST)
    return session.scalars(
        select(ClinicianRow)
        .where(
            ClinicianRow.active,
            ClinicianRow.start_latitude.between(point.latitude - high, point.latitude + high),
            ClinicianRow.start_longitude.between(point.longitude - wide, point.longitude + wide),
        )
        .options(
            selectinload(ClinicianRow.licences),
            selectinload(ClinicianRow.skills),
            selectinload(ClinicianRow.shifts),
        )
        .order_by(ClinicianRow.id)
    ).all()


def blocked_pairs(session: Session, patient_id: UUID) -> frozenset[UUID]:
    """Return the clinicians who are not to meet the patient."""
    rows = session.scalars(
        select(BlockedPairRow.clinician_id).where(BlockedPairRow.patient_id == patient_id)
    )
    return frozenset(rows)


def time_off(
    session: Session, clinician_ids: Iterable[UUID], first: date, last: date
) -> Sequence[TimeOffRow]:
    """Return the time off in force that touches the days."""
    return session.scalars(
        select(TimeOffRow).where(
            TimeOffRow.clinician_id.in_(list(clinician_ids)),
            TimeOffRow.withdrawn_at.is_(None),
            TimeOffRow.first_day <= last,
            TimeOffRow.last_day >= first,
        )
    ).all()


def _holds_capacity(now: datetime) -> ColumnElement[bool]:
    return and_(
        VisitRow.state.in_(list(TAKES_CAPACITY)),
        or_(VisitRow.state != VisitState.RESERVED, VisitRow.reserved_until > now),
    )


def visits_on(
    session: Session, clinician_ids: Iterable[UUID], first: date, last: date, now: datetime
) -> Sequence[tuple[VisitRow, AddressRow]]:
    """Return the visits that take capacity on the clinicians' days, with their addresses."""
    return _visits_where(session, clinician_ids, (first, last), _holds_capacity(now))


def stops_on(
    session: Session, clinician_ids: Iterable[UUID], first: date, last: date, now: datetime
) -> Sequence[tuple[VisitRow, AddressRow]]:
    """Return all that the clinicians' routes hold: visits that take capacity and those made."""
    made = VisitRow.state.in_(list(WAS_THERE))
    return _visits_where(session, clinician_ids, (first, last), or_(_holds_capacity(now), made))


def _visits_where(
    session: Session,
    clinician_ids: Iterable[UUID],
    days: tuple[date, date],
    holds: ColumnElement[bool],
) -> Sequence[tuple[VisitRow, AddressRow]]:
    found = session.execute(
        select(VisitRow, AddressRow)
        .join(AddressRow, AddressRow.id == VisitRow.address_id)
        .where(
            VisitRow.clinician_id.in_(list(clinician_ids)),
            VisitRow.on_day.between(*days),
            holds,
        )
        .order_by(VisitRow.starts_at)
        .execution_options(populate_existing=True)
    )
    return [(visit, address) for visit, address in found]


def live_visits_of_patient(session: Session, patient_id: UUID, now: datetime) -> Sequence[VisitRow]:
    """Return the patient's visits that take capacity."""
    return session.scalars(
        select(VisitRow)
        .where(VisitRow.patient_id == patient_id, _holds_capacity(now))
        .order_by(VisitRow.starts_at)
    ).all()


def visits_of_series(session: Session, series_id: UUID) -> Sequence[VisitRow]:
    """Return all visits of a series, ended ones too, by number and attempt."""
    return session.scalars(
        select(VisitRow)
        .where(VisitRow.series_id == series_id)
        .order_by(VisitRow.number, VisitRow.attempt)
    ).all()


def attempts_of_series(session: Session, series_id: UUID) -> Sequence[AttemptRow]:
    """Return all attempts of a series by number and attempt."""
    return session.scalars(
        select(AttemptRow)
        .where(AttemptRow.series_id == series_id)
        .order_by(AttemptRow.number, AttemptRow.attempt)
    ).all()


def is_superseded(session: Session, order_id: UUID) -> bool:
    """Say whether another order replaces this one."""
    replaced = select(exists().where(OrderRow.previous_order_id == order_id))
    return bool(session.scalar(replaced))


def clinician_with_all(session: Session, clinician_id: UUID) -> ClinicianRow:
    """Return a clinician with licences, skills and shifts as they are now; raises NotFound."""
    row = session.scalar(
        select(ClinicianRow)
        .where(ClinicianRow.id == clinician_id)
        .options(
            selectinload(ClinicianRow.licences),
            selectinload(ClinicianRow.skills),
            selectinload(ClinicianRow.shifts),
        )
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("There is no such clinician.")
    return row


def latest_weight(session: Session, patient_id: UUID) -> WeightRow | None:
    """Return the weight measured last."""
    return session.scalar(
        select(WeightRow)
        .where(WeightRow.patient_id == patient_id)
        .order_by(WeightRow.measured_on.desc(), WeightRow.recorded_at.desc())
        .limit(1)
    )


def given_in_series(session: Session, series_id: UUID) -> Sequence[AdministrationRow]:
    """Return what was given in a series, without what was entered in error, oldest first."""
    return session.scalars(
        select(AdministrationRow)
        .join(AttemptRow, AttemptRow.id == AdministrationRow.attempt_id)
        .where(AttemptRow.series_id == series_id, AdministrationRow.entered_in_error_at.is_(None))
        .order_by(AdministrationRow.started_at)
    ).all()


def has_consent(session: Session, patient_id: UUID, kind: ConsentKind) -> bool:
    """Say whether the patient's agreement stands."""
    standing = select(
        exists().where(
            ConsentRow.patient_id == patient_id,
            ConsentRow.kind == kind,
            ConsentRow.withdrawn_at.is_(None),
        )
    )
    return bool(session.scalar(standing))


def reservations_of(session: Session, request_id: UUID) -> frozenset[UUID]:
    """Return the reservations that a request holds: another choice gives them back."""
    return frozenset(
        session.scalars(
            select(VisitRow.id).where(
                VisitRow.request_id == request_id, VisitRow.state == VisitState.RESERVED
            )
        )
    )
