"""Sending: what goes, what waits, what is given to a person, and what nobody can say."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from scheduler.adapters.sms import TwilioSender
from scheduler.domain.messages import MessageState
from scheduler.domain.visits import VisitState
from scheduler.ports import Accepted, SendLater, SendRefused, SendUnknown, SmsSender
from scheduler.services.dispatch import LEASE, LONGEST_WAIT, DispatchReport, dispatch_due
from scheduler.services.outbox import Change
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.messages import MessageRow, OptOutRow
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.services.visits import Texting
from tests.standin.provider import (
    ACCOUNT_SID,
    SERVICE_SID,
    TOKEN,
    Fault,
    Provider,
    provider_running,
)
from tests.world import local

MORNING = local(date(2026, 10, 20), 9, 0, -5)
TEN = local(date(2026, 10, 27), 10, 0, -5)
NIGHT = local(date(2026, 10, 26), 21, 30, -5)


@dataclass
class Script:
    """A sender that answers by a list, then accepts; it looks about while it sends."""

    name: str = "script"
    answers: list[Exception] = field(default_factory=list)
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def send(self, to: str, body: str, ref: str) -> Accepted:
        self.meanwhile()
        self.sent.append((to, body, ref))
        if self.answers:
            raise self.answers.pop(0)
        return Accepted(f"SM{len(self.sent):032x}")


@pytest.fixture
def texting(session: Session) -> Texting:
    return Texting(session, FixedClock(MORNING))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_running() as provider:
        yield provider


def confirmed(texting: Texting) -> MessageRow:
    """Book a visit for which nothing but a confirmation is due."""
    texting.booked(TEN)
    return texting.messages()[0]


def run(texting: Texting, sender: SmsSender) -> DispatchReport:
    return dispatch_due(texting.session, sender, texting.clock)


def fresh(texting: Texting, row_id: UUID) -> MessageRow:
    texting.session.rollback()
    return queries.get(texting.session, MessageRow, row_id, "message")


def change(texting: Texting, row_id: UUID, **values: object) -> None:
    with transaction(texting.session) as session:
        session.execute(update(MessageRow).where(MessageRow.id == row_id).values(**values))


def test_a_due_message_is_sent_once_and_others_wait(texting: Texting) -> None:
    row = confirmed(texting)
    sender = Script()
    assert run(texting, sender) == DispatchReport(accepted=1)
    assert run(texting, sender) == DispatchReport()
    assert sender.sent == [("+18165550142", row.body, row.ref)]
    row = fresh(texting, row.id)
    assert (row.state, row.provider_sid, row.attempts) == (
        MessageState.ACCEPTED,
        f"SM{1:032x}",
        1,
    )
    assert texting.history(row) == ["PENDING", "CLAIMED", "SENDING", "ACCEPTED"]


def test_all_reminders_go_at_their_time(texting: Texting) -> None:
    texting.booked(TEN)
    sender = Script()
    while texting.clock.now() < TEN:
        run(texting, sender)
        texting.clock.pass_time(minutes=30)
    assert len(sender.sent) == len({ref for *_, ref in sender.sent}) == 4
    assert len(texting.messages("ACCEPTED")) == 4


def test_the_intent_is_on_record_and_nothing_is_held_while_the_provider_is_asked(
    texting: Texting, database: Database
) -> None:
    row_id = confirmed(texting).id
    seen: list[tuple[MessageState, datetime | None]] = []

    def look() -> None:
        pool = database.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0
        with Session(database.engine) as other, transaction(other):
            row = queries.get(other, MessageRow, row_id, "message")
            seen.append((row.state, row.posted_at))
            other.execute(text("UPDATE patient SET timezone = timezone"))

    run(texting, Script(meanwhile=look))
    assert seen == [(MessageState.SENDING, MORNING)]


def test_a_visit_cancelled_without_a_word_takes_its_messages_along(texting: Texting) -> None:
    texting.end(texting.booked(TEN), told=False)
    sender = Script()
    assert run(texting, sender).withheld == 1
    assert sender.sent == []
    assert len(texting.messages("CANCELLED")) == 1


def test_a_message_of_an_older_promise_never_goes(texting: Texting) -> None:
    visit = texting.booked(TEN)
    texting.move(visit, 24, told=False)
    sender = Script()
    run(texting, sender)
    assert sender.sent == []


@pytest.mark.parametrize("state", [VisitState.EN_ROUTE, VisitState.ARRIVED, VisitState.STARTED])
def test_nobody_is_reminded_of_a_visit_under_way(texting: Texting, state: VisitState) -> None:
    visit = texting.booked(TEN)
    with transaction(texting.session):
        visit.state = state
    sender = Script()
    run(texting, sender)
    assert sender.sent == []


def test_a_cancellation_notice_goes(texting: Texting) -> None:
    texting.end(texting.booked(TEN))
    sender = Script()
    assert run(texting, sender).accepted == 1
    assert "will not take place" in sender.sent[0][1]


def test_consent_is_looked_at_when_sending(texting: Texting) -> None:
    row = confirmed(texting)
    texting.withdraw_consent()
    sender = Script()
    assert run(texting, sender).withheld == 1
    assert sender.sent == []
    assert fresh(texting, row.id).state is MessageState.SUPPRESSED
    assert len(texting.tasks()) == 1


def test_an_opt_out_is_looked_at_when_sending(texting: Texting) -> None:
    row = confirmed(texting)
    with transaction(texting.session) as session:
        index = row.recipient_index
        session.add(OptOutRow(recipient_index=index, source="STOP", since=MORNING))
    sender = Script()
    run(texting, sender)
    assert sender.sent == []
    assert len(texting.tasks()) == 1


def test_a_number_given_up_meanwhile_is_not_texted(texting: Texting) -> None:
    row = confirmed(texting)
    with transaction(texting.session) as session:
        queries.patient_of(session, texting.pat).phone_index = "another"
    sender = Script()
    run(texting, sender)
    assert sender.sent == []
    assert fresh(texting, row.id).state is MessageState.SUPPRESSED


def test_quiet_hours_are_looked_at_when_sending(texting: Texting) -> None:
    row = confirmed(texting)
    change(texting, row.id, expires_at=TEN)
    texting.clock.instant = NIGHT
    sender = Script()
    while run(texting, sender).withheld:
        pass
    assert sender.sent == []
    row = fresh(texting, row.id)
    assert (row.state, row.not_before) == (MessageState.PENDING, NIGHT.replace(hour=13, minute=0))
    assert row.attempts == 0


def test_what_the_morning_makes_useless_is_a_call_at_once(texting: Texting) -> None:
    row = confirmed(texting)
    change(texting, row.id, expires_at=NIGHT + timedelta(hours=2))
    texting.clock.instant = NIGHT
    run(texting, Script())
    assert fresh(texting, row.id).state is MessageState.EXPIRED
    assert "confirmation" in "".join(task.what for task in texting.tasks())


def test_a_late_message_expires_and_becomes_a_call(texting: Texting) -> None:
    row = confirmed(texting)
    texting.clock.pass_time(hours=25)
    sender = Script()
    run(texting, sender)
    assert sender.sent == []
    assert fresh(texting, row.id).state is MessageState.EXPIRED
    assert len(texting.tasks()) == 1


def test_nobody_is_asked_to_call_about_a_visit_that_is_over(texting: Texting) -> None:
    confirmed(texting)
    texting.clock.instant = TEN + timedelta(hours=2)
    run(texting, Script())
    assert len(texting.messages("EXPIRED")) == 4
    assert texting.tasks() == []


def test_a_busy_provider_is_asked_again_after_growing_waits(texting: Texting) -> None:
    row = confirmed(texting)
    waits = []
    for _ in range(9):
        run(texting, Script(answers=[SendLater("busy")]))
        row = fresh(texting, row.id)
        assert row.state is MessageState.PENDING
        waits.append(row.not_before - texting.clock.now())
        texting.clock.instant = row.not_before
    assert timedelta(seconds=11) < waits[0] < timedelta(seconds=19)
    assert all(later > earlier for earlier, later in pairwise(waits[:6]))
    assert max(waits) == LONGEST_WAIT
    assert run(texting, Script()).accepted == 1


def test_an_opt_out_told_by_the_provider_is_kept(texting: Texting) -> None:
    row = confirmed(texting)
    assert run(texting, Script(answers=[SendRefused("stop", "21610")])).failed == 1
    row = fresh(texting, row.id)
    assert (row.state, row.last_code) == (MessageState.FAILED, "21610")
    (opt_out,) = texting.session.scalars(select(OptOutRow)).all()
    assert opt_out.recipient_index == row.recipient_index
    assert len(texting.tasks()) == 1
    texting.clock.instant = TEN - timedelta(hours=2)
    sender = Script()
    run(texting, sender)
    assert sender.sent == []


@pytest.mark.parametrize("code", ["21211", "21614"])
def test_a_number_that_takes_no_texts_is_a_task(texting: Texting, code: str) -> None:
    confirmed(texting)
    run(texting, Script(answers=[SendRefused("bad number", code)]))
    (task,) = texting.tasks()
    assert task.what == "This number cannot get texts: please call and ask for another."
    assert texting.session.scalars(select(OptOutRow)).all() == []


@pytest.mark.parametrize("error", [SendUnknown("lost"), ValueError("garbled"), TimeoutError()])
def test_a_lost_answer_is_never_sent_again(texting: Texting, error: Exception) -> None:
    row = confirmed(texting)
    sender = Script(answers=[error])
    assert run(texting, sender).unknown == 1
    assert fresh(texting, row.id).state is MessageState.UNKNOWN
    texting.clock.pass_time(hours=3)
    run(texting, sender)
    assert len(sender.sent) == 1
    assert fresh(texting, row.id).state is MessageState.NEEDS_PERSON
    assert len(texting.tasks()) == 1


def test_while_one_text_is_unknown_the_next_to_that_phone_waits_ten_minutes(
    texting: Texting,
) -> None:
    texting.booked(TEN)
    texting.booked(TEN + timedelta(days=7))
    sender = Script(answers=[SendUnknown("lost")])
    assert run(texting, sender) == DispatchReport(unknown=1)
    assert len(sender.sent) == 1
    texting.clock.pass_time(minutes=9)
    run(texting, sender)
    assert len(sender.sent) == 1
    texting.clock.pass_time(minutes=1)
    run(texting, sender)
    assert len(sender.sent) == 2
    assert len(texting.messages("NEEDS_PERSON")) == 1  # and a person is asked to call
    assert len(texting.tasks()) == 1


def test_two_patients_with_other_phones_do_not_wait_for_each_other(texting: Texting) -> None:
    texting.booked(TEN)
    other = texting.world.patient("66101", "KS", phone="+18165550177")
    texting.say(texting.visit(TEN, patient=other), Change.BOOKED)
    sender = Script(answers=[SendUnknown("lost")])
    assert run(texting, sender) == DispatchReport(unknown=1, accepted=1)


def test_a_sender_that_died_while_posting_leaves_it_unknown(texting: Texting) -> None:
    row = confirmed(texting)
    with pytest.raises(KeyboardInterrupt):
        run(texting, Script(meanwhile=_die))
    assert fresh(texting, row.id).state is MessageState.SENDING
    texting.clock.pass_time(seconds=LEASE.total_seconds())
    sender = Script()
    run(texting, sender)
    assert sender.sent == []
    assert fresh(texting, row.id).state is MessageState.UNKNOWN


def _die() -> None:
    raise KeyboardInterrupt


def test_a_sender_that_died_before_posting_is_followed_by_another(texting: Texting) -> None:
    row = confirmed(texting)
    now = texting.clock.now()
    claimed = {"state": MessageState.CLAIMED, "generation": 1, "lease_token": uuid4()}
    change(texting, row.id, **claimed, lease_until=now + LEASE)
    assert run(texting, Script()) == DispatchReport()
    texting.clock.pass_time(seconds=LEASE.total_seconds())
    assert run(texting, Script()).accepted == 1
    assert fresh(texting, row.id).generation == 2


def test_an_answer_that_comes_after_the_lease_ran_out_still_counts(
    texting: Texting, database: Database
) -> None:
    row = confirmed(texting)

    def sleep_past_the_lease() -> None:
        texting.clock.pass_time(seconds=LEASE.total_seconds() + 1)
        with Session(database.engine) as other:
            dispatch_due(other, Script(), texting.clock)

    sender = Script(meanwhile=sleep_past_the_lease)
    run(texting, sender)
    row = fresh(texting, row.id)
    assert (row.state, len(sender.sent)) == (MessageState.ACCEPTED, 1)
    assert row.provider_sid == f"SM{1:032x}"


def test_one_broken_row_does_not_stop_the_others(texting: Texting) -> None:
    broken = confirmed(texting)
    other = texting.world.patient("66101", "KS", phone="+18165550177")
    texting.say(texting.visit(TEN, patient=other), Change.BOOKED)
    change(texting, broken.id, body_sealed=b"no longer what it was", priority=1)
    assert run(texting, Script()) == DispatchReport(accepted=1, broken=1)
    row = fresh(texting, broken.id)
    assert (row.state, row.not_before) == (MessageState.PENDING, MORNING + LONGEST_WAIT)


def test_a_run_takes_no_more_than_it_is_told_to(texting: Texting) -> None:
    for number in range(4):
        patient = texting.world.patient("66101", "KS", phone=f"+1816555010{number}")
        texting.say(texting.visit(TEN, patient=patient), Change.BOOKED)
    sender = Script()
    dispatch_due(texting.session, sender, texting.clock, limit=3)
    assert len(sender.sent) == 3


def test_many_senders_at_once_send_each_text_once(texting: Texting, database: Database) -> None:
    for number in range(8):
        patient = texting.world.patient("66101", "KS", phone=f"+1816555010{number}")
        texting.say(texting.visit(TEN, patient=patient), Change.BOOKED)
    sender, gate = Script(), threading.Barrier(4)

    def work() -> None:
        gate.wait()
        with Session(database.engine) as session:
            dispatch_due(session, sender, texting.clock)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(sender.sent) == len({ref for *_, ref in sender.sent}) == 8


def test_no_fault_of_the_provider_makes_a_text_leave_twice_or_vanish(
    texting: Texting, provider: Provider
) -> None:
    provider.rates = dict.fromkeys(
        (Fault.TOO_MANY, Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.RESET_BEFORE), 0.08
    ) | dict.fromkeys((Fault.RESET_AFTER, Fault.TRUNCATED, Fault.OPTED_OUT), 0.08)
    for number in range(30):
        patient = texting.world.patient("66101", "KS", phone=f"+181655501{number:02}")
        texting.say(texting.visit(TEN, patient=patient), Change.BOOKED)
    sender = TwilioSender(
        ACCOUNT_SID, TOKEN, messaging_service_sid=SERVICE_SID, base_url=provider.url
    )
    for _ in range(40):
        run(texting, sender)
        texting.clock.pass_time(minutes=1)
    refs = [form["Body"][-6:] for form in provider.accepted]
    assert len(refs) == len(set(refs))
    due = [row for row in texting.messages() if row.attempts]
    assert len(due) == 30
    for row in due:
        settled = {MessageState.ACCEPTED: {1}, MessageState.NEEDS_PERSON: {0, 1}}
        assert refs.count(row.ref) in settled.get(row.state, {0})
    assert {row.state for row in due} == {
        MessageState.ACCEPTED,
        MessageState.NEEDS_PERSON,
        MessageState.FAILED,
    }
