"""What happens at the door: a visit that ends there, without a dose and without a next step."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scheduler.domain.errors import IllegalTransition, InvalidInput
from scheduler.domain.visits import VisitEvent, VisitState
from scheduler.services.changing import defer_attempt
from scheduler.services.day import allow_own_visit, lock_own_visit
from scheduler.services.desk import Desk
from scheduler.services.outbox import (
    Change,
    add_call_task,
    cancel_visit_messages,
    write_visit_messages,
)
from scheduler.services.placing import end_visit
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

CALL_WITHIN = timedelta(hours=1)
"""How soon somebody calls a patient whose visit ended at the door."""


class DoorOutcome(StrEnum):
    """How a visit can end before it starts."""

    NO_ANSWER = "no_answer"
    WRONG_ADDRESS = "wrong_address"
    REFUSED = "refused"
    UNSAFE = "unsafe"
    CLINICIAN_UNABLE = "clinician_unable"


_NOBODY_MET = frozenset({DoorOutcome.NO_ANSWER, DoorOutcome.WRONG_ADDRESS})
"""The clinician was there and met nobody; in the other cases the visit is called off."""

_WORDS = {
    DoorOutcome.NO_ANSWER: "nobody answered the door",
    DoorOutcome.WRONG_ADDRESS: "the address is wrong",
    DoorOutcome.REFUSED: "the visit was refused at the door",
    DoorOutcome.UNSAFE: "it was not safe to stay",
    DoorOutcome.CLINICIAN_UNABLE: "the clinician could not make the visit",
}


def end_at_door(desk: Desk, visit_id: UUID, outcome: DoorOutcome, note: str = "") -> None:
    """End the actor's own visit before its start, with why.

    A series never goes a step on: the place is kept open, without a dose, and a call task asks
    for a new time. The same outcome once more is taken as done.

    Raises:
        IllegalTransition: the visit has not been set out for, has started, or ended otherwise.
        InvalidInput: no word about what made it unsafe.
    """
    allow_own_visit(desk, visit_id)
    if outcome is DoorOutcome.UNSAFE and not note.strip():
        raise InvalidInput({"note": "must say what was not safe"})
    reason = f"{_WORDS[outcome]}: {note.strip()}" if note.strip() else _WORDS[outcome]
    with transaction(desk.session):
        visit, _ = lock_own_visit(desk, visit_id)
        if visit.ended_at is not None and visit.ended_reason.startswith(_WORDS[outcome]):
            return
        _require_at_door(visit, outcome)
        _end(desk, visit, outcome, reason)
        desk.record("end at door", "visit", visit.id, visit.patient_id, reason)


def _require_at_door(visit: VisitRow, outcome: DoorOutcome) -> None:
    if visit.state is VisitState.ARRIVED:
        return
    if visit.state is not VisitState.EN_ROUTE:
        raise IllegalTransition("Only a visit that you are on the way to, or at, ends like this.")
    if outcome is not DoorOutcome.CLINICIAN_UNABLE:
        raise IllegalTransition("Please say first that you have arrived.")


def _end(desk: Desk, visit: VisitRow, outcome: DoorOutcome, reason: str) -> None:
    session, now = desk.session, desk.now()
    event = VisitEvent.MISS if outcome in _NOBODY_MET else VisitEvent.CANCEL
    end_visit(visit, event, now, desk.actor.account_id, reason)
    session.flush()
    if outcome is DoorOutcome.CLINICIAN_UNABLE:  # whoever else stood at the door knows
        write_visit_messages(session, visit, Change.CANCELLED, now, desk.practice)
    else:
        cancel_visit_messages(session, visit, now)
    defer_attempt(session, visit)
    _open_request_again(desk, visit, now)
    patient = queries.patient_of(session, visit.patient_id)
    words = _WORDS[outcome]
    task = (f"door|{visit.id}", f"{words[0].upper()}{words[1:]}. Call and find a new time.")
    add_call_task(session, patient, visit, task, now + CALL_WITHIN, now)


def _open_request_again(desk: Desk, visit: VisitRow, now: datetime) -> None:
    """Let a single visit be planned anew while its wish lasts; a series keeps its own places."""
    if visit.series_id is not None:
        return
    request = queries.get(desk.session, VisitRequestRow, visit.request_id, "request")
    if request.state is RequestState.BOOKED:
        open_still = now < request.wanted_until
        request.state = RequestState.OPEN if open_still else RequestState.CLOSED
