"""Messages written in the transaction of what they tell of, and withdrawn with it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler.domain.messages import (
    NOT_POSTED,
    MessageEvent,
    MessageState,
    PlannedMessage,
    Template,
    next_allowed,
    next_message_state,
    plan_reminders,
)
from scheduler.domain.timing import TimeWindow
from scheduler.domain.visits import VisitState
from scheduler.services.practice import Practice
from scheduler.services.texts import say_day, say_window, write_text
from scheduler.store import queries
from scheduler.store.messages import (
    CallTaskRow,
    MessageEventRow,
    MessageRow,
    OptOutRow,
    SendPolicy,
)
from scheduler.store.people import ConsentKind, PatientRow
from scheduler.store.visits import VisitRow

NOTICE_USEFUL_FOR = timedelta(hours=24)
AT_LEAST_USEFUL_FOR = timedelta(hours=1)
CALL_WITHIN = timedelta(hours=4)
REF_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""No vowels, so that no reference spells a word; nothing that is read as something else."""
REF_LENGTH = 6


class Change(StrEnum):
    """What happened to a visit that its patient must hear of."""

    BOOKED = "booked"
    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"


_NOTICES = {
    Change.BOOKED: Template.CONFIRMATION,
    Change.MOVED: Template.MOVED,
    Change.CANCELLED: Template.CANCELLED,
}
_CALLS = {
    Template.CONFIRMATION: "Call to confirm the visit.",
    Template.MOVED: "Call: the visit was moved.",
    Template.CANCELLED: "Call: the visit was canceled.",
    Template.CHOOSE_TIME: "Call: a time can be chosen now.",
    Template.SERIES_PLANNED: "Call: the planned visits.",
}
_REMIND_BY_CALL = "Call to remind of the visit."


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message to be written: when it goes, what it says, and what it is about."""

    planned: PlannedMessage
    subject: str
    cause: str
    words: dict[str, str]
    visit: VisitRow | None = None

    def key_for(self, patient: PatientRow) -> str:
        """Return what makes this message one and the same however often it is asked for."""
        to = patient.phone_index or str(patient.id)
        return f"{self.subject}|{self.planned.template.value}|{to}|{self.cause}"


def write_visit_messages(
    session: Session,
    visit: VisitRow,
    change: Change,
    now: datetime,
    practice: Practice,
    old_start: datetime | None = None,
) -> None:
    """Withdraw what was said of the visit before and write what follows from the change.

    A patient who cannot be texted, or not in time, gets a call task for each message instead.
    Runs inside transaction(). `old_start` is the window a moved visit had: the patient must hear
    of the move before it.
    """
    cancel_visit_messages(session, visit, now)
    patient = queries.patient_of(session, visit.patient_id)
    words = _visit_words(visit, practice)
    must_know_by = min(old_start or visit.window_starts_at, visit.window_starts_at)
    subject = f"visit:{visit.id}|{visit.promise_version}"
    for planned in _programme(visit, change, must_know_by, patient.timezone, now):
        letter = _Letter(planned, subject, change.value, words, visit)
        _write(session, patient, letter, now)


def _visit_words(visit: VisitRow, practice: Practice) -> dict[str, str]:
    window = TimeWindow(visit.window_starts_at, visit.window_ends_at)
    return {
        "practice": practice.name,
        "phone": practice.phone,
        "day": say_day(window.starts_at, visit.timezone),
        "window": say_window(window, visit.timezone),
    }


def _programme(
    visit: VisitRow, change: Change, must_know_by: datetime, zone: str, now: datetime
) -> list[PlannedMessage]:
    planned = []
    notice = _NOTICES.get(change)
    if notice is not None:
        expires = max(must_know_by, now + AT_LEAST_USEFUL_FOR)
        expires = min(expires, now + NOTICE_USEFUL_FOR)
        planned.append(PlannedMessage(notice, next_allowed(now, zone), expires))
    if change is not Change.CANCELLED:
        planned += _reminders(visit, zone, now)
    return planned


def _reminders(visit: VisitRow, zone: str, now: datetime) -> list[PlannedMessage]:
    """Return what reminds of a visit; a tentative one is only spoken of as planned."""
    in_series = visit.series_id is not None
    reminders = plan_reminders(visit.window_starts_at, zone, now, in_series=in_series)
    if visit.state is VisitState.TENTATIVE:
        return [each for each in reminders if each.template is Template.REMINDER_7D]
    return reminders


def write_choose_time(
    session: Session, patient: PatientRow, cause_id: UUID, now: datetime, practice: Practice
) -> None:
    """Tell a patient that a time can be chosen now."""
    goes = next_allowed(now, patient.timezone)
    planned = PlannedMessage(Template.CHOOSE_TIME, goes, goes + timedelta(days=2))
    words = {"practice": practice.name, "phone": practice.phone}
    _write(session, patient, _Letter(planned, "choose", str(cause_id), words), now)


def withdraw_choose_time(session: Session, order_id: UUID | None, now: datetime) -> None:
    """Withdraw "you can choose a time" of an order: the time is chosen."""
    rows = session.scalars(
        select(MessageRow)
        .where(
            MessageRow.template == Template.CHOOSE_TIME,
            MessageRow.dedupe_key.contains(str(order_id)),
            MessageRow.state.in_(list(NOT_POSTED)),
        )
        .with_for_update()
    ).all()
    for row in rows:
        change_state(session, row, MessageEvent.SUPERSEDE, now)


def write_series_message(
    session: Session,
    patient: PatientRow,
    visits: Sequence[VisitRow],
    now: datetime,
    practice: Practice,
) -> None:
    """Tell a patient that a series is planned: how many visits, and the first day."""
    goes = next_allowed(now, patient.timezone)
    planned = PlannedMessage(Template.SERIES_PLANNED, goes, goes + timedelta(days=1))
    words = _visit_words(visits[0], practice) | {"count": str(len(visits))}
    _write(session, patient, _Letter(planned, "series", str(visits[0].series_id), words), now)


def cancel_visit_messages(session: Session, visit: VisitRow, now: datetime) -> None:
    """Withdraw the messages of a visit that were not posted yet, and the calls in their stead."""
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.visit_id == visit.id, MessageRow.state.in_(list(NOT_POSTED)))
        .with_for_update()
    ).all()
    for row in rows:
        change_state(session, row, MessageEvent.SUPERSEDE, now)
    tasks = session.scalars(
        select(CallTaskRow).where(
            CallTaskRow.visit_id == visit.id,
            CallTaskRow.dedupe_key.startswith(f"visit:{visit.id}|"),
            CallTaskRow.done_at.is_(None),
        )
    ).all()
    for task in tasks:
        task.done_at = now
    session.flush()


def change_state(
    session: Session, row: MessageRow, event: MessageEvent, now: datetime, note: str = ""
) -> None:
    """Take a message to the state that follows, and add the event row."""
    before = row.state
    row.state = next_message_state(before, event)
    session.add(
        MessageEventRow(
            message_id=row.id, at=now, before=before.value, after=row.state.value, note=note
        )
    )


def may_text(session: Session, patient: PatientRow) -> str:
    """Return why a patient must not be texted, or nothing."""
    if patient.phone_index is None:
        return "no phone for texts"
    if not queries.has_consent(session, patient.id, ConsentKind.SMS):
        return "no consent to texts"
    opted_out = exists().where(
        OptOutRow.recipient_index == patient.phone_index, OptOutRow.ended_at.is_(None)
    )
    return "opted out of texts" if session.scalar(select(opted_out)) else ""


def _write(session: Session, patient: PatientRow, letter: _Letter, now: datetime) -> None:
    planned = letter.planned
    key = letter.key_for(patient)
    if may_text(session, patient) or planned.not_before >= planned.expires_at:
        what = _CALLS.get(planned.template, _REMIND_BY_CALL)
        add_call_task(session, patient, letter.visit, (key, what), _call_by(planned, now), now)
        return
    fresh = _fresh_key(session, key)
    if fresh is None:
        return
    row = _new_row(patient, letter, fresh, _fresh_ref(session), now)
    session.add(row)
    session.flush()
    session.add(MessageEventRow(message_id=row.id, at=now, after=row.state.value, note="planned"))


def _fresh_key(session: Session, key: str) -> str | None:
    """Return a key that is free, or None where the message stands or has left already.

    What was withdrawn before it left may be written again: a dose released, taken back, released.
    """
    earlier = session.scalars(
        select(MessageRow.state).where(MessageRow.dedupe_key.startswith(key, autoescape=True))
    ).all()
    if any(state is not MessageState.CANCELLED for state in earlier):
        return None
    return f"{key}|{len(earlier)}" if earlier else key


def _fresh_ref(session: Session) -> str:
    """Return a reference that no message has."""
    while True:
        ref = "".join(secrets.choice(REF_LETTERS) for _ in range(REF_LENGTH))
        if not session.scalar(select(exists().where(MessageRow.ref == ref))):
            return ref


def _new_row(patient: PatientRow, letter: _Letter, key: str, ref: str, now: datetime) -> MessageRow:
    planned, visit = letter.planned, letter.visit
    return MessageRow(
        dedupe_key=key,
        ref=ref,
        patient_id=patient.id,
        visit_id=visit.id if visit else None,
        promise_version=visit.promise_version if visit else None,
        template=planned.template,
        policy=_policy(planned.template),
        recipient=patient.phone,
        recipient_index=patient.phone_index,
        body=write_text(planned.template, letter.words | {"ref": ref}),
        timezone=patient.timezone,
        not_before=planned.not_before,
        expires_at=planned.expires_at,
        state=MessageState.PENDING,
        created_at=now,
    )


def _policy(template: Template) -> SendPolicy:
    reminders = {Template.REMINDER_7D, Template.REMINDER_48H, Template.REMINDER_24H}
    return SendPolicy.NEVER_TWICE if template in reminders else SendPolicy.RESEND


def _call_by(planned: PlannedMessage, now: datetime) -> datetime:
    return max(now, min(planned.not_before + CALL_WITHIN, planned.expires_at))


def add_call_task(
    session: Session,
    patient: PatientRow,
    visit: VisitRow | None,
    task: tuple[str, str],
    due_at: datetime,
    now: datetime,
) -> None:
    """Ask staff, once for each key, to call a patient by a time. `task` is key and words.

    A task that the software itself withdrew (done, by nobody) opens again.
    """
    key, what = task
    row = session.scalar(select(CallTaskRow).where(CallTaskRow.dedupe_key == key))
    if row is None:
        row = CallTaskRow(
            dedupe_key=key,
            patient_id=patient.id,
            visit_id=visit.id if visit else None,
            what=what,
            due_at=due_at,
            created_at=now,
        )
        session.add(row)
    elif row.done_at is not None and row.done_by is None:
        row.done_at, row.due_at = None, due_at
    session.flush()
