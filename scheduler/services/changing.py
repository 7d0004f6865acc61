"""Move a visit or cancel it; the promise rises a version, and nobody is left untold."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.domain.errors import IllegalTransition, InvalidInput, NotFound
from scheduler.domain.geography import Point
from scheduler.domain.phones import phone_words
from scheduler.domain.series import SERIES_ENDED, AttemptState, allowed_arrivals
from scheduler.domain.timing import TimeWindow
from scheduler.domain.visits import (
    CAN_MOVE,
    Promise,
    VisitEvent,
    VisitState,
    next_state,
    raises_version,
)
from scheduler.matching.model import Wanted
from scheduler.matching.offers import OfferList
from scheduler.services import schedule
from scheduler.services.course import giving_minutes, neighbours_of, protocol_of
from scheduler.services.desk import Desk
from scheduler.services.driving import DrivingTable, with_driving
from scheduler.services.offers import FEW, HORIZON, LEAD_TIME, search
from scheduler.services.outbox import Change, cancel_visit_messages, write_visit_messages
from scheduler.services.placing import (
    Choice,
    end_expired_on,
    end_visit,
    lock_for_change,
    place_locked,
    points_for,
    require_order,
    times_of,
)
from scheduler.services.release import standing_refusals
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient, lock_series
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

MOVES_WITHIN = timedelta(days=28)
"""How far from its present day an offer to move a visit may lie."""

NEW_TIME_TASK = "series-time|"
"""How the keys of call tasks begin that ask for a new time of a series' visit."""


class VisitLocked(IllegalTransition):
    """Dispatch has fixed the visit where it is."""

    code = "visit_locked"


def offers_to_move(
    desk: Desk, visit_id: UUID, address_id: UUID | None = None, *, most: int = FEW
) -> OfferList:
    """Return offers for another time of a visit, at its address or another of the patient's."""
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow_patient(visit.patient_id)
    require_movable(visit)
    if desk.actor.role is Role.PATIENT:
        require_unlocked(desk, visit)
    wanted = wanted_for_move(desk, visit, address_id)
    found = search(desk, wanted, frozenset({visit_id}), most=most)
    desk.record_look("view offers", "visit", visit_id, wanted.patient_id)
    return found


def require_movable(visit: VisitRow) -> None:
    """Raise IllegalTransition unless the visit still lies ahead."""
    if visit.state not in CAN_MOVE:
        readable = visit.state.value.replace("_", " ").lower()
        raise IllegalTransition(f"A visit that is {readable} cannot be moved.")


def require_unlocked(desk: Desk, visit: VisitRow) -> None:
    """Raise VisitLocked where dispatch has fixed the visit's time."""
    if visit.locked_at is None:
        return
    if desk.actor.role is Role.PATIENT:
        phone = phone_words(desk.practice.phone)
        raise VisitLocked(f"This visit cannot be moved here. Please call us at {phone}.")
    raise VisitLocked("This visit is locked. Unlock it first.")


def wanted_for_move(desk: Desk, visit: VisitRow, address_id: UUID | None) -> Wanted:
    """Return what moving a visit may reach: days around it, inside the series' gaps (H7)."""
    session, now = desk.session, desk.now()
    address = queries.address_of(session, address_id or visit.address_id)
    if address.patient_id != visit.patient_id:
        raise NotFound("There is no such address.")
    service = queries.find_service(session, visit.service_code)
    reach = max(HORIZON, visit.window_starts_at - now + MOVES_WITHIN / 2)
    opens, closes = now + LEAD_TIME, now + reach
    taken = frozenset[date]()
    if visit.series_id is not None:
        series = queries.get(session, SeriesRow, visit.series_id, "series")
        opens, closes = _inside_gaps(session, series, visit, (opens, closes))
        others = [
            other
            for other in queries.visits_of_series(session, series.id)
            if other.id != visit.id and other.ended_at is None
        ]
        taken = schedule.series_days(others, address.timezone)
    return Wanted(
        patient_id=visit.patient_id,
        service=service,
        place=mapping.place(address),
        windows=(TimeWindow(opens, closes),) if opens <= closes else (),
        preferred_clinician_id=visit.clinician_id,
        patient_busy=schedule.busy_windows(session, address, now, frozenset({visit.id})),
        days_taken=taken,
    )


