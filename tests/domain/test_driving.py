"""Parts of the week by the local clock."""

from datetime import UTC, datetime

import pytest

from scheduler.domain.driving import DayPart, day_part

CHICAGO = "America/Chicago"  # six hours behind UTC on these days


@pytest.mark.parametrize(
    ("utc", "part"),
    [
        ((2026, 11, 23, 11, 59), DayPart.NIGHT),  # Monday 05:59
        ((2026, 11, 23, 12, 0), DayPart.MORNING_PEAK),  # 06:00
        ((2026, 11, 23, 14, 59), DayPart.MORNING_PEAK),  # 08:59
        ((2026, 11, 23, 15, 0), DayPart.MIDDAY),  # 09:00
        ((2026, 11, 23, 22, 0), DayPart.EVENING_PEAK),  # 16:00
        ((2026, 11, 24, 1, 0), DayPart.EVENING),  # still Monday, 19:00
        ((2026, 11, 24, 3, 0), DayPart.NIGHT),  # 21:00
        ((2026, 11, 28, 14, 0), DayPart.WEEKEND),  # Saturday 08:00
        ((2026, 11, 28, 11, 0), DayPart.NIGHT),  # Saturday 05:00
        ((2026, 11, 30, 2, 30), DayPart.WEEKEND),  # Sunday 20:30, Monday in UTC
    ],
)
def test_the_clock_where_the_drive_is_decides(utc: tuple[int, ...], part: DayPart) -> None:
    assert day_part(datetime(*utc, tzinfo=UTC), CHICAGO) is part  # type: ignore[arg-type,misc]
