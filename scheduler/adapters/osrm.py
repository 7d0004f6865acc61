"""Questions to an OSRM server (`osrm-routed`) over HTTP: its table service, version 1.

A location is health data: neither coordinates nor the address asked ever reach a log or an error.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray

from scheduler.domain.geography import Point

Floats = NDArray[np.float64]

Spot = str
"""A point in the words of a question, longitude first; texts are found faster than points."""

MAX_ANSWER_BYTES = 16 * 1024 * 1024
NO_ROAD = np.inf
_CHUNK = 64 * 1024
_COORDINATE = re.compile(r"coordinate (\d+)")


def spot_of(point: Point) -> Spot:
    """Return a point as it is asked for: to a tenth of a metre."""
    return f"{point.longitude:.6f},{point.latitude:.6f}"


class RoadsSilent(Exception):
    """The server gave no answer that can be used; the text names the kind of trouble alone."""


class OffMap(Exception):
    """No road of the server's map is near one of the points; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__("a point is not near any road")
        self.number = number


class TooMany(Exception):
    """The server does not take so many points at once."""


@dataclass(frozen=True, slots=True)
class RoadTable:
    """What the server knows of each pair, one row an origin, one column a destination.

    `seconds`, `metres`: of the fastest way on free roads; NO_ROAD where none leads there.
    `off_metres`: from the two points to their roads, together.
    """

    seconds: Floats
    metres: Floats
    off_metres: Floats


class OsrmClient:
    """One server's table service.

    Args:
        url: where it answers, such as http://127.0.0.1:5000.
        radius_metres: how far from a road a point may lie. Without it the server would take the
            nearest road it knows, be it in another country.
        timeout_seconds: to connect, and between two parts of an answer.
    """

    def __init__(self, url: str, radius_metres: float, timeout_seconds: float) -> None:
        self._table = f"{url.rstrip('/')}/table/v1/driving/"
        self._radius = f"{radius_metres:g}"
        self._timeout = timeout_seconds
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy learns where patients live
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # below that it logs the address

    def table(self, origins: Sequence[Spot], destinations: Sequence[Spot]) -> RoadTable:
        """Return what the roads say between the spots.

        Raises:
            OffMap: counts the origins first, then the destinations.
            TooMany: ask for fewer points.
            RoadsSilent: no answer, or none that can be used.
        """
        status, body = self._get(self._address(origins, destinations))
        try:
            answer = json.loads(body)
        except ValueError:
            raise RoadsSilent(f"status {status}, not JSON") from None
        if not isinstance(answer, dict):
            raise RoadsSilent(f"status {status}, not an object")
        if status != HTTPStatus.OK or answer.get("code") != "Ok":
            raise _refusal(status, answer, len(origins) + len(destinations))
        return _read(answer, len(origins), len(destinations))

    def _address(self, origins: Sequence[Spot], destinations: Sequence[Spot]) -> str:
        spots = (*origins, *destinations)
        numbers = [str(number) for number in range(len(spots))]
        query = {
            "sources": ";".join(numbers[: len(origins)]),
            "destinations": ";".join(numbers[len(origins) :]),
            "radiuses": ";".join([self._radius] * len(spots)),
            "annotations": "duration,distance",
            "generate_hints": "false",
        }
        return f"{self._table}{';'.join(spots)}?" + "&".join(f"{k}={v}" for k, v in query.items())

    def _get(self, address: str) -> tuple[int, bytes]:
        try:
            with self._http.get(
                address, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                body = bytearray()
                for part in response.iter_content(_CHUNK):
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise RoadsSilent("an answer without end")
                return response.status_code, bytes(body)
        except (requests.RequestException, OSError) as error:
            raise RoadsSilent(type(error).__name__) from None


def _refusal(status: int, answer: dict[str, Any], points: int) -> Exception:
    """Return what a refusal means; the server's own words may hold coordinates and are dropped."""
    code = answer.get("code")
    if code == "TooBig":
        return TooMany()
    found = _COORDINATE.search(str(answer.get("message", "")))
    if code == "NoSegment" and found and int(found[1]) < points:
        return OffMap(int(found[1]))
    known = code if code in {"InvalidUrl", "InvalidQuery", "NoSegment", "NoTable"} else "refused"
    return RoadsSilent(f"status {status}, {known}")


def _read(answer: dict[str, Any], rows: int, columns: int) -> RoadTable:
    try:
        seconds = _numbers(answer["durations"], (rows, columns))
        metres = _numbers(answer["distances"], (rows, columns))
        before = _numbers([each["distance"] for each in answer["sources"]], (rows,))
        after = _numbers([each["distance"] for each in answer["destinations"]], (columns,))
    except (KeyError, TypeError, ValueError):
        raise RoadsSilent("an answer of another shape") from None
    return RoadTable(seconds, metres, before[:, np.newaxis] + after[np.newaxis, :])


def _numbers(values: Any, shape: tuple[int, ...]) -> Floats:
    """Return numbers of a shape, NO_ROAD for null; raises ValueError, TypeError for others."""
    found = np.array(values, dtype=np.float64)  # null becomes NaN
    if found.shape != shape or (found < 0).any() or np.isinf(found).any():
        raise ValueError("not the numbers that were asked for")
    return np.where(np.isnan(found), NO_ROAD, found)
