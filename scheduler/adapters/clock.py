"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the present time."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.now(UTC)
