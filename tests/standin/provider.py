"""A provider on this machine: keeps what it accepted, refuses and fails by plan."""

import base64
import json
import random
import re
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.standin.contract import undocumented

ACCOUNT_SID = "AC" + "5" * 32
SERVICE_SID = "MG" + "7" * 32
TOKEN = "stand-in token"
OTHER_FAULTS = 20500
_PATH = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages\.json")


class Fault(StrEnum):
    """How one request goes wrong."""

    TOO_MANY = "429"
    FAILS_BEFORE = "500 before acceptance"
    FAILS_AFTER = "500 after acceptance"
    RESET_BEFORE = "reset before acceptance"
    RESET_AFTER = "reset after acceptance"
    HANGS = "hangs after acceptance"
    TRUNCATED = "201 cut short"
    NO_SID = "201 without a sid"
    OPTED_OUT = "21610"
    BAD_NUMBER = "21211"
    NO_MOBILE = "21614"
    PROBLEM_JSON = "400 in the newer form of error"
    UNAUTHORIZED = "401"


REFUSALS = {Fault.OPTED_OUT: 21610, Fault.BAD_NUMBER: 21211, Fault.NO_MOBILE: 21614}
ACCEPTS_FIRST = frozenset(
    {Fault.FAILS_AFTER, Fault.RESET_AFTER, Fault.HANGS, Fault.TRUNCATED, Fault.NO_SID}
)


@dataclass
class Provider:
    """State of the stand-in: what it accepted, what it was asked, what will go wrong."""

    url: str = ""
    accepted: list[dict[str, str]] = field(default_factory=list)
    requests: int = 0
    faults: list[Fault | None] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(4))
    rates: Mapping[Fault, float] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, *faults: Fault | None) -> None:
        """Let the next requests go wrong in this order; None goes well."""
        self.faults.extend(faults)

    def next_fault(self) -> Fault | None:
        """Return what goes wrong with the request at hand: as planned, else by the dice."""
        with self.lock:
            self.requests += 1
            if self.faults:
                return self.faults.pop(0)
            roll = self.chance.random()
            for fault, rate in self.rates.items():
                roll -= rate
                if roll < 0:
                    return fault
            return None

    def accept(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Keep a message and return it as the provider describes it."""
        with self.lock:
            sid = f"SM{len(self.accepted) + 1:032x}"
            self.accepted.append({"sid": sid, **form})
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": form["Body"],
            "to": form["To"],
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "sid": sid,
            "status": "accepted",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json",
        }


def _wrong_fields(form: Mapping[str, str]) -> tuple[int, str] | None:
    wrong = undocumented(form)
    if wrong:
        return 21100, "; ".join(wrong)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
        return 21211, "The 'To' number is not a valid phone number."
    if not form.get("Body"):
        return 21602, "Message body is required."
    if not (form.get("MessagingServiceSid") or form.get("From")):
        return 21603, "A 'From' phone number is required."
    return None


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if urlsplit(self.path).path != "/dump":
            self._error(HTTPStatus.NOT_FOUND, 20404, "no such resource")
            return
        with self.provider.lock:
            told = {"accepted": self.provider.accepted, "requests": self.provider.requests}
        self._answer(HTTPStatus.OK, json.dumps(told))

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        form = dict(parse_qsl(self.rfile.read(size).decode(), keep_blank_values=True))
        refusal = self._refusal(form)
        if refusal:
            self._error(*refusal)
            return
        fault = self.provider.next_fault()
        if fault is None:
            self._answer(HTTPStatus.CREATED, json.dumps(self.provider.accept(form)))
        else:
            self._fail(fault, form)

    def _refusal(self, form: Mapping[str, str]) -> tuple[HTTPStatus, int, str] | None:
        found = _PATH.fullmatch(urlsplit(self.path).path)
        if not found:
            return HTTPStatus.NOT_FOUND, 20404, "no such resource"
        known = base64.b64encode(f"{ACCOUNT_SID}:{TOKEN}".encode()).decode()
        if found[1] != ACCOUNT_SID or self.headers.get("Authorization") != f"Basic {known}":
            return HTTPStatus.UNAUTHORIZED, 20003, "Authenticate"
        wrong = _wrong_fields(form)
        return (HTTPStatus.BAD_REQUEST, *wrong) if wrong else None

    def _fail(self, fault: Fault, form: Mapping[str, str]) -> None:
        whole = json.dumps(self.provider.accept(form)) if fault in ACCEPTS_FIRST else ""
        if fault in REFUSALS:
            self._error(HTTPStatus.BAD_REQUEST, REFUSALS[fault], "refused")
        elif fault is Fault.PROBLEM_JSON:
            problem = {"type": "about:blank", "title": "refused", "status": 400, "code": 21610}
            self._answer(HTTPStatus.BAD_REQUEST, json.dumps(problem))
        elif fault is Fault.UNAUTHORIZED:
            self._error(HTTPStatus.UNAUTHORIZED, 20003, "Authenticate")
        elif fault is Fault.TOO_MANY:
            self._error(HTTPStatus.TOO_MANY_REQUESTS, 20429, "Too Many Requests")
        elif fault in {Fault.FAILS_BEFORE, Fault.FAILS_AFTER}:
            self._error(HTTPStatus.INTERNAL_SERVER_ERROR, OTHER_FAULTS, "An internal error")
        elif fault is Fault.TRUNCATED:
            self._answer(HTTPStatus.CREATED, whole[: len(whole) // 2])
        elif fault is Fault.NO_SID:
            self._answer(HTTPStatus.CREATED, "{}")
        else:
            self._break_off(fault)

    def _break_off(self, fault: Fault) -> None:
        if fault is Fault.HANGS:
            self.provider.released.wait(timeout=30)
        at_once = struct.pack("ii", 1, 0)  # close with a reset, not a goodbye
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.close_connection = True
        # The handler's own streams would keep the socket open.
        self.wfile.close()
        self.rfile.close()
        self.connection.close()

    def _error(self, status: HTTPStatus, code: int, message: str) -> None:
        body = {"code": code, "message": message, "status": status.value, "more_info": ""}
        self._answer(status, json.dumps(body))

    def _answer(self, status: HTTPStatus, body: str) -> None:
        payload = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was broken off on purpose is no news."""


@contextmanager
def provider_running() -> Iterator[Provider]:
    """Run a provider on a free port of this machine for the length of the block."""
    provider = Provider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = _Server(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
