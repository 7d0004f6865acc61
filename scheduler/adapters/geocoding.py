"""Where an address is: by the bundled ZIP table, or to the street by a Nominatim service."""

import csv
import gzip
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from geopy.adapters import URLLibAdapter
from geopy.exc import GeopyError
from geopy.geocoders import Nominatim

from scheduler.domain.geography import (
    STATES,
    AddressNotFound,
    Place,
    Point,
    PostalAddress,
    Precision,
    StateMismatch,
    UnknownZip,
    ZipArea,
    great_circle_km,
)

ZIP_TABLE = Path(__file__).resolve().parent.parent / "data" / "zip" / "zip.csv.gz"

MAX_KM_FROM_ZIP = 60.0
"""A street further than this from its ZIP's point is another street of the same name."""

STREET_RANK = 26
"""Nominatim's place_rank of streets; larger is finer (30 is a house), smaller a town or a state."""

log = logging.getLogger(__name__)


class ZipGeocoder:
    """Places addresses at the point of their ZIP code, from the table that comes with the program.

    Needs no network. The table is read at the first question, once a process.
    """

    def find_zip(self, zip_code: str) -> ZipArea:
        """Return what is known of a five-digit ZIP code.

        Raises:
            UnknownZip: the table has no such ZIP code (military ones are left out).
        """
        row = _read_table(ZIP_TABLE).get(zip_code)
        if row is None:
            raise UnknownZip(f"We do not know the ZIP code {zip_code}.")
        return _zip_area(row)

    def locate(self, address: PostalAddress) -> Place:
        """Return the ZIP's point with the address's own state.

        Raises:
            UnknownZip: the table has no such ZIP code.
            StateMismatch: the ZIP code does not touch the state that the address names.
        """
        area = self.find_zip(address.zip_code)
        if address.state not in area.states:
            names = " or ".join(STATES[state] for state in sorted(area.states))
            raise StateMismatch(f"The ZIP code {area.zip_code} lies in {names}.")
        return Place(area.point, address.state, area.zip_code, area.timezone, Precision.ZIP)


@cache
def _read_table(path: Path) -> Mapping[str, Mapping[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as table:
        return {row["zip"]: row for row in csv.DictReader(table)}


def _zip_area(row: Mapping[str, str]) -> ZipArea:
    return ZipArea(
        zip_code=row["zip"],
        place=row["place"],
        state=row["state"],
        states=frozenset([row["state"], *row["also"].split()]),
        point=Point(float(row["latitude"]), float(row["longitude"])),
        timezone=row["timezone"],
    )


class Throttle:
    """Spaces the calls of all threads of this process; a call that would wait too long is refused.

    Args:
        seconds_between: between the starts of two calls.
        patience_seconds: the longest wait for a turn.
    """

    def __init__(
        self,
        seconds_between: float,
        patience_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_between = seconds_between
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_turn = float("-inf")

    def wait_turn(self) -> bool:
        """Wait for the next turn and say True; say False at once when it is too far off."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_turn)
            if turn - now > self._patience_seconds:
                return False
            self._next_turn = turn + self._seconds_between
        if turn > now:
            self._sleep(turn - now)
        return True


class NominatimGeocoder:
    """Places addresses at their street by a Nominatim service, else at the point of their ZIP.

    The ZIP's point (precision ZIP) stands in when the service is down or slow, knows no such
    street, or answers with a point more than 60 km from the ZIP's. Asks at most once a second,
    as the public service's usage policy demands. Neither address nor answer is ever logged.

    Args:
        zip_geocoder: knows the ZIP codes.
        domain: host, and port if any, of the service.
        user_agent: names this installation to the service, as its usage policy demands.
        timeout_seconds: for one question, and for the wait before it.
        scheme: http only for a service of one's own.
        throttle: spaces the questions.
    """

    def __init__(
        self,
        zip_geocoder: ZipGeocoder,
        domain: str,
        user_agent: str,
        timeout_seconds: float = 5,
        *,
        scheme: str = "https",
        throttle: Throttle | None = None,
    ) -> None:
        self._zips = zip_geocoder
        self._throttle = throttle or Throttle(1.0, patience_seconds=timeout_seconds)
        self._service = Nominatim(
            domain=domain,
            scheme=scheme,
            user_agent=user_agent,
            timeout=timeout_seconds,
            adapter_factory=URLLibAdapter,  # the other adapters' library logs the URL
        )
        logging.getLogger("geopy").setLevel(logging.WARNING)  # below that it logs the URL

    def find_zip(self, zip_code: str) -> ZipArea:
        """Return what is known of a five-digit ZIP code; raises UnknownZip."""
        return self._zips.find_zip(zip_code)

    def locate(self, address: PostalAddress) -> Place:
        """Return where the address is, to the street if the service knows it.

        Raises:
            UnknownZip: the table has no such ZIP code.
            StateMismatch: the ZIP code does not touch the state that the address names.
        """
        by_zip = self._zips.locate(address)
        try:
            point = self._find_street(address, by_zip.point)
        except AddressNotFound as reason:
            log.info("address placed at its ZIP's point: %s", reason)
            return by_zip
        return Place(point, by_zip.state, by_zip.zip_code, by_zip.timezone, Precision.STREET)

    def _find_street(self, address: PostalAddress, near: Point) -> Point:
        """Return the street's point; the reason in AddressNotFound names no part of the address."""
        if not self._throttle.wait_turn():
            raise AddressNotFound("too many questions are waiting for the service")
        try:
            answer = self._service.geocode(_question(address), exactly_one=True)
        except (GeopyError, TypeError, ValueError) as error:
            raise AddressNotFound(type(error).__name__) from None
        if answer is None or _rank(answer.raw) < STREET_RANK:
            raise AddressNotFound("the service knows no such street")
        point = Point(answer.latitude, answer.longitude)
        if great_circle_km(point, near) > MAX_KM_FROM_ZIP:
            raise AddressNotFound("the service answered with a street elsewhere")
        return point


def _question(address: PostalAddress) -> dict[str, str]:
    """Return the structured query; a unit would only confuse the service."""
    return {
        "street": address.street,
        "city": address.city,
        "state": STATES[address.state],
        "postalcode": address.zip_code,
        "country": "United States",
    }


def _rank(raw: Mapping[str, Any]) -> int:
    """Return how fine the answer is; an old service that does not say counts as coarse."""
    return int(raw.get("place_rank", 0))
