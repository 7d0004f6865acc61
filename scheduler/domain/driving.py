"""Driving: the parts of the week that differ in traffic."""

from datetime import datetime
from enum import StrEnum

from scheduler.domain.timing import find_zone

TOP_KMH = 130.0
"""No drive is faster than the straight line at this speed: what surely cannot be reached."""

SATURDAY = 5


class DayPart(StrEnum):
    """A part of the week, by the local clock where the drive begins."""

    NIGHT = "night"
    MORNING_PEAK = "morning_peak"
    MIDDAY = "midday"
    EVENING_PEAK = "evening_peak"
    EVENING = "evening"
    WEEKEND = "weekend"


_WEEKDAY = (
    (6, DayPart.NIGHT),
    (9, DayPart.MORNING_PEAK),
    (16, DayPart.MIDDAY),
    (19, DayPart.EVENING_PEAK),
    (21, DayPart.EVENING),
    (24, DayPart.NIGHT),
)
"""Up to which local hour each part lasts, Monday to Friday.

Peaks 6-9 and 16-19 as in the FHWA Urban Congestion Report, "Documentation and Definitions".
"""


def day_part(instant: datetime, zone: str) -> DayPart:
    """Return the part of the week that an instant falls into; nights are nights on weekends too."""
    local = instant.astimezone(find_zone(zone))
    part = next(part for until, part in _WEEKDAY if local.hour < until)
    if local.weekday() >= SATURDAY and part is not DayPart.NIGHT:
        return DayPart.WEEKEND
    return part
