"""Clocks for tests."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class FixedClock:
    """Tells the time it was set to."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self.instant

    def pass_time(self, **duration: float) -> None:
        """Go forward."""
        self.instant += timedelta(**duration)
