"""The real server for tests: gunicorn with processes and threads, killed and started at will."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SERVER_KEY = bytes(range(32))
"""The key of the tests' rows (TEST_KEY), told to the server so that it can read them."""

# Waits until the tests let go of its input, by dying without a word, and ends the server's group.
JANITOR = 'read -r _; kill -KILL -- "-$1" 2>/dev/null'

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
ANSWER_SECONDS = 60.0


class ServerGone(Exception):
    """The connection was refused or broke: nobody knows whether the act was done."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    kind: str
    body: dict[str, Any]


@dataclass
class ApiClient:
    """Speaks JSON to one server with one person's token."""

    port: int
    token: str

    def get(self, path: str) -> Answer:
        """Ask."""
        return self.call("GET", path)

    def post(self, path: str, body: dict[str, object] | None = None, key: str = "") -> Answer:
        """Act; under a key the act may be repeated."""
        return self.call("POST", path, body or {}, key)

    def call(
        self, method: str, path: str, body: dict[str, object] | None = None, key: str = ""
    ) -> Answer:
        """Send a request; raises ServerGone where no whole answer came back."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        content = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, f"/api/v1{path}", content, headers)
            answer = connection.getresponse()
            text, kind = answer.read(), answer.headers.get_content_type()
        except (OSError, http.client.HTTPException) as error:
            raise ServerGone from error
        finally:
            connection.close()
        return Answer(answer.status, kind, json.loads(text))


@dataclass
class Server:
    """Gunicorn on a database, in a process group of its own; its port stays over restarts.

    `app` may be another application than the one that is shipped, `options` go to gunicorn last.
    """

    database_url: str
    folder: Path
    app: str = "wsgi:app"
    options: tuple[str, ...] = ()
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._janitor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and return when requests are answered."""
        command = [sys.executable, "-m", "gunicorn", self.app, "--bind", f"127.0.0.1:{self.port}"]
        command += ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
        command += ["--backlog", "1024", "--log-level", "warning", *self.options]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=server_environment(self.database_url, self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", JANITOR, "janitor", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._wait_until_ready(self._process)

    def kill(self) -> None:
        """End the whole process group at once, as a power cut would."""
        if self._process is not None:
            self._dismiss_janitor()
            with suppress(ProcessLookupError):  # it died by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End in good order."""
        if self._process is None:
            return
        self._dismiss_janitor()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def client(self, token: str) -> ApiClient:
        """Return a client for somebody's token."""
        return ApiClient(self.port, token)

    def log(self) -> str:
        """Return what the server wrote."""
        return (self.folder / "server.log").read_text()

    def _dismiss_janitor(self) -> None:
        """End it first: the number of a group that is gone may be given to another."""
        if self._janitor is not None:
            self._janitor.kill()
            self._janitor.wait()
            if self._janitor.stdin is not None:
                self._janitor.stdin.close()
            self._janitor = None

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        pause, deadline = threading.Event(), time.monotonic() + READY_SECONDS
        while not is_healthy(self.port):
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"the server did not start:\n{self.log()[-2000:]}")
            pause.wait(0.05)


def server_environment(database_url: str, folder: Path) -> dict[str, str]:
    """Return the environment of a server or clock on a database: a demo with the tests' key."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(folder),
        "DEMO": "1",
        "ENCRYPTION_KEYS": SERVER_KEY.hex(),
    }


def is_healthy(port: int) -> bool:
    """Say whether a server answers on the port and reaches its database."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return answer.status == 200
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server_running(
    database_url: str, folder: Path, app: str = "wsgi:app", options: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Give a server that answers; it is gone afterwards."""
    server = Server(database_url, folder, app, options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