def _inside_gaps(
    session: Session, series: SeriesRow, visit: VisitRow, span: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    protocol = protocol_of(session, series)
    service = queries.find_service(session, visit.service_code)
    if protocol.gap is None or visit.number is None:
        return span
    around = neighbours_of(session, series, service, visit.number)
    if around.place_open:
        raise IllegalTransition("An earlier visit of the series has no time yet. Plan it first.")
    giving = giving_minutes(protocol, service, visit.number)
    opens, closes = allowed_arrivals(
        protocol.gap, giving, around.before, around.after, visit.timezone
    )
    return max(span[0], opens or span[0]), min(span[1], closes or span[1])


def move(
    desk: Desk, visit_id: UUID, choice: Choice, address_id: UUID | None = None, reason: str = ""
) -> None:
    """Move a visit to another arrival, clinician or address, or leave it as it stands.

    A patient's own act is their recorded yes; anyone else gives a reason (I3).

    Raises:
        SlotTaken, NotEligible: decided under the lock; the visit stands as it was.
        IllegalTransition: the visit is under way or ended.
        InvalidInput: no reason given.
    """
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow_to_act_for(visit.patient_id)
    _require_reason(desk, reason)

    def points() -> list[Point]:
        now_at = queries.get(desk.session, VisitRow, visit_id, "visit").address_id
        place = mapping.place(queries.address_of(desk.session, address_id or now_at))
        return points_for(desk, place.point, [choice])

    def act(table: DrivingTable) -> None:
        with transaction(desk.session):
            _move_locked(desk, visit_id, choice, address_id, table)
            desk.record("move", "visit", visit_id, patient_id, reason or "patient's wish")

    patient_id = visit.patient_id
    with_driving(desk.ports.travel, points, act)


def _require_reason(desk: Desk, reason: str) -> None:
    if desk.actor.role is not Role.PATIENT and not reason.strip():
        raise InvalidInput({"reason": "must say why"})


def _move_locked(
    desk: Desk, visit_id: UUID, choice: Choice, address_id: UUID | None, table: DrivingTable
) -> None:
    session = desk.session
    visit = _lock_visit(desk, visit_id, choice)
    require_movable(visit)
    require_unlocked(desk, visit)
    wanted = wanted_for_move(desk, visit, address_id)
    request = queries.get(session, VisitRequestRow, visit.request_id, "request")
    require_order(session, request, choice.starts_at + timedelta(minutes=_length(visit)))
    old = _promise(visit)
    without = frozenset({visit.id})
    decision = place_locked(desk, wanted, choice, without, table)
    clinician = queries.get(session, ClinicianRow, choice.clinician_id, "clinician")
    visit.clinician_id, visit.on_day = clinician.id, choice.day(clinician)
    visit.address_id = address_id or visit.address_id
    visit.timezone = wanted.place.timezone
    for name, value in times_of(decision.planned).items():
        setattr(visit, name, value)
    if raises_version(old, _promise(visit)):
        visit.promise_version += 1
        session.flush()
        _judge_dose_again(desk, visit)
        write_visit_messages(
            session, visit, Change.MOVED, desk.now(), desk.practice, old.window.starts_at
        )


def _judge_dose_again(desk: Desk, visit: VisitRow) -> None:
    """Void the sign-off of a moved visit where the guard would refuse its dose at the new time."""
    if visit.series_id is None or visit.state is not VisitState.BOOKED:
        return
    series = queries.get(desk.session, SeriesRow, visit.series_id, "series")
    for attempt in queries.attempts_of_series(desk.session, series.id):
        if (attempt.number, attempt.attempt) == (visit.number, visit.attempt):
            refusals = standing_refusals(desk, series, visit, Decimal(attempt.mg))
            if refusals:
                attempt.state = AttemptState.ELIGIBLE
                attempt.mg_sealed = attempt.signed_hash = None
                visit.state = next_state(visit.state, VisitEvent.LOCK)
                desk.session.flush()
                words = " ".join(refusal.text for refusal in refusals)
                desk.record("void sign-off", "attempt", attempt.id, visit.patient_id, words)


def _lock_visit(desk: Desk, visit_id: UUID, choice: Choice | None) -> VisitRow:
    """Lock patient, series and the days a change touches; return the visit as it now is."""
    session = desk.session
    visit = queries.get(session, VisitRow, visit_id, "visit")
    lock_patient(session, visit.patient_id)
    session.refresh(visit)
    if visit.series_id is not None:
        lock_series(session, visit.series_id)
    days = {(visit.clinician_id, visit.on_day)}
    if choice is not None:
        clinician = queries.get(session, ClinicianRow, choice.clinician_id, "clinician")
        days.add((clinician.id, choice.day(clinician)))
    lock_for_change(session, days)
    session.refresh(visit)
    end_expired_on(session, days, desk.now())
    session.flush()
    return visit


def _length(visit: VisitRow) -> float:
    return (visit.ends_at - visit.starts_at).total_seconds() / 60


def _promise(visit: VisitRow) -> Promise:
    return Promise(visit.clinician_id, visit.address_id, mapping.promised_window(visit))


def cancel(desk: Desk, visit_id: UUID, reason: str = "") -> None:
    """Cancel a visit. In a series its place is kept open and a call task asks for a new time.

    One that is cancelled already stays as it is.
    """
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow_to_act_for(visit.patient_id)
    _require_reason(desk, reason)
    with transaction(desk.session) as session:
        visit = _lock_visit(desk, visit_id, None)
        if visit.state is VisitState.CANCELLED:
            return
        cancel_locked(desk, visit, reason or "patient's wish")
        if visit.series_id is None:
            request = queries.get(session, VisitRequestRow, visit.request_id, "request")
            if request.state is RequestState.BOOKED:
                request.state = RequestState.CLOSED


def cancel_locked(desk: Desk, visit: VisitRow, reason: str) -> None:
    """Cancel a visit whose days are locked: messages, series place and audit with it."""
    session, now = desk.session, desk.now()
    told = visit.state is not VisitState.RESERVED
    end_visit(visit, VisitEvent.CANCEL, now, desk.actor.account_id, reason)
    session.flush()
    if told:
        write_visit_messages(session, visit, Change.CANCELLED, now, desk.practice)
    else:
        cancel_visit_messages(session, visit, now)
    if visit.series_id is not None:
        _leave_place(session, visit, visit.series_id, now)
    desk.record("cancel", "visit", visit.id, visit.patient_id, reason)


def _leave_place(session: Session, visit: VisitRow, series_id: UUID, now: datetime) -> None:
    """Keep the visit's place in its series open and ask for a new time; an ended one needs none."""
    if queries.get(session, SeriesRow, series_id, "series").state in SERIES_ENDED:
        return
    defer_attempt(session, visit)
    session.add(
        CallTaskRow(
            dedupe_key=f"{NEW_TIME_TASK}{visit.id}",
            patient_id=visit.patient_id,
            visit_id=visit.id,
            what=f"Find a new time for visit {visit.number} of the plan.",
            due_at=now + timedelta(hours=24),
            created_at=now,
        )
    )


def defer_attempt(session: Session, visit: VisitRow) -> None:
    """Defer an ended visit's attempt: a fresh one, without a dose, waits for a new time."""
    if visit.series_id is None:
        return
    for attempt in queries.attempts_of_series(session, visit.series_id):
        if (attempt.number, attempt.attempt) == (visit.number, visit.attempt):
            held = attempt.state is not AttemptState.LOCKED
            attempt.state = AttemptState.DEFERRED
            session.flush()
            session.add(
                AttemptRow(
                    series_id=attempt.series_id,
                    number=attempt.number,
                    attempt=attempt.attempt + 1,
                    level_number=attempt.level_number,
                    state=AttemptState.ELIGIBLE if held else AttemptState.LOCKED,
                )
            )
