"""Send what is due: claim, look once more, write down the intent, post, write down the answer."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.domain.messages import MessageEvent, MessageState, Template, is_quiet, next_allowed
from scheduler.domain.visits import VisitState
from scheduler.ports import Clock, SendLater, SendRefused, SmsSender
from scheduler.services.outbox import add_call_task, change_state, may_text
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.messages import MessageRow, OptOutRow
from scheduler.store.visits import VisitRow

_LOG = structlog.get_logger("dispatch")
LEASE = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
OPTED_OUT = "21610"
STANDS = frozenset({VisitState.TENTATIVE, VisitState.BOOKED})
ENDED_TEMPLATES = frozenset({Template.CANCELLED})


@dataclass
class DispatchReport:
    """How many messages went which way in one run."""

    accepted: int = 0
    later: int = 0
    failed: int = 0
    unknown: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    id: UUID
    token: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class _Posting:
    claim: _Claim
    to: str
    body: str
    ref: str
    attempts: int


def dispatch_due(
    session: Session, sender: SmsSender, clock: Clock, limit: int = 20
) -> DispatchReport:
    """Send at most `limit` due messages. One that fails never stops the others.

    Safe to run in any number of processes: a claim is a fenced update, and the intent to post is
    committed before the post. What was posted without an answer is UNKNOWN and not sent again.
    """
    report = DispatchReport()
    _settle_lost(session, clock)
    for _ in range(limit):
        claim = _claim_next(session, clock)
        if claim is None:
            break
        posting = _intend(session, claim, clock, report)
        if posting is not None:
            session.rollback()
            _post(session, sender, posting, clock, report)
    return report


def _settle_lost(session: Session, clock: Clock) -> None:
    """What was being posted when its sender died may have left: it is UNKNOWN."""
    now = clock.now()
    lost = and_(MessageRow.state == MessageState.SENDING, MessageRow.lease_until <= now)
    if not session.scalars(select(MessageRow.id).where(lost).limit(1)).all():
        return
    with transaction(session):
        rows = session.scalars(select(MessageRow).where(lost).with_for_update(skip_locked=True))
        for row in rows.all():
            change_state(session, row, MessageEvent.LOSE, now, "its sender died")


def _claim_next(session: Session, clock: Clock) -> _Claim | None:
    now = clock.now()
    due = or_(
        and_(MessageRow.state == MessageState.PENDING, MessageRow.not_before <= now),
        and_(MessageRow.state == MessageState.CLAIMED, MessageRow.lease_until <= now),
    )
    session.rollback()
    if session.scalars(select(MessageRow.id).where(due).limit(1)).first() is None:
        return None
    with transaction(session):
        row = session.scalars(
            select(MessageRow)
            .where(due)
            .order_by(MessageRow.priority, MessageRow.not_before)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        change_state(session, row, MessageEvent.CLAIM, now)
        row.generation += 1
        row.lease_token = uuid4()
        row.lease_until = now + LEASE
        return _Claim(row.id, row.lease_token, row.generation)


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


def _intend(
    session: Session, claim: _Claim, clock: Clock, report: DispatchReport
) -> _Posting | None:
    """Look once more, then commit the intent to post; None when the message must not go now."""
    now = clock.now()
    try:
        with transaction(session):
            row = _held(session, claim, MessageState.CLAIMED)
            if row is None or _withhold(session, row, now):
                report.withheld += 1
                return None
            change_state(session, row, MessageEvent.POST, now)
            row.posted_at = now
            row.attempts += 1
            session.flush()
            return _Posting(claim, row.recipient, row.body, row.ref, row.attempts)
    except IntegrityError:
        _postpone(session, claim, now)
        report.later += 1
        return None


def _withhold(session: Session, row: MessageRow, now: datetime) -> bool:
    """End or postpone a message that must not go now; say whether it was."""
    patient = queries.patient_of(session, row.patient_id)
    why = may_text(session, patient)
    visit = queries.get(session, VisitRow, row.visit_id, "visit") if row.visit_id else None
    if visit is not None and not _still_true(row, visit):
        change_state(session, row, MessageEvent.SUPERSEDE, now)
    elif now >= row.expires_at:
        change_state(session, row, MessageEvent.RUN_OUT, now)
        _ask_to_call(session, row, visit, now)
    elif why:
        change_state(session, row, MessageEvent.SUPPRESS, now, why)
        _ask_to_call(session, row, visit, now)
    elif is_quiet(now, patient.timezone):
        change_state(session, row, MessageEvent.POSTPONE, now, "quiet hours")
        row.not_before = min(next_allowed(now, patient.timezone), row.expires_at)
    else:
        return False
    return True


def _still_true(row: MessageRow, visit: VisitRow) -> bool:
    if row.promise_version != visit.promise_version:
        return False
    if row.template in ENDED_TEMPLATES:
        return visit.state is VisitState.CANCELLED
    return visit.state in STANDS


def _ask_to_call(session: Session, row: MessageRow, visit: VisitRow | None, now: datetime) -> None:
    if visit is not None and visit.window_ends_at <= now:
        return
    patient = queries.patient_of(session, row.patient_id)
    task = (f"instead|{row.id}", f"Could not be texted ({row.template.value}): please call.")
    add_call_task(session, patient, visit, task, now + timedelta(hours=1), now)


def _postpone(session: Session, claim: _Claim, now: datetime) -> None:
    """Another message to the same phone is on its way: this one waits, no attempt counted."""
    with transaction(session):
        row = _held(session, claim, MessageState.CLAIMED)
        if row is not None:
            change_state(session, row, MessageEvent.POSTPONE, now, "one at a time")
            row.not_before = min(now + FIRST_WAIT, row.expires_at)
            row.expires_at = max(row.expires_at, row.not_before)


def _post(
    session: Session, sender: SmsSender, posting: _Posting, clock: Clock, report: DispatchReport
) -> None:
    try:
        accepted = sender.send(posting.to, posting.body, posting.ref)
    except SendLater:
        _answer(session, posting, MessageEvent.RETRY, clock)
        report.later += 1
    except SendRefused as refused:
        _answer(session, posting, MessageEvent.REFUSE, clock, code=refused.provider_code)
        report.failed += 1
    except Exception:
        _answer(session, posting, MessageEvent.LOSE, clock)
        report.unknown += 1
    else:
        _answer(session, posting, MessageEvent.ACCEPT, clock, sid=accepted.sid)
        report.accepted += 1


def _answer(
    session: Session,
    posting: _Posting,
    event: MessageEvent,
    clock: Clock,
    *,
    code: str | None = None,
    sid: str | None = None,
) -> None:
    now = clock.now()
    with transaction(session):
        row = _held(session, posting.claim, MessageState.SENDING)
        if row is None:
            row = session.get(MessageRow, posting.claim.id)
            if row is None or sid is None or row.state is not MessageState.UNKNOWN:
                return
        change_state(session, row, event, now, code or "")
        row.last_code = code
        row.provider_sid = sid
        row.lease_token = row.lease_until = None
        if event is MessageEvent.RETRY:
            row.not_before = min(now + _wait(posting), row.expires_at)
            row.expires_at = max(row.expires_at, row.not_before)
        if event is MessageEvent.REFUSE:
            _give_up(session, row, code, now)


def _wait(posting: _Posting) -> timedelta:
    """Return the wait before the next try: doubled each time, with jitter, at most 15 minutes."""
    spread = random.Random(f"{posting.claim.id}{posting.attempts}").uniform(0.75, 1.25)  # noqa: S311
    doubled = FIRST_WAIT * (1 << min(posting.attempts - 1, 8))
    return min(doubled * spread, LONGEST_WAIT)


def _give_up(session: Session, row: MessageRow, code: str | None, now: datetime) -> None:
    visit = queries.get(session, VisitRow, row.visit_id, "visit") if row.visit_id else None
    if code == OPTED_OUT:
        session.add(OptOutRow(recipient_index=row.recipient_index, source="provider", since=now))
    _ask_to_call(session, row, visit, now)
    _LOG.warning("message refused", message_id=str(row.id), code=code)
