"""Web process and clock side by side; whichever dies is started again."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import structlog

_LOG = structlog.get_logger("supervisor")

CALM_SECONDS = 10.0
MOST_WAIT_SECONDS = 30.0
STOP_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process to keep alive, with the wait before its next start."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 0.0
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start it now."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, preexec_fn=_end_with_parent)  # noqa: S603

    def tend(self) -> None:
        """Start it again when it has died: at once after a calm life, else with growing waits."""
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return
            calm = time.monotonic() - self.started > CALM_SECONDS
            self.wait = 0.0 if calm else min(MOST_WAIT_SECONDS, self.wait * 2 + 0.5)
            self.due = time.monotonic() + self.wait
            self.process = None
            _LOG.warning("restart", child=self.name, status=status, wait_seconds=self.wait)
        if time.monotonic() >= self.due:
            self.start()


def _end_with_parent() -> None:
    """Ask Linux to end this child when the supervisor is killed, so that its port comes free."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def children(port: int) -> list[Child]:
    """Return the web process and the clock, not yet started."""
    python = sys.executable
    web = [python, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    web += ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    web += ["--preload", "--graceful-timeout", "10", "--log-level", "warning"]
    clock = [python, "-m", "flask", "--app", "wsgi", "clock"]
    return [Child("web", web), Child("clock", clock)]


def supervise(port: int) -> int:
    """Keep web and clock alive until a signal says stop; return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    kept = children(port)
    parent = os.getppid()
    while not stop.wait(0.2):
        for child in kept:
            child.tend()
        if os.getppid() != parent:
            break
    _end(kept)
    return 0


def _end(kept: list[Child]) -> None:
    for child in kept:
        if child.process is not None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in kept:
        if child.process is None:
            continue
        try:
            child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
