"""The world outside as protocols; `scheduler.app` picks the adapters, tests bring their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.driving import DayPart
from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import Place, Point, PostalAddress, ZipArea

Minutes = NDArray[np.float64]
Kilometres = NDArray[np.float64]


class Clock(Protocol):
    """Tells the time; the only place where the program learns it."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        ...


class Geocoder(Protocol):
    """Finds places."""

    def find_zip(self, zip_code: str) -> ZipArea:
        """Return what is known of a ZIP code; raises UnknownZip."""
        ...

    def locate(self, address: PostalAddress) -> Place:
        """Return where an address is, and how precisely; raises UnknownZip, StateMismatch."""
        ...


class TravelTimes(Protocol):
    """Knows how long drives take. There and back may differ."""

    @property
    def name(self) -> str:
        """Where the minutes come from: "estimate" or "roads"."""
        ...

    @property
    def by_network(self) -> bool:
        """Whether an answer may cost a question over the network."""
        ...

    @property
    def falling_back(self) -> bool:
        """Whether estimates stand in for a road service that does not answer."""
        ...

    def minutes(
        self,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        part: DayPart | None = None,
    ) -> Minutes:
        """Return whole minutes of driving, one row an origin, one column a destination.

        Never less than the straight line at `domain.driving.TOP_KMH`.

        Args:
            part: when the drive begins. None, for plans: minutes that suffice at any time of the
                week, so that a visit may be shifted without its drive becoming too short.
        """
        ...

    def legs(self, legs: Sequence[tuple[Point, Point]], part: DayPart | None = None) -> Minutes:
        """Return whole minutes of each drive, from its first point to its second."""
        ...

    def kilometres(self, legs: Sequence[tuple[Point, Point]]) -> Kilometres:
        """Return kilometres of road of each drive."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message; `sid` is its own name for it."""

    sid: str


class SendLater(SchedulingError):
    """The provider surely did not take the message and may take it later."""

    code = "send_later"


class SendRefused(SchedulingError):
    """The provider will never take this message; `provider_code` says why."""

    code = "send_refused"

    def __init__(self, message: str, provider_code: str) -> None:
        super().__init__(message)
        self.provider_code = provider_code


class SendUnknown(SchedulingError):
    """Nobody can say whether the provider took the message: it must be settled, not sent again."""

    code = "send_unknown"


class SmsSender(Protocol):
    """Hands one text to a provider."""

    name: str

    def send(self, to: str, body: str, ref: str) -> Accepted:
        """Send a text to an E.164 number.

        Raises:
            SendLater, SendRefused, SendUnknown: exactly one of these for any failure.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters in use."""

    clock: Clock
    geocoder: Geocoder
    travel: TravelTimes
    sms: SmsSender
