"""A visit request as dispatch sees it: who, what, where and when, and nothing of why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from scheduler.matching.offers import Offer
from scheduler.services.desk import Desk
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow


@dataclass(frozen=True, slots=True)
class Comer:
    """A clinician by name."""

    clinician_id: UUID
    words: str


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request for dispatch; times are shown in the address's `timezone`."""

    request_id: UUID
    patient_id: UUID
    patient: str
    phone: str
    service: str
    dosed: bool
    state: RequestState
    address: str
    timezone: str
    wanted_from: datetime
    wanted_until: datetime
    review_due_at: datetime | None
    wished: str
    visits: tuple[tuple[UUID, datetime, datetime, str], ...]

    def clinicians(self, desk: Desk, plan: Sequence[Offer]) -> list[Comer]:
        """Return the names of those who come by a plan."""
        ids = {offer.clinician_id for offer in plan}
        rows = desk.session.scalars(select(ClinicianRow).where(ClinicianRow.id.in_(list(ids))))
        return [Comer(row.id, f"{row.name}, {row.credential.letters}") for row in rows]


def read_request_file(desk: Desk, request_id: UUID) -> RequestFile:
    """Return a request, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.record_look("view", "visit_request", request_id, request.patient_id)
    session = desk.session
    request = queries.get(session, VisitRequestRow, request_id, "request")
    patient = queries.patient_of(session, request.patient_id)
    address = queries.address_of(session, request.address_id)
    service = session.scalars(
        select(CareServiceRow).where(CareServiceRow.code == request.service_code)
    ).one()
    wished = ""
    if request.preferred_clinician_id is not None:
        wished = queries.clinician_with_all(session, request.preferred_clinician_id).name
    return RequestFile(
        request_id=request_id,
        patient_id=patient.id,
        patient=patient.name,
        phone=patient.phone,
        service=service.name,
        dosed=service.dosed,
        state=request.state,
        address=f"{address.street}, {address.state} {address.zip_code}",
        timezone=address.timezone,
        wanted_from=request.wanted_from,
        wanted_until=request.wanted_until,
        review_due_at=request.review_due_at,
        wished=wished,
        visits=tuple(_visits(desk, request_id)),
    )


def _visits(desk: Desk, request_id: UUID) -> list[tuple[UUID, datetime, datetime, str]]:
    rows = desk.session.scalars(
        select(VisitRow).where(VisitRow.request_id == request_id).order_by(VisitRow.starts_at)
    )
    return [
        (row.id, row.window_starts_at, row.window_ends_at, row.timezone)
        for row in rows
        if row.ended_at is None
    ]
