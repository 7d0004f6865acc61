"""Protocols and orders: copied, approved by a medical director, ordered by a prescriber."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from scheduler.domain.errors import IllegalTransition, InvalidInput, NotAllowed
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import PRESCRIBERS, licence_standing
from scheduler.domain.protocols import ProtocolStatus, approval_problems, content_hash
from scheduler.domain.timing import local_day
from scheduler.services.desk import Desk
from scheduler.services.outbox import write_choose_time
from scheduler.store import mapping, queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.treatment import OrderRow, ProtocolRow
from scheduler.store.visits import RequestState, VisitRequestRow

LONGEST_ORDER = timedelta(days=365)


class NotApproved(IllegalTransition):
    """The protocol cannot be used as it stands."""

    code = "protocol_not_approved"


def copy_protocol(desk: Desk, protocol_id: UUID, title: str) -> UUID:
    """Copy a protocol into a draft of the practice's own; return its id.

    A draft that says the same already is taken as the copy.
    """
    desk.allow(Role.PRESCRIBER, Role.MEDICAL_DIRECTOR)
    with transaction(desk.session) as session:
        source = queries.get(session, ProtocolRow, protocol_id, "protocol")
        content = json.loads(source.content) | {"title": title}
        newest = session.scalar(
            select(func.max(ProtocolRow.version)).where(ProtocolRow.code == source.code)
        )
        twin = _draft_with(desk, source.code, json.dumps(content, sort_keys=True))
        if twin is not None:
            return twin
        version = (newest or 0) + 1
        protocol = mapping.read_protocol(content, version, ProtocolStatus.DRAFT)
        row = ProtocolRow(
            code=source.code,
            version=version,
            status=ProtocolStatus.DRAFT,
            content=json.dumps(content, sort_keys=True),
            content_hash=content_hash(protocol),
        )
        session.add(row)
        desk.record("copy", "protocol", row.id)
    return row.id


def _draft_with(desk: Desk, code: str, content: str) -> UUID | None:
    return desk.session.scalar(
        select(ProtocolRow.id).where(
            ProtocolRow.code == code,
            ProtocolRow.status == ProtocolStatus.DRAFT,
            ProtocolRow.content == content,
        )
    )


def approve_protocol(desk: Desk, protocol_id: UUID, reason: str) -> None:
    """Approve a draft: a medical director's act, bound to the hash of what was read.

    What the same director approved is taken as approved.

    Raises:
        InvalidInput: names every required field that is empty or wrong.
        NotApproved: an example, or a protocol that is approved or retired.
    """
    desk.allow(Role.MEDICAL_DIRECTOR)
    with transaction(desk.session) as session:
        row = queries.get(session, ProtocolRow, protocol_id, "protocol")
        if row.status is ProtocolStatus.APPROVED and row.approved_by == desk.actor.account_id:
            return
        if row.status is not ProtocolStatus.DRAFT:
            raise NotApproved(f"A protocol that is {row.status.value} cannot be approved.")
        problems = approval_problems(mapping.protocol(row))
        if problems:
            raise InvalidInput(problems)
        row.status = ProtocolStatus.APPROVED
        row.approved_hash = row.content_hash
        row.approved_by = desk.actor.account_id
        row.approved_at = desk.now()
        row.approval_reason = reason
        desk.record("approve", "protocol", row.id, reason=reason)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to sign. Maxima in mg; `protocol_id` None for a service without a dose."""

    request_id: UUID
    indication: str
    expires_at: datetime
    max_administrations: int
    protocol_id: UUID | None = None
    max_mg_per_administration: Decimal | None = None
    max_cumulative_mg: Decimal | None = None


def sign_order(desk: Desk, new: NewOrder) -> UUID:
    """Sign an order for a request; the patient is told that a time can be chosen.

    The same order once more, while it stands, is taken as signed.

    Raises:
        NotAllowed: the signer has no authority to prescribe in the patient's state today.
        NotApproved: the protocol is an example, a draft or retired.
        InvalidInput: a limit is missing or makes no sense.
    """
    desk.allow(Role.PRESCRIBER)
    now = desk.now()
    _check_order(new, now)
    with transaction(desk.session) as session:
        request = queries.get(session, VisitRequestRow, new.request_id, "request")
        patient = lock_patient(session, request.patient_id)
        session.refresh(request)
        signed = _signed_already(desk, request, new)
        if signed is not None:
            return signed
        previous = _replaceable(desk, request)
        _require_authority(desk, request)
        _require_usable_protocol(desk, new, request)
        row = _order_row(desk, new, request)
        row.previous_order_id = previous
        session.add(row)
        session.flush()
        request.order_id = row.id
        request.state = RequestState.OPEN
        session.flush()
        _tell(desk, patient, row.id, now)
        desk.record("sign order", "order", row.id, patient.id)
    return row.id


