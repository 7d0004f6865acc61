"""Take an offer and confirm it: decided anew under the lock, both times."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import SchedulingError
from scheduler.domain.visits import RESERVATION_MINUTES, VisitEvent, VisitState, next_state
from scheduler.ports import Clock
from scheduler.services.desk import Desk
from scheduler.services.driving import DrivingTable, with_driving
from scheduler.services.offers import require_open, wanted_for
from scheduler.services.outbox import Change, withdraw_choose_time, write_visit_messages
from scheduler.services.placing import (
    Choice,
    end_expired_on,
    end_visit,
    lock_for_change,
    new_visit,
    place_locked,
    points_for,
    require_credential,
    require_order,
)
from scheduler.services.repeats import answered, digest_of, remember
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.people import Role
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

CHOSE_ANOTHER = "chose another time"
"""Why a reservation ended that another choice replaced."""


class ReservationOver(SchedulingError):
    """The ten minutes have passed; the time may be free still, so choose again."""

    code = "reservation_expired"


class PlannedAsSeries(SchedulingError):
    """A dosed service is booked as a whole series."""

    code = "planned_as_series"


def reserve(desk: Desk, request_id: UUID, choice: Choice, repeat_key: str = "") -> UUID:
    """Keep an offer for ten minutes; return the visit's id.

    The same act sent again under the same `repeat_key` gets the first answer and changes nothing.

    Raises:
        SlotTaken, NotEligible: decided under the lock; nothing was changed.
        NotYetBookable: the request waits for a review or an order, or has its visit.
    """
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_to_act_for(request.patient_id)
    wanted = wanted_for(desk, request, queries.reservations_of(desk.session, request_id))
    digest = digest_of(request_id, choice.clinician_id, choice.starts_at.isoformat())

    def act(table: DrivingTable) -> UUID:
        with transaction(desk.session) as session:
            lock_patient(session, wanted.patient_id)
            already = answered(desk, repeat_key, digest)
            if already is not None:
                return already
            request = queries.get(session, VisitRequestRow, request_id, "request")
            require_open(request)
            if wanted.service.dosed:
                raise PlannedAsSeries("This treatment is booked as a whole series.")
            visit_id = _reserve_locked(desk, request, choice, table)
            remember(desk, repeat_key, digest, visit_id)
            return visit_id

    return with_driving(
        desk.ports.travel, lambda: points_for(desk, wanted.place.point, [choice]), act
    )


def assign(desk: Desk, request_id: UUID, choice: Choice) -> UUID:
    """Give a request its visit at once: kept and confirmed in one act of dispatch.

    The same choice once more is taken as done.

    Raises:
        SlotTaken, NotEligible: decided under the lock; nothing was changed.
        NotYetBookable: the request waits for a review or an order, or has another visit.
        PlannedAsSeries: a dosed treatment is planned as a whole.
    """
    desk.allow(Role.DISPATCHER)
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    wanted = wanted_for(desk, request, queries.reservations_of(desk.session, request_id))

    def act(table: DrivingTable) -> UUID:
        with transaction(desk.session) as session:
            lock_patient(session, wanted.patient_id)
            done = _assigned(session, request_id, choice)
            if done is not None:
                return done
            request = queries.get(session, VisitRequestRow, request_id, "request")
            require_open(request)
            if wanted.service.dosed:
                raise PlannedAsSeries("This treatment is booked as a whole series.")
            visit_id = _reserve_locked(desk, request, choice, table)
            session.flush()
            _confirm_locked(desk, queries.get(session, VisitRow, visit_id, "visit"), "")
            return visit_id

    return with_driving(
        desk.ports.travel, lambda: points_for(desk, wanted.place.point, [choice]), act
    )


def _assigned(session: Session, request_id: UUID, choice: Choice) -> UUID | None:
    """Return the visit that a request has already at just this choice."""
    return session.scalar(
        select(VisitRow.id).where(
            VisitRow.request_id == request_id,
            VisitRow.state == VisitState.BOOKED,
            VisitRow.clinician_id == choice.clinician_id,
            VisitRow.starts_at == choice.starts_at,
        )
    )


def _reserve_locked(
    desk: Desk, request: VisitRequestRow, choice: Choice, table: DrivingTable
) -> UUID:
    session = desk.session
    require_order(session, request, choice.starts_at)
    own = queries.reservations_of(session, request.id)
    earlier = [queries.get(session, VisitRow, visit_id, "visit") for visit_id in own]
    wanted = wanted_for(desk, request, own)
    clinician = queries.clinician_with_all(session, choice.clinician_id)
    day = (clinician.id, choice.day(clinician))
    lock_for_change(session, [day, *((visit.clinician_id, visit.on_day) for visit in earlier)])
    for visit in earlier:
        session.refresh(visit)  # it may have run out while the lock was waited for
        if visit.state is VisitState.RESERVED:
            actor = desk.actor.account_id
            end_visit(visit, VisitEvent.CANCEL, desk.now(), actor, CHOSE_ANOTHER)
    end_expired_on(session, [day], desk.now())
    session.flush()
    decision = place_locked(desk, wanted, choice, own, table)
    visit = new_visit(request, decision, choice, day[1], desk)
    visit.state = VisitState.RESERVED
    visit.reserved_until = desk.now() + timedelta(minutes=RESERVATION_MINUTES)
    session.add(visit)
    desk.record("reserve", "visit", visit.id, visit.patient_id)
    return visit.id


def confirm(desk: Desk, visit_id: UUID, agreed_to: str = "") -> None:
    """Turn a reservation into a booking: licence and order looked at once more, messages written.

    `agreed_to`: the policy that the patient agreed to, word for word; it is kept with the record.

    Raises:
        ReservationOver: the ten minutes have passed.
        OrderMissing: the order ran out meanwhile.
        NotEligible: the clinician lost the right to go meanwhile.
    """
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow_to_act_for(visit.patient_id)
    patient_id, day = visit.patient_id, (visit.clinician_id, visit.on_day)
    with transaction(desk.session) as session:
        lock_patient(session, patient_id)
        lock_for_change(session, [day])
        visit = queries.get(session, VisitRow, visit_id, "visit")
        if visit.state is VisitState.BOOKED:
            return
        if visit.reserved_until is None or visit.reserved_until <= desk.now():
            raise ReservationOver("The ten minutes for this time are over. Please choose again.")
        _confirm_locked(desk, visit, agreed_to)


def _confirm_locked(desk: Desk, visit: VisitRow, agreed_to: str) -> None:
    session, now = desk.session, desk.now()
    request = queries.get(session, VisitRequestRow, visit.request_id, "request")
    require_open(request)
    require_order(session, request, visit.ends_at)
    require_credential(session, visit)
    visit.state = next_state(visit.state, VisitEvent.CONFIRM)
    visit.reserved_until = None
    request.state = RequestState.BOOKED
    session.flush()
    withdraw_choose_time(session, request.order_id, now)
    write_visit_messages(session, visit, Change.BOOKED, now, desk.practice)
    desk.record("book", "visit", visit.id, visit.patient_id, agreed_to)


def end_expired_reservations(session: Session, clock: Clock) -> int:
    """End every reservation whose time is over; return how many. Run by the clock."""
    now = clock.now()
    days = session.execute(
        select(VisitRow.clinician_id, VisitRow.on_day)
        .where(VisitRow.state == VisitState.RESERVED, VisitRow.reserved_until <= now)
        .distinct()
    ).all()
    for clinician_id, on in days:
        with transaction(session):
            lock_for_change(session, [(clinician_id, on)])
            end_expired_on(session, [(clinician_id, on)], now)
    return len(days)
