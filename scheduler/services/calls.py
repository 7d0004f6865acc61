"""Calls that somebody must make: in the order in which they are due, each with what came of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import InvalidInput
from scheduler.services.desk import Desk
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import PatientRow, Role

MOST_OPEN = 200
LONGEST_OUTCOME = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make, or one that was made; times are shown in the patient's `timezone`."""

    task_id: UUID
    patient_id: UUID
    patient: str
    phone: str
    timezone: str
    visit_id: UUID | None
    what: str
    due_at: datetime
    overdue: bool
    done_at: datetime | None
    outcome: str


def open_calls(desk: Desk) -> tuple[Call, ...]:
    """Return the calls that wait, the one due first at the head."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view calls", "calls", desk.actor.account_id)
    return _calls(desk, None)


def calls_of(desk: Desk, patient_id: UUID) -> tuple[Call, ...]:
    """Return all calls of a patient, made ones too, for a page that has recorded its look."""
    return _calls(desk, patient_id)


def _calls(desk: Desk, patient_id: UUID | None) -> tuple[Call, ...]:
    chosen = select(CallTaskRow, PatientRow).join(
        PatientRow, PatientRow.id == CallTaskRow.patient_id
    )
    if patient_id is None:
        chosen = chosen.where(CallTaskRow.done_at.is_(None))
    else:
        chosen = chosen.where(CallTaskRow.patient_id == patient_id)
    now = desk.now()
    return tuple(
        Call(
            task_id=task.id,
            patient_id=patient.id,
            patient=patient.name,
            phone=patient.phone,
            timezone=patient.timezone,
            visit_id=task.visit_id,
            what=task.what,
            due_at=task.due_at,
            overdue=task.done_at is None and task.due_at <= now,
            done_at=task.done_at,
            outcome=task.outcome,
        )
        for task, patient in desk.session.execute(
            chosen.order_by(CallTaskRow.due_at, CallTaskRow.id).limit(MOST_OPEN)
        )
    )


def finish_call(desk: Desk, task_id: UUID, outcome: str) -> None:
    """Write down what came of a call. One that is done stays as it was first written."""
    desk.allow(Role.DISPATCHER)
    if not outcome.strip():
        raise InvalidInput({"outcome": "must say what came of the call"})
    with transaction(desk.session) as session:
        task = queries.get(session, CallTaskRow, task_id, "call")
        lock_patient(session, task.patient_id)
        session.refresh(task)
        if task.done_at is not None:
            return
        task.done_at, task.done_by = desk.now(), desk.actor.account_id
        task.outcome = outcome
        desk.record("make call", "call_task", task_id, task.patient_id)
