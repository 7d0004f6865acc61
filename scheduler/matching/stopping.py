"""When the search for a plan ends, how bold it is meanwhile, and whom it tells."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from scheduler.domain.errors import SchedulingError


class PlanCancelled(SchedulingError):
    """Whoever asked for the plan called it off; nothing was changed."""

    code = "plan_cancelled"


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a search ends: after so many trials or so many seconds, whichever comes first."""

    trials: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.seconds is None:
            raise ValueError("trials or seconds must be given")
        if self.trials is not None and self.trials < 0:
            raise ValueError(f"trials >= 0 is broken by {self.trials}")
        if self.seconds is not None and not (isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds >= 0 is broken by {self.seconds}")


@dataclass(frozen=True, slots=True)
class Annealing:
    """How far a search may go uphill, in minutes of cost, at its beginning and at its end."""

    hot: float = 30.0
    cold: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.cold <= self.hot < float("inf"):
            raise ValueError(f"0 < cold <= hot is broken by cold={self.cold}, hot={self.hot}")

    def at(self, done: float) -> float:
        """Return the temperature after a share of the search."""
        return float(self.hot * (self.cold / self.hot) ** done)


Progress = Callable[[float, float], bool]
"""Is told the share done and the best cost so far; answers whether to go on."""


class Watch:
    """Says how much of a search is done. Trials are counted by its one user."""

    def __init__(self, stop: StopRule) -> None:
        self._stop = stop
        self._began = time.monotonic()
        self.trials = 0

    def start(self) -> None:
        """Begin to count seconds now."""
        self._began = time.monotonic()

    @property
    def trials_left(self) -> float:
        """Trials that may still be made."""
        return float("inf") if self._stop.trials is None else self._stop.trials - self.trials

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._stop.seconds is not None and self._seconds() >= self._stop.seconds

    def share(self, more: int = 0) -> float:
        """Return the share of the search that is done, 0 to 1, or will be after more trials."""
        shares = [0.0]
        if self._stop.trials is not None:
            shares.append((self.trials + more) / self._stop.trials if self._stop.trials else 1.0)
        if self._stop.seconds is not None:
            shares.append(self._seconds() / self._stop.seconds if self._stop.seconds else 1.0)
        return min(max(shares), 1.0)

    def _seconds(self) -> float:
        return time.monotonic() - self._began
