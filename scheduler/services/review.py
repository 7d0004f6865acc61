"""What a prescriber reads of a request before clearing it or signing an order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.care import WayOfGiving
from scheduler.domain.dosing import DoseRefused, work_out_dose
from scheduler.domain.protocols import Level, Protocol, ProtocolStatus, WeightReading
from scheduler.services.desk import Desk
from scheduler.services.intake_answers import IntakeView, view_intake
from scheduler.services.orders import authority_problem
from scheduler.services.waiting import PatientFacts, facts_of
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.treatment import IntakeRow, OrderRow, ProtocolRow
from scheduler.store.visits import RequestState, VisitRequestRow


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """The order of a request: who signed it, when, and until when it stands."""

    prescriber: str
    signed_at: datetime
    expires_at: datetime
    expired: bool


@dataclass(frozen=True, slots=True)
class RequestReview:
    """A request whole. `decided_by` is who cleared or declined the intake, `earlier` are intakes
    before it, the newest first.
    """

    request_id: UUID
    state: RequestState
    service: str
    needs_order: bool
    patient: PatientFacts
    wanted: tuple[datetime, datetime]
    created_at: datetime
    due_at: datetime | None
    overdue: bool
    intake: IntakeView | None
    decided_by: str
    weight: WeightReading | None
    earlier: tuple[IntakeView, ...]
    order: SignedOrder | None

    @property
    def waits_for_order(self) -> bool:
        """Say whether an order can be signed: the first one, or one for another that ran out."""
        if self.state is RequestState.OPEN and self.order is not None:
            return self.order.expired
        return self.state is RequestState.AWAITING_ORDER


@dataclass(frozen=True, slots=True)
class PlannedMg:
    """An administration by the protocol for one weight: mg, or why it cannot be worked out."""

    number: int
    level: Level
    mg: Decimal | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolOption:
    """An approved protocol that fits the service, worked out for the patient."""

    protocol_id: UUID
    protocol: Protocol
    doses: tuple[PlannedMg, ...]

    @property
    def highest_mg(self) -> Decimal | None:
        """Return the highest dose that it works out to, None where one is unknown."""
        known = [dose.mg for dose in self.doses if dose.mg is not None]
        return max(known) if known and len(known) == len(self.doses) else None

    @property
    def total_mg(self) -> Decimal | None:
        """Return the sum of all doses, None where one is unknown."""
        known = [dose.mg for dose in self.doses if dose.mg is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(self.doses) else None


@dataclass(frozen=True, slots=True)
class OrderChoices:
    """What an order for a request may hold. `no_authority` says why the actor may not sign."""

    review: RequestReview
    dosed: bool
    way_of_giving: WayOfGiving
    protocols: tuple[ProtocolOption, ...]
    no_authority: str


def look_at_review(desk: Desk, request_id: UUID) -> RequestReview:
    """Return a request with its intake, for a prescriber."""
    desk.allow(Role.PRESCRIBER)
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.record_look("view intake", "visit_request", request_id, request.patient_id)
    return _review(desk, request_id)


def look_at_order(desk: Desk, request_id: UUID) -> OrderChoices:
    """Return what can be ordered for a request, worked out for the patient's weight."""
    desk.allow(Role.PRESCRIBER)
    session = desk.session
    request = queries.get(session, VisitRequestRow, request_id, "request")
    desk.record_look("view intake", "visit_request", request_id, request.patient_id)
    request = queries.get(session, VisitRequestRow, request_id, "request")
    service = queries.find_service(session, request.service_code)
    review = _review(desk, request_id)
    kg = review.weight.kg if review.weight else None
    fitting = _fitting(session, service.way_of_giving) if service.dosed else []
    return OrderChoices(
        review=review,
        dosed=service.dosed,
        way_of_giving=service.way_of_giving,
        protocols=tuple(_option(row, kg) for row in fitting),
        no_authority=authority_problem(desk, queries.address_of(session, request.address_id)),
    )


def _review(desk: Desk, request_id: UUID) -> RequestReview:
    session, now = desk.session, desk.now()
    request = queries.get(session, VisitRequestRow, request_id, "request")
    patient = queries.patient_of(session, request.patient_id)
    address = queries.address_of(session, request.address_id)
    service = session.scalars(
        select(CareServiceRow).where(CareServiceRow.code == request.service_code)
    ).one()
    weight = queries.latest_weight(session, patient.id)
    intakes = _intakes(session, patient.id)
    own = next((row for row in intakes if row.id == request.intake_id), None)
    return RequestReview(
        request_id=request.id,
        state=request.state,
        service=service.name,
        needs_order=service.needs_order,
        patient=facts_of(patient, address, now),
        wanted=(request.wanted_from, request.wanted_until),
        created_at=request.created_at,
        due_at=request.review_due_at,
        overdue=request.review_due_at is not None and request.review_due_at < now,
        intake=view_intake(own) if own else None,
        decided_by=name_of(session, own.decided_by) if own else "",
        weight=mapping.weight(weight) if weight else None,
        earlier=tuple(view_intake(row) for row in intakes if row.id != request.intake_id),
        order=_order(session, request.order_id, now),
    )


def _intakes(session: Session, patient_id: UUID) -> list[IntakeRow]:
    return list(
        session.scalars(
            select(IntakeRow)
            .where(IntakeRow.patient_id == patient_id)
            .order_by(IntakeRow.created_at.desc())
        )
    )


def _order(session: Session, order_id: UUID | None, now: datetime) -> SignedOrder | None:
    if order_id is None:
        return None
    row = queries.get(session, OrderRow, order_id, "order")
    prescriber = name_of(session, row.prescriber_id)
    return SignedOrder(prescriber, row.signed_at, row.expires_at, row.expires_at <= now)


def name_of(session: Session, clinician_id: UUID | None) -> str:
    """Return a clinician's name with the letters behind it, or nothing."""
    row = session.get(ClinicianRow, clinician_id) if clinician_id else None
    return f"{row.name}, {row.credential.letters}" if row else ""


def _fitting(session: Session, way: WayOfGiving) -> list[ProtocolRow]:
    rows = session.scalars(
        select(ProtocolRow)
        .where(ProtocolRow.status == ProtocolStatus.APPROVED)
        .order_by(ProtocolRow.code, ProtocolRow.version.desc())
    )
    return [row for row in rows if mapping.protocol(row).way_of_giving is way]


def _option(row: ProtocolRow, kg: Decimal | None) -> ProtocolOption:
    protocol = mapping.protocol(row)
    numbers = range(1, len(protocol.administrations) + 1)
    return ProtocolOption(row.id, protocol, tuple(_planned(protocol, at, kg) for at in numbers))


def _planned(protocol: Protocol, number: int, kg: Decimal | None) -> PlannedMg:
    level = protocol.level_of(number)
    try:
        dose = work_out_dose(protocol.dose_rule(level), kg or Decimal(0))
    except DoseRefused as refused:
        return PlannedMg(number, level, None, str(refused))
    return PlannedMg(number, level, dose.mg)
