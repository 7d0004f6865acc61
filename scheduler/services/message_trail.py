"""The outbox as dispatch reads it: every text, where it stands, and what a person must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select

from scheduler.domain.messages import MessageState
from scheduler.services.desk import Desk
from scheduler.store.database import transaction
from scheduler.store.messages import MessageEventRow, MessageRow
from scheduler.store.people import PatientRow, Role

PAGE = 50


class Shelf(StrEnum):
    """Which texts to look at."""

    ALL = "all"
    WAITING = "waiting"
    SENT = "sent"
    TROUBLE = "trouble"
    NOT_SENT = "not-sent"


_M = MessageState
NEEDS_A_LOOK = (_M.UNKNOWN, _M.UNDELIVERED, _M.FAILED, _M.NEEDS_PERSON)
"""Where texts stand that a person must see to."""

_SHELVES = {
    Shelf.WAITING: (_M.PENDING, _M.CLAIMED, _M.SENDING),
    Shelf.SENT: (_M.ACCEPTED, _M.SENT, _M.DELIVERED, _M.UNCONFIRMED),
    Shelf.TROUBLE: NEEDS_A_LOOK,
    Shelf.NOT_SENT: (_M.SUPPRESSED, _M.CANCELLED, _M.EXPIRED),
}


@dataclass(frozen=True, slots=True)
class Text:
    """One text; times are shown in the patient's `timezone`. `note` says why it was held back."""

    message_id: UUID
    patient_id: UUID
    patient: str
    to: str
    body: str
    state: MessageState
    not_before: datetime
    posted_at: datetime | None
    timezone: str
    visit_id: UUID | None
    note: str


@dataclass(frozen=True, slots=True)
class Texts:
    """One page of texts, the newest first, and how many each shelf holds."""

    texts: tuple[Text, ...]
    counts: dict[Shelf, int]
    page: int
    more: bool


def read_texts(desk: Desk, shelf: Shelf, page: int) -> Texts:
    """Return a page of a shelf; page 1 holds the newest."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view messages", "messages", desk.actor.account_id)
    chosen = select(MessageRow, PatientRow).join(PatientRow, PatientRow.id == MessageRow.patient_id)
    if shelf is not Shelf.ALL:
        chosen = chosen.where(MessageRow.state.in_(_SHELVES[shelf]))
    newest = (MessageRow.not_before.desc(), MessageRow.id)
    skipped = (page - 1) * PAGE
    rows = desk.session.execute(chosen.order_by(*newest).offset(skipped).limit(PAGE + 1)).all()
    return Texts(tuple(_texts(desk, rows[:PAGE])), _counts(desk), page, len(rows) > PAGE)


def texts_where(desk: Desk, condition: ColumnElement[bool]) -> Sequence[Text]:
    """Return texts, oldest first, for a page that has recorded its look."""
    rows = desk.session.execute(
        select(MessageRow, PatientRow)
        .join(PatientRow, PatientRow.id == MessageRow.patient_id)
        .where(condition)
        .order_by(MessageRow.not_before, MessageRow.id)
    )
    return _texts(desk, rows.all())


def _texts(desk: Desk, rows: Sequence[Row[MessageRow, PatientRow]]) -> list[Text]:
    held = [message.id for message, _ in rows if message.state is MessageState.SUPPRESSED]
    found = desk.session.execute(
        select(MessageEventRow.message_id, MessageEventRow.note).where(
            MessageEventRow.message_id.in_(held),
            MessageEventRow.after == MessageState.SUPPRESSED.value,
        )
    )
    notes = {event.message_id: event.note for event in found}
    return [_text(message, patient, notes.get(message.id, "")) for message, patient in rows]


def _text(message: MessageRow, patient: PatientRow, note: str) -> Text:
    return Text(
        message.id,
        patient.id,
        patient.name,
        message.recipient,
        message.body,
        message.state,
        message.not_before,
        message.posted_at,
        message.timezone,
        message.visit_id,
        note,
    )


def _counts(desk: Desk) -> dict[Shelf, int]:
    rows = desk.session.execute(
        select(MessageRow.state, func.count()).group_by(MessageRow.state)
    ).all()
    found = {row[0]: row[1] for row in rows}
    counts = {
        shelf: sum(found.get(state, 0) for state in states) for shelf, states in _SHELVES.items()
    }
    return {Shelf.ALL: sum(found.values()), **counts}
