"""When a message may go, which ones a visit calls for, and the states between."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import IllegalTransition
from scheduler.domain.messages import (
    MESSAGE_TRANSITIONS,
    MessageEvent,
    MessageState,
    Template,
    is_quiet,
    next_allowed,
    next_message_state,
    plan_reminders,
    send_time,
)
from scheduler.domain.timing import at_local

NEW_YORK, CHICAGO, LOS_ANGELES = "America/New_York", "America/Chicago", "America/Los_Angeles"
PHOENIX = "America/Phoenix"  # keeps standard time all year
WINDOW_ROCK = "America/Denver"  # Arizona too, but changes its clocks
ZONES = (NEW_YORK, CHICAGO, PHOENIX, WINDOW_ROCK, LOS_ANGELES)
CHANGES = (date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14), date(2027, 11, 7))
NOW = datetime(2026, 10, 20, 15, 0, tzinfo=UTC)


def wall(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %H:%M %Z}"


EXPECTED = """
    PENDING   claim                     CLAIMED
    CLAIMED   claim                     CLAIMED
    PENDING   visit moved or cancelled  CANCELLED
    CLAIMED   visit moved or cancelled  CANCELLED
    PENDING   past its useful time      EXPIRED
    CLAIMED   past its useful time      EXPIRED
    PENDING   not allowed to go         SUPPRESSED
    CLAIMED   not allowed to go         SUPPRESSED
    CLAIMED   later                     PENDING
    CLAIMED   intent to post            SENDING
    SENDING   later                     PENDING
    SENDING   refused for now           PENDING
    SENDING   accepted by the provider  ACCEPTED
    SENDING   refused for good          FAILED
    SENDING   answer lost               UNKNOWN
    UNKNOWN   accepted by the provider  ACCEPTED
    UNKNOWN   nobody can say whether it left  NEEDS_PERSON
"""


def test_the_states_follow_the_table_written_by_hand() -> None:
    written = {tuple(line.split()) for line in EXPECTED.strip().splitlines()}
    found = {
        (before.value, *event.value.split(), after.value)
        for (before, event), after in MESSAGE_TRANSITIONS.items()
    }
    assert found == written


def test_what_the_table_lacks_is_refused() -> None:
    for state in MessageState:
        for event in MessageEvent:
            if (state, event) not in MESSAGE_TRANSITIONS:
                with pytest.raises(IllegalTransition):
                    next_message_state(state, event)


def test_nothing_leads_from_unknown_back_to_sending() -> None:
    after_unknown = {
        after for (before, _), after in MESSAGE_TRANSITIONS.items() if before == "UNKNOWN"
    }
    assert after_unknown == {MessageState.ACCEPTED, MessageState.NEEDS_PERSON}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_quiet_hours_follow_the_wall_clock_on_days_the_clocks_change(
    zone: str, change: date, offset: int
) -> None:
    day = change + timedelta(days=offset)
    answers = {hour: is_quiet(at_local(day, time(hour), zone), zone) for hour in range(24)}
    assert [hour for hour, quiet in answers.items() if not quiet] == list(range(8, 21))
    assert is_quiet(at_local(day, time(7, 59, 59), zone), zone)
    assert not is_quiet(at_local(day, time(20, 59, 59), zone), zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("change", CHANGES)
def test_the_night_the_clocks_change_ends_at_eight_on_the_wall(zone: str, change: date) -> None:
    evening = at_local(change - timedelta(days=1), time(22), zone)
    assert next_allowed(evening, zone) == at_local(change, time(8), zone)
    assert next_allowed(at_local(change, time(3, 30), zone), zone) == at_local(
        change, time(8), zone
    )


def test_the_same_instant_is_quiet_in_phoenix_and_not_in_window_rock() -> None:
    summer = datetime(2026, 7, 1, 14, 30, tzinfo=UTC)
    assert wall(summer, PHOENIX) == "Wed 01 07:30 MST"
    assert wall(summer, WINDOW_ROCK) == "Wed 01 08:30 MDT"
    assert is_quiet(summer, PHOENIX)
    assert not is_quiet(summer, WINDOW_ROCK)
    winter = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
    assert is_quiet(winter, PHOENIX)
    assert is_quiet(winter, WINDOW_ROCK)


def test_what_would_be_useless_in_the_morning_goes_the_evening_before() -> None:
    wanted = at_local(date(2026, 10, 27), time(6), CHICAGO)
    eight = at_local(date(2026, 10, 27), time(8), CHICAGO)
    assert wall(send_time(wanted, eight, CHICAGO), CHICAGO) == "Mon 26 20:30 CDT"
    assert send_time(wanted, eight + timedelta(minutes=30), CHICAGO) == eight


def test_a_single_visit_has_reminders_two_days_one_day_and_two_hours_before() -> None:
    opens = at_local(date(2026, 10, 27), time(10), CHICAGO)
    planned = plan_reminders(opens, CHICAGO, NOW, in_series=False)
    assert [(each.template, wall(each.not_before, CHICAGO)) for each in planned] == [
        (Template.REMINDER_48H, "Sun 25 10:00 CDT"),
        (Template.REMINDER_24H, "Mon 26 10:00 CDT"),
        (Template.REMINDER_2H, "Tue 27 08:00 CDT"),
    ]


def test_a_visit_of_a_series_is_announced_a_week_before_too() -> None:
    opens = at_local(date(2026, 11, 3), time(10), CHICAGO)
    planned = plan_reminders(opens, CHICAGO, NOW, in_series=True)
    assert planned[0].template is Template.REMINDER_7D
    assert wall(planned[0].not_before, CHICAGO) == "Tue 27 10:00 CDT"


def test_a_reminder_of_days_keeps_its_wall_clock_time_over_a_clock_change() -> None:
    opens = at_local(date(2026, 11, 2), time(10), CHICAGO)  # the clocks change on November 1
    planned = plan_reminders(opens, CHICAGO, NOW, in_series=False)
    assert [wall(each.not_before, CHICAGO) for each in planned] == [
        "Sat 31 10:00 CDT",
        "Sun 01 10:00 CST",
        "Mon 02 08:00 CST",
    ]


def test_reminders_whose_time_has_passed_are_left_out() -> None:
    opens = NOW + timedelta(hours=3)
    planned = plan_reminders(opens, CHICAGO, NOW, in_series=True)
    assert [each.template for each in planned] == [Template.REMINDER_2H]
    assert plan_reminders(NOW + timedelta(hours=1), CHICAGO, NOW, in_series=True) == []


INSTANTS = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 # hypothesis adds the zone
    max_value=datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(INSTANTS, st.integers(1, 60 * 48), st.sampled_from(ZONES))
def test_no_send_time_is_ever_quiet(wanted: datetime, useful_minutes: int, zone: str) -> None:
    goes = send_time(wanted, wanted + timedelta(minutes=useful_minutes), zone)
    assert not is_quiet(goes, zone)
    assert goes < wanted + timedelta(minutes=useful_minutes)


@given(INSTANTS, st.sampled_from(ZONES), st.booleans())
def test_no_reminder_is_quiet_late_or_useless(
    opens: datetime,
    zone: str,
    in_series: bool,
) -> None:
    now = opens - timedelta(days=5, hours=3)
    for planned in plan_reminders(opens, zone, now, in_series=in_series):
        assert not is_quiet(planned.not_before, zone)
        assert now < planned.not_before < planned.expires_at <= opens
