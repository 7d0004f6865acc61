"""Both clock changes of two years, in four zones that change and in Arizona, which does not."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.domain.protocols import GapRule, GapUnit
from scheduler.domain.series import DoseTimes, gap_holds
from scheduler.domain.timing import at_local, local_day

WINTER_OFFSETS = {
    "America/New_York": 5,
    "America/Chicago": 6,
    "America/Denver": 7,
    "America/Los_Angeles": 8,
}
SPRING = [date(2026, 3, 8), date(2027, 3, 14)]
AUTUMN = [date(2026, 11, 1), date(2027, 11, 7)]


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(("zone", "offset"), WINTER_OFFSETS.items())
@pytest.mark.parametrize("day", SPRING)
def test_a_skipped_time_is_read_on_after_the_change(zone: str, offset: int, day: date) -> None:
    assert at_local(day, time(1, 59), zone) == utc(day, 1 + offset, 59)
    assert at_local(day, time(2, 30), zone) == utc(day, 2 + offset, 30)  # 3:30 of the new time
    assert at_local(day, time(3, 0), zone) == utc(day, 2 + offset)


@pytest.mark.parametrize(("zone", "offset"), WINTER_OFFSETS.items())
@pytest.mark.parametrize("day", AUTUMN)
def test_a_doubled_time_is_its_first(zone: str, offset: int, day: date) -> None:
    assert at_local(day, time(1, 30), zone) == utc(day, 1 + offset - 1, 30)
    assert at_local(day, time(2, 0), zone) == utc(day, 2 + offset)
    assert local_day(utc(day, offset - 1), zone) == day
    assert local_day(utc(day, offset - 1) - timedelta(minutes=1), zone) == day - timedelta(1)


@pytest.mark.parametrize("day", SPRING + AUTUMN)
def test_phoenix_keeps_its_time_and_window_rock_changes(day: date) -> None:
    zips = ZipGeocoder()
    phoenix, window_rock = zips.find_zip("85004").timezone, zips.find_zip("86515").timezone
    noon = time(12)
    assert at_local(day, noon, phoenix) == utc(day, 19)
    expected = utc(day, 18) if day in SPRING else utc(day, 19)
    assert at_local(day, noon, window_rock) == expected


@pytest.mark.parametrize(("zone", "offset"), WINTER_OFFSETS.items())
@pytest.mark.parametrize(("day", "hours"), [(SPRING[0], 71), (AUTUMN[1], 73)])
def test_elapsed_hours_count_what_passed_and_local_days_the_calendar(
    zone: str, offset: int, day: date, hours: int
) -> None:
    assert offset in range(5, 9)
    first = at_local(day - timedelta(2), time(10), zone)
    third = at_local(day + timedelta(1), time(10), zone)
    before, after = DoseTimes.given(first, first), DoseTimes.given(third, third)
    assert third - first == timedelta(hours=hours)
    assert gap_holds(GapRule(GapUnit.ELAPSED_HOURS, hours, hours), before, after, zone)
    assert not gap_holds(GapRule(GapUnit.ELAPSED_HOURS, 72, 72), before, after, zone)
    assert gap_holds(GapRule(GapUnit.LOCAL_DAYS, 3, 3), before, after, zone)
