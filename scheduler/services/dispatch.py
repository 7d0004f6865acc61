"""Send what is due: claim, look once more, write down the intent, post, write down the answer."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from scheduler.domain.messages import (
    IN_FLIGHT,
    MessageEvent,
    MessageState,
    Template,
    is_quiet,
    next_allowed,
)
from scheduler.domain.visits import VisitState
from scheduler.ports import Accepted, Clock, SendLater, SendRefused, SmsSender
from scheduler.services.outbox import add_call_task, change_state, may_text
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.messages import MessageRow, OptOutRow
from scheduler.store.people import PatientRow
from scheduler.store.visits import VisitRow

_LOG = structlog.get_logger("dispatch")
LEASE = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=15)
DOUBT_LASTS = timedelta(minutes=10)
LONGEST_WAIT = timedelta(minutes=15)
CALL_WITHIN = timedelta(hours=1)
OPTED_OUT = "21610"
BAD_NUMBER = frozenset({"21211", "21614"})
STANDS = frozenset({VisitState.TENTATIVE, VisitState.BOOKED})


@dataclass
class DispatchReport:
    """How many messages went which way in one run."""

    accepted: int = 0
    later: int = 0
    failed: int = 0
    unknown: int = 0
    withheld: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    id: UUID
    patient_id: UUID
    token: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class _Posting:
    claim: _Claim
    to: str
    body: str
    ref: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a post."""

    event: MessageEvent
    code: str | None = None
    sid: str | None = None


_COUNTED_AS = {
    MessageEvent.ACCEPT: "accepted",
    MessageEvent.RETRY: "later",
    MessageEvent.REFUSE: "failed",
    MessageEvent.LOSE: "unknown",
}


def dispatch_due(
    session: Session, sender: SmsSender, clock: Clock, limit: int = 20
) -> DispatchReport:
    """Send at most `limit` due messages. One that fails never stops the others.

    Safe to run in any number of processes: a claim is a fenced update, and the intent to post is
    committed before the post. What was posted without an answer is UNKNOWN and not sent again.
    """
    report = DispatchReport()
    _settle_lost(session, clock.now())
    _hand_over(session, clock.now())
    for _ in range(limit):
        claim = _claim_next(session, clock.now())
        if claim is None:
            break
        try:
            _dispatch(session, sender, claim, clock, report)
        except Exception as error:
            report.broken += 1
            _LOG.error("message broken", message_id=str(claim.id), error=type(error).__name__)
            _postpone(session, claim, clock.now(), LONGEST_WAIT, "could not be read")
    session.rollback()
    return report


def _settle_lost(session: Session, now: datetime) -> None:
    """What was being posted when its sender died may have left: it is UNKNOWN."""
    lost = and_(MessageRow.state == MessageState.SENDING, MessageRow.lease_until <= now)
    session.rollback()
    if session.scalar(select(MessageRow.id).where(lost).limit(1)) is None:
        return
    with transaction(session):
        rows = session.scalars(select(MessageRow).where(lost).with_for_update(skip_locked=True))
        for row in rows.all():
            change_state(session, row, MessageEvent.LOSE, now, "its sender died")
            row.lease_token = row.lease_until = None


def _hand_over(session: Session, now: datetime) -> None:
    """What is UNKNOWN for ten minutes goes to a person; later texts to the phone go on."""
    doubtful = and_(
        MessageRow.state == MessageState.UNKNOWN, MessageRow.posted_at <= now - DOUBT_LASTS
    )
    session.rollback()
    if session.scalar(select(MessageRow.id).where(doubtful).limit(1)) is None:
        return
    with transaction(session):
        wanted = select(MessageRow).where(doubtful).with_for_update(skip_locked=True)
        for row in session.scalars(wanted).all():
            change_state(session, row, MessageEvent.HAND_OVER, now)
            _ask_to_call(session, row, now)