def _signed_already(desk: Desk, request: VisitRequestRow, new: NewOrder) -> UUID | None:
    """Return the request's standing order where the actor signed the very same before."""
    if request.order_id is None:
        return None
    row = queries.get(desk.session, OrderRow, request.order_id, "order")
    order = mapping.order(row, superseded=False)
    same = (
        row.prescriber_id == desk.actor.person_id
        and desk.now() < row.expires_at == new.expires_at
        and row.protocol_id == new.protocol_id
        and row.indication == new.indication
        and order.max_administrations == new.max_administrations
        and order.max_mg_per_administration == new.max_mg_per_administration
        and order.max_cumulative_mg == new.max_cumulative_mg
    )
    return row.id if same else None


def _replaceable(desk: Desk, request: VisitRequestRow) -> UUID | None:
    """Return the run-out order that a new one replaces; raises where no order is waited for."""
    if request.state is RequestState.AWAITING_ORDER:
        return request.order_id
    if request.state is RequestState.OPEN and request.order_id is not None:
        old = queries.get(desk.session, OrderRow, request.order_id, "order")
        if old.expires_at <= desk.now():
            return old.id
    raise IllegalTransition("This request is not waiting for an order.")


def _tell(desk: Desk, patient: PatientRow, order_id: UUID, now: datetime) -> None:
    write_choose_time(desk.session, patient, order_id, now, desk.practice)


def _check_order(new: NewOrder, now: datetime) -> None:
    problems = {}
    if not new.indication.strip():
        problems["indication"] = "must be filled in"
    if not now < new.expires_at <= now + LONGEST_ORDER:
        problems["expires_at"] = "must lie in the next 365 days"
    if new.max_administrations < 1:
        problems["max_administrations"] = "must be at least 1"
    for name in ("max_mg_per_administration", "max_cumulative_mg"):
        value = getattr(new, name)
        if new.protocol_id is not None and (value is None or value <= 0):
            problems[name] = "must be a positive number of mg"
    if problems:
        raise InvalidInput(problems)


def _require_authority(desk: Desk, request: VisitRequestRow) -> None:
    problem = authority_problem(desk, queries.address_of(desk.session, request.address_id))
    if problem:
        raise NotAllowed(problem)


def authority_problem(desk: Desk, address: AddressRow) -> str:
    """Return why the actor may not prescribe for a patient at an address today, or nothing."""
    if desk.actor.person_id is None:
        return "Only a licensed prescriber signs orders."
    clinician = queries.clinician_with_all(desk.session, desk.actor.person_id)
    today = local_day(desk.now(), address.timezone)
    rules = queries.read_rulebook(desk.session, address.state)
    holder = mapping.candidate(clinician).holder
    standing = licence_standing(holder, address.state, today, today, rules.compacts)
    if holder.credential in PRESCRIBERS and standing.allows:
        return ""
    return f"You may not prescribe in {STATES[address.state]} today."


def _require_usable_protocol(desk: Desk, new: NewOrder, request: VisitRequestRow) -> None:
    service = queries.find_service(desk.session, request.service_code)
    if new.protocol_id is None:
        if service.dosed:
            raise InvalidInput({"protocol_id": "this service follows a protocol"})
        return
    row = queries.get(desk.session, ProtocolRow, new.protocol_id, "protocol")
    if row.status is not ProtocolStatus.APPROVED:
        raise NotApproved(f"A protocol that is {row.status.value} cannot be ordered.")
    protocol = mapping.protocol(row)
    if protocol.way_of_giving is not service.way_of_giving or not service.dosed:
        raise InvalidInput({"protocol_id": "does not fit the service"})
    if new.max_administrations < len(protocol.administrations):
        raise InvalidInput({"max_administrations": "is fewer than the protocol plans"})


def _order_row(desk: Desk, new: NewOrder, request: VisitRequestRow) -> OrderRow:
    limits = {
        name: str(value)
        for name in ("max_mg_per_administration", "max_cumulative_mg")
        if (value := getattr(new, name)) is not None
    }
    weight = queries.latest_weight(desk.session, request.patient_id)
    if weight is not None:
        limits["reference_kg"] = weight.kg
    return OrderRow(
        patient_id=request.patient_id,
        prescriber_id=desk.actor.person_id,
        protocol_id=new.protocol_id,
        service_code=request.service_code,
        indication=new.indication,
        limits=json.dumps(limits),
        max_administrations=new.max_administrations,
        signed_at=desk.now(),
        expires_at=new.expires_at,
    )
