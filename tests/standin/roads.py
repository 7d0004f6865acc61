"""A road service on this machine: answers tables as `osrm-routed` does, and fails by plan."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scheduler.domain.geography import Point, great_circle_km

SECONDS_PER_KM = 90.0
EASTWARD = 1.5
"""Driving east takes so many times as long: no way takes as long as the way back."""


class RoadFault(StrEnum):
    """How one question goes wrong."""

    FAILS = "500"
    PROXY_PAGE = "502 with a page"
    GARBAGE = "200 that is no JSON"
    LIST = "200 with a list"
    OTHER_SHAPE = "200 with one row too few"
    NEGATIVE = "200 with a negative duration"
    WORDS = "200 with words for numbers"
    RESET = "connection closed"
    HANGS = "no answer"
    ELSEWHERE = "a redirect"
    OTHER_QUERY = "400 InvalidQuery"


@dataclass
class Roads:
    """State of the stand-in: what it was asked, what it does not know, what will go wrong."""

    url: str = ""
    asked: list[int] = field(default_factory=list)
    faults: list[RoadFault] = field(default_factory=list)
    most_points: int = 100
    off_map: set[Point] = field(default_factory=set)
    islands: set[Point] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, *faults: RoadFault) -> None:
        """Let the next questions go wrong in this order."""
        self.faults.extend(faults)

    def answer(self, points: list[Point], query: dict[str, list[int]]) -> dict[str, Any]:
        """Return what the service says of a table."""
        if len(points) > self.most_points:
            return {"code": "TooBig", "message": "Too many table coordinates"}
        for number, point in enumerate(points):
            if point in self.off_map:
                words = f"Could not find a matching segment for coordinate {number}"
                return {"code": "NoSegment", "message": words}
        starts = [points[number] for number in query["sources"]]
        goals = [points[number] for number in query["destinations"]]
        return {
            "code": "Ok",
            "durations": [[self.seconds(a, b) for b in goals] for a in starts],
            "distances": [[self._metres(a, b) for b in goals] for a in starts],
            "sources": [{"distance": 0.0} for _ in starts],
            "destinations": [{"distance": 0.0} for _ in goals],
        }

    def seconds(self, a: Point, b: Point) -> float | None:
        """Return seconds of road; none lead to an island."""
        if (a in self.islands) != (b in self.islands):
            return None
        eastward = EASTWARD if b.longitude > a.longitude else 1.0
        return great_circle_km(a, b) * SECONDS_PER_KM * eastward

    def _metres(self, a: Point, b: Point) -> float | None:
        return None if self.seconds(a, b) is None else great_circle_km(a, b) * 1300


class _Handler(BaseHTTPRequestHandler):
    roads: Roads
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        coordinates = parts.path.removeprefix("/table/v1/driving/")
        points = [Point(*map(float, reversed(pair.split(",")))) for pair in coordinates.split(";")]
        given = {key: values[0].split(";") for key, values in parse_qs(parts.query).items()}
        if len(given["radiuses"]) != len(points):
            self._reply(400, {"code": "InvalidOptions"})
            return
        with self.roads.lock:
            self.roads.asked.append(len(points))
            fault = self.roads.faults.pop(0) if self.roads.faults else None
        query = {key: [int(n) for n in given[key]] for key in ("sources", "destinations")}
        answer = self.roads.answer(points, query)
        if fault is None:
            self._reply(200 if answer["code"] == "Ok" else 400, answer)
        else:
            self._go_wrong(fault, answer)

    def _go_wrong(self, fault: RoadFault, answer: dict[str, Any]) -> None:
        if fault is RoadFault.HANGS:
            self.roads.released.wait()
        if fault in {RoadFault.HANGS, RoadFault.RESET}:
            self.close_connection = True
            return
        broken: dict[RoadFault, tuple[int, Any]] = {
            RoadFault.FAILS: (500, {"code": "Error"}),
            RoadFault.PROXY_PAGE: (502, "<html>Bad gateway</html>"),
            RoadFault.GARBAGE: (200, "not JSON"),
            RoadFault.LIST: (200, [1, 2, 3]),
            RoadFault.OTHER_SHAPE: (200, answer | {"durations": answer["durations"][1:]}),
            RoadFault.NEGATIVE: (200, answer | {"durations": [[-1.0]]}),
            RoadFault.WORDS: (200, answer | {"durations": [["soon"]]}),
            RoadFault.ELSEWHERE: (302, {}),
            RoadFault.OTHER_QUERY: (400, {"code": "InvalidQuery", "message": "Query string"}),
        }
        self._reply(*broken[fault])

    def _reply(self, status: int, content: Any) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{self.roads.url}/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_roads() -> Iterator[Roads]:
    """Serve the stand-in on a free port of this machine."""
    roads = Roads()
    handler = type("Handler", (_Handler,), {"roads": roads})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    roads.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield roads
    finally:
        roads.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