def _due(now: datetime) -> ColumnElement[bool]:
    """Due is what is wanted now and has no other text to the same phone under way.

    What is past its useful time is due in any case: it must be given to a person.
    """
    other = aliased(MessageRow)
    one_under_way = exists().where(
        other.recipient_index == MessageRow.recipient_index, other.state.in_(list(IN_FLIGHT))
    )
    return or_(
        and_(
            MessageRow.state == MessageState.PENDING,
            MessageRow.not_before <= now,
            or_(~one_under_way, MessageRow.expires_at <= now),
        ),
        and_(MessageRow.state == MessageState.CLAIMED, MessageRow.lease_until <= now),
    )


def _claim_next(session: Session, now: datetime) -> _Claim | None:
    session.rollback()
    if session.scalar(select(MessageRow.id).where(_due(now)).limit(1)) is None:
        return None
    with transaction(session):
        row = session.scalars(
            select(MessageRow)
            .where(_due(now))
            .order_by(MessageRow.priority, MessageRow.not_before)
            .limit(1)
            .with_for_update(skip_locked=True, of=MessageRow)
        ).first()
        if row is None:
            return None
        change_state(session, row, MessageEvent.CLAIM, now)
        row.generation += 1
        row.lease_token = uuid4()
        row.lease_until = now + LEASE
        return _Claim(row.id, row.patient_id, row.lease_token, row.generation)


