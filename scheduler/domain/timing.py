"""Instants, local days and windows: UTC inside, the home's wall clock only at the edges."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def find_zone(name: str) -> ZoneInfo:
    """Return the IANA zone; raises ValueError for a name the time-zone database does not hold."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def at_local(on: date, wall: time, zone: str) -> datetime:
    """Return the UTC instant of a wall-clock time.

    A time that a clock change skips becomes the same reading before the change (02:30 -> 03:30);
    a time that happens twice is its first occurrence (PEP 495, fold 0).
    """
    local = datetime.combine(on, wall, tzinfo=find_zone(zone))
    return local.astimezone(UTC)


def local_day(instant: datetime, zone: str) -> date:
    """Return the calendar day that the instant falls on in the zone."""
    return instant.astimezone(find_zone(zone)).date()


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def to_minute(instant: datetime) -> int:
    """Return whole minutes since 1970 UTC, rounded down."""
    return int((instant - _EPOCH).total_seconds() // 60)


def from_minute(minute: float) -> datetime:
    """Return the UTC instant of a count of minutes since 1970."""
    return _EPOCH + timedelta(minutes=float(minute))


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A stretch of time, from `starts_at` up to `ends_at`, both aware UTC."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        for name in ("starts_at", "ends_at"):
            if getattr(self, name).tzinfo is None:
                raise ValueError(f"{name} has no time zone")
        if self.ends_at < self.starts_at:
            raise ValueError("ends_at is before starts_at")

    @property
    def minutes(self) -> float:
        """Length in minutes."""
        return (self.ends_at - self.starts_at).total_seconds() / 60

    def overlaps(self, other: "TimeWindow") -> bool:
        """Say whether both share more than an instant."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def holds(self, instant: datetime) -> bool:
        """Say whether the instant lies inside, both ends included."""
        return self.starts_at <= instant <= self.ends_at
