"""What is written into the outbox with a visit, and withdrawn with it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.messages import MessageState, Template, is_quiet
from scheduler.services.outbox import (
    Change,
    write_choose_time,
    write_series_message,
    write_visit_messages,
)
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow, MessageEventRow, MessageRow, OptOutRow
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.services.visits import CHICAGO, Texting
from tests.world import PRACTICE, local

MORNING = local(date(2026, 10, 20), 9, 0, -5)
NIGHT = local(date(2026, 10, 26), 22, 0, -5)
TEN = local(date(2026, 10, 27), 10, 0, -5)


@pytest.fixture
def texting(session: Session) -> Texting:
    return Texting(session, FixedClock(MORNING))


def templates(rows: list[MessageRow]) -> list[Template]:
    return [row.template for row in rows]


def wall(instant: datetime, zone: str = CHICAGO) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %H:%M}"


def test_a_booking_writes_a_confirmation_and_its_reminders(texting: Texting) -> None:
    texting.booked(TEN)
    rows = texting.messages()
    assert [(row.template, wall(row.not_before)) for row in rows] == [
        (Template.CONFIRMATION, "Tue 20 09:00"),
        (Template.REMINDER_48H, "Sun 25 10:00"),
        (Template.REMINDER_24H, "Mon 26 10:00"),
        (Template.REMINDER_2H, "Tue 27 08:00"),
    ]
    assert {row.state for row in rows} == {MessageState.PENDING}
    assert all(texting.history(row) == ["PENDING"] for row in rows)
    assert len({row.ref for row in rows}) == 4


def test_the_words_say_the_time_of_the_place_and_the_reference(texting: Texting) -> None:
    texting.booked(TEN)
    row = texting.messages()[0]
    assert row.recipient == "+18165550142"
    assert row.body == (
        "Oak Home Visits: visit set for Tue Oct 27, arrival 10:00-11:00 AM CDT. "
        f"To change it call 816-555-0100. Reply STOP to end texts. Ref {row.ref}"
    )


def test_no_phone_number_and_no_words_lie_open_in_the_table(texting: Texting) -> None:
    texting.booked(TEN)
    row = texting.messages()[0]
    stored = row.recipient_sealed + row.body_sealed + row.dedupe_key.encode()
    assert b"8165550142" not in stored
    assert b"Oak" not in stored


def test_quiet_hours_are_the_patients_and_times_are_the_visits(texting: Texting) -> None:
    texting.clock.instant = local(date(2026, 10, 20), 22, 30, -5)  # 8:30 pm in Los Angeles
    guest = texting.world.patient("90012", "CA")
    hotel = texting.world.address(guest[0], "66101", "KS")
    visit = texting.visit(TEN, patient=(guest[0], hotel))
    texting.say(visit, Change.BOOKED)
    rows = texting.messages()
    assert rows[0].not_before == texting.clock.now()
    assert "10:00-11:00 AM CDT" in rows[0].body
    assert not any(is_quiet(row.not_before, "America/Los_Angeles") for row in rows)
    two_hours_before = rows[-1]
    assert wall(two_hours_before.not_before) == "Mon 26 22:30"  # 6 am is night in Los Angeles


def test_a_move_withdraws_the_old_promise_and_tells_the_new_one(texting: Texting) -> None:
    visit = texting.booked(TEN)
    texting.move(visit, 48)
    assert len(texting.messages("CANCELLED")) == 4
    fresh = texting.messages("PENDING")
    assert templates(fresh)[0] is Template.MOVED
    assert len(fresh) == 4
    assert {row.promise_version for row in fresh} == {2}
    assert all("Thu Oct 29" in row.body for row in fresh)


def test_a_cancelled_visit_takes_its_reminders_with_it(texting: Texting) -> None:
    visit = texting.booked(TEN)
    texting.end(visit)
    assert templates(texting.messages("PENDING")) == [Template.CANCELLED]


def test_what_has_left_stays_as_it_is(texting: Texting) -> None:
    visit = texting.booked(TEN)
    row_id = texting.messages()[0].id
    with transaction(texting.session) as session:
        queries.get(session, MessageRow, row_id, "message").state = MessageState.ACCEPTED
    texting.end(visit)
    assert [row.id for row in texting.messages("ACCEPTED")] == [row_id]


def test_a_rolled_back_booking_says_nothing(texting: Texting) -> None:
    visit = texting.visit(TEN)
    with pytest.raises(RuntimeError, match="lost"):
        _book_and_fail(texting, visit)
    assert texting.messages() == []


def _book_and_fail(texting: Texting, visit: VisitRow) -> None:
    with transaction(texting.session) as session:
        write_visit_messages(session, visit, Change.BOOKED, MORNING, PRACTICE)
        raise RuntimeError("lost")


def test_the_same_change_told_twice_is_one_message(texting: Texting) -> None:
    visit = texting.booked(TEN)
    with transaction(texting.session) as session:
        for row in session.scalars(select(MessageRow)):
            row.state = MessageState.DELIVERED
    texting.say(visit, Change.BOOKED)
    assert len(texting.messages()) == 4


def test_what_was_withdrawn_unsent_can_be_said_again(texting: Texting) -> None:
    visit = texting.booked(TEN)
    for _ in range(2):
        texting.say(visit, Change.BOOKED)
    assert len(texting.messages("CANCELLED")) == 8
    assert len(texting.messages("PENDING")) == 4


def test_a_cancellation_at_night_waits_for_eight(texting: Texting) -> None:
    visit = texting.booked(TEN)
    texting.clock.instant = NIGHT
    texting.end(visit)
    (notice,) = texting.messages("PENDING")
    assert wall(notice.not_before) == "Tue 27 08:00"
    assert texting.tasks() == []


def test_a_cancellation_that_eight_is_too_late_for_is_a_call(texting: Texting) -> None:
    visit = texting.booked(local(date(2026, 10, 27), 7, 30, -5))
    texting.clock.instant = NIGHT
    texting.end(visit)
    assert texting.messages("PENDING") == []
    (task,) = texting.tasks()
    assert (task.what, wall(task.due_at)) == ("Call: the visit was canceled.", "Tue 27 07:30")


def test_a_move_is_told_before_the_time_it_was_moved_from(texting: Texting) -> None:
    visit = texting.booked(local(date(2026, 10, 27), 7, 30, -5))
    texting.clock.instant = NIGHT
    texting.move(visit, 72)
    assert Template.MOVED not in templates(texting.messages("PENDING"))
    assert [task.what for task in texting.tasks()] == ["Call: the visit was moved."]


def test_without_consent_each_message_is_a_call(texting: Texting) -> None:
    texting.withdraw_consent()
    texting.booked(TEN)
    assert texting.messages() == []
    assert [task.what for task in texting.tasks()] == [
        "Call to confirm the visit.",
        *["Call to remind of the visit."] * 3,
    ]


def test_without_a_phone_each_message_is_a_call(texting: Texting) -> None:
    patient = texting.world.patient("66101", "KS", phone=None)
    texting.say(texting.visit(TEN, patient=patient), Change.BOOKED)
    assert texting.messages() == []
    assert {task.patient_id for task in texting.tasks()} == {patient[0]}


def test_who_opted_out_is_called_until_they_take_it_back(texting: Texting) -> None:
    visit = texting.visit(TEN)
    patient = queries.patient_of(texting.session, visit.patient_id)
    index = patient.phone_index
    with transaction(texting.session) as session:
        session.add(OptOutRow(recipient_index=index, source="STOP", since=MORNING))
    texting.say(visit, Change.BOOKED)
    assert texting.messages() == []
    assert len(texting.tasks()) == 4
    with transaction(texting.session) as session:
        session.scalars(select(OptOutRow)).one().ended_at = MORNING
    texting.move(visit, 24)
    assert len(texting.messages("PENDING")) == 4
    assert texting.tasks() == []  # the calls fell with the old promise


def test_calls_of_a_cancelled_visit_fall_with_it(texting: Texting) -> None:
    texting.withdraw_consent()
    visit = texting.booked(TEN)
    texting.end(visit)
    assert [task.what for task in texting.tasks()] == ["Call: the visit was canceled."]


def test_a_call_that_was_made_stays_made(texting: Texting) -> None:
    texting.withdraw_consent()
    visit = texting.booked(TEN)
    with transaction(texting.session) as session:
        for task in session.scalars(select(CallTaskRow)):
            task.done_at, task.done_by = MORNING, UUID(int=1)
    texting.say(visit, Change.BOOKED)
    assert texting.tasks() == []


def test_a_planned_visit_has_reminders_and_no_confirmation(texting: Texting) -> None:
    visit = texting.visit(TEN)
    texting.say(visit, Change.PLANNED)
    assert Template.CONFIRMATION not in templates(texting.messages())
    assert len(texting.messages()) == 3


def test_a_planned_visit_that_is_booked_gets_its_confirmation(texting: Texting) -> None:
    visit = texting.visit(TEN)
    texting.say(visit, Change.PLANNED)
    texting.say(visit, Change.BOOKED)
    assert templates(texting.messages("PENDING"))[0] is Template.CONFIRMATION
    assert len(texting.messages("PENDING")) == 4


def test_a_series_is_told_once_as_a_whole(texting: Texting) -> None:
    visits = [texting.visit(TEN + timedelta(days=3 * number)) for number in range(3)]
    for _ in range(2):
        with transaction(texting.session) as session:
            patient = queries.patient_of(session, texting.pat)
            write_series_message(session, patient, visits, MORNING, PRACTICE)
    row = texting.only()
    assert row.template is Template.SERIES_PLANNED
    assert "3 visits are planned, the first on Tue Oct 27." in row.body


def test_a_time_can_be_chosen_is_told_once_for_a_cause(texting: Texting) -> None:
    for cause in (UUID(int=7), UUID(int=7), UUID(int=8)):
        with transaction(texting.session) as session:
            patient = queries.patient_of(session, texting.pat)
            write_choose_time(session, patient, cause, NIGHT, PRACTICE)
    rows = texting.messages()
    assert templates(rows) == [Template.CHOOSE_TIME] * 2
    assert {wall(row.not_before) for row in rows} == {"Tue 27 08:00"}


def test_every_message_has_its_event(texting: Texting) -> None:
    visit = texting.booked(TEN)
    texting.end(visit)
    texting.session.rollback()
    for row in texting.messages("CANCELLED"):
        assert texting.history(row) == ["PENDING", "CANCELLED"]
    events = texting.session.scalars(select(MessageEventRow)).all()
    assert all(event.at == MORNING.astimezone(UTC) for event in events)