def _held(session: Session, claim: _Claim, state: MessageState) -> MessageRow | None:
    """Return the claimed row, locked, if the claim still holds (the fence)."""
    return session.scalar(
        select(MessageRow)
        .where(
            MessageRow.id == claim.id,
            MessageRow.state == state,
            MessageRow.lease_token == claim.token,
            MessageRow.generation == claim.generation,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _dispatch(
    session: Session, sender: SmsSender, claim: _Claim, clock: Clock, report: DispatchReport
) -> None:
    try:
        posting = _intend(session, claim, clock.now())
    except IntegrityError:
        _postpone(session, claim, clock.now(), FIRST_WAIT, "one at a time")
        report.later += 1
        return
    if posting is None:
        report.withheld += 1
        return
    answer = _post(sender, posting)  # the transaction is over, its connection given back
    _write_answer(session, posting, answer, clock.now())
    counted_as = _COUNTED_AS[answer.event]
    setattr(report, counted_as, getattr(report, counted_as) + 1)


def _intend(session: Session, claim: _Claim, now: datetime) -> _Posting | None:
    """Look once more, then commit the intent to post; None when the message must not go now.

    The patient is locked first, as by every booking: the visit cannot change while we look.
    """
    with transaction(session):
        patient = lock_patient(session, claim.patient_id)
        row = _held(session, claim, MessageState.CLAIMED)
        if row is None or row.lease_until is None or row.lease_until <= now:
            return None
        if _withhold(session, row, patient, now):
            row.lease_token = row.lease_until = None
            return None
        posting = _Posting(claim, row.recipient, row.body, row.ref, row.attempts + 1)
        change_state(session, row, MessageEvent.POST, now)
        row.posted_at = now
        row.attempts += 1
        session.flush()
        return posting


def _withhold(session: Session, row: MessageRow, patient: PatientRow, now: datetime) -> bool:
    """End or postpone a message that must not go now; say whether it was."""
    visit = _visit_of(session, row)
    if visit is not None and not _still_true(row, visit):
        change_state(session, row, MessageEvent.SUPERSEDE, now)
        return True
    goes = next_allowed(now, patient.timezone)
    why = may_text(session, patient)
    if goes >= row.expires_at:
        change_state(session, row, MessageEvent.RUN_OUT, now)
        _ask_to_call(session, row, now)
    elif why or patient.phone_index != row.recipient_index:
        change_state(session, row, MessageEvent.SUPPRESS, now, why or "the phone has changed")
        _ask_to_call(session, row, now)
    elif is_quiet(now, patient.timezone):
        change_state(session, row, MessageEvent.POSTPONE, now, "quiet hours")
        row.not_before = goes
    else:
        return False
    return True


def _visit_of(session: Session, row: MessageRow) -> VisitRow | None:
    return queries.get(session, VisitRow, row.visit_id, "visit") if row.visit_id else None


def _still_true(row: MessageRow, visit: VisitRow) -> bool:
    if row.promise_version != visit.promise_version:
        return False
    if row.template is Template.CANCELLED:
        return visit.state is VisitState.CANCELLED
    return visit.state in STANDS


def _ask_to_call(session: Session, row: MessageRow, now: datetime, *, code: str = "") -> None:
    """Give the message to a person, unless the visit is over."""
    visit = _visit_of(session, row)
    if visit is not None and visit.window_ends_at <= now:
        return
    words = f"Could not be texted ({row.template.value}): please call."
    if code in BAD_NUMBER:
        words = "This number cannot get texts: please call and ask for another."
    patient = queries.patient_of(session, row.patient_id)
    task = (f"{row.dedupe_key}|call", words)
    add_call_task(session, patient, visit, task, now + CALL_WITHIN, now)


def _postpone(session: Session, claim: _Claim, now: datetime, wait: timedelta, note: str) -> None:
    """Put a claimed message back, without counting an attempt."""
    with transaction(session):
        row = _held(session, claim, MessageState.CLAIMED)
        if row is not None:
            change_state(session, row, MessageEvent.POSTPONE, now, note)
            row.lease_token = row.lease_until = None
            row.not_before = min(now + wait, row.expires_at)


def _post(sender: SmsSender, posting: _Posting) -> _Answer:
    """Hand the text over. Whatever is not a clear yes or no leaves it unknown."""
    try:
        accepted: Accepted = sender.send(posting.to, posting.body, posting.ref)
    except SendLater:
        return _Answer(MessageEvent.RETRY)
    except SendRefused as refused:
        return _Answer(MessageEvent.REFUSE, code=refused.provider_code)
    except Exception as error:
        kind = type(error).__name__
        _LOG.warning("answer lost", message_id=str(posting.claim.id), error=kind)
        return _Answer(MessageEvent.LOSE)
    return _Answer(MessageEvent.ACCEPT, sid=accepted.sid)


def _write_answer(session: Session, posting: _Posting, answer: _Answer, now: datetime) -> None:
    with transaction(session):
        lock_patient(session, posting.claim.patient_id)
        row = _held(session, posting.claim, MessageState.SENDING)
        if row is None:
            if answer.event is not MessageEvent.ACCEPT:
                return
            row = _held_late(session, posting.claim)
            if row is None:
                return
        change_state(session, row, answer.event, now, answer.code or "")
        row.last_code = answer.code
        row.provider_sid = answer.sid
        row.lease_token = row.lease_until = None
        if answer.event is MessageEvent.RETRY:
            row.not_before = min(now + _wait(posting), row.expires_at)
        if answer.event is MessageEvent.REFUSE:
            _give_up(session, row, answer.code or "", now)


def _held_late(session: Session, claim: _Claim) -> MessageRow | None:
    """Return a message given up as UNKNOWN whose sender has its answer after all."""
    return session.scalar(
        select(MessageRow)
        .where(
            MessageRow.id == claim.id,
            MessageRow.state == MessageState.UNKNOWN,
            MessageRow.generation == claim.generation,
        )
        .with_for_update()
    )


def _wait(posting: _Posting) -> timedelta:
    """Return the wait before the next try: doubled each time, with jitter, at most 15 minutes."""
    spread = random.Random(f"{posting.claim.id}{posting.attempts}").uniform(0.75, 1.25)  # noqa: S311
    doubled = FIRST_WAIT * (1 << min(posting.attempts - 1, 8))
    return min(doubled * spread, LONGEST_WAIT)


def _give_up(session: Session, row: MessageRow, code: str, now: datetime) -> None:
    if code == OPTED_OUT:
        session.add(OptOutRow(recipient_index=row.recipient_index, source="provider", since=now))
    _ask_to_call(session, row, now, code=code)
    _LOG.warning("message refused", message_id=str(row.id), code=code)
