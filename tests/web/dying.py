"""The application for a server that dies when a file says so, under a clock that a file tells.

Started by gunicorn as `tests.web.dying:app`. A test writes into `die-at` how many moments of the
next form the process may live through, and whom SIGKILL then ends: the worker that serves, or
the whole group as in a power cut. Moments are: the form has come, each commit before and after it
is made, and the answer before it is sent.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from config import Settings
from scheduler.app import choose_ports, create_app

ORDER, CLOCK = "die-at", "clock"
AT_THE_ANSWER = -1
WORKER, GROUP = "worker", "group"


class ToldClock:
    """Goes on from the time that stands in a file, since it was written there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """Return the instant in the file and the time since."""
        since = max(0.0, time.time() - self._file.stat().st_mtime)
        return datetime.fromisoformat(self._file.read_text()) + timedelta(seconds=since)


class Death:
    """Counts the moments of a form down and ends the process at the one that was ordered."""

    def __init__(self, app: Callable[..., Iterable[bytes]], folder: Path) -> None:
        self._app = app
        self._order = folder / ORDER
        self._form = threading.local()
        event.listen(Engine, "commit", self._pass_moment)
        event.listen(Session, "after_commit", self._pass_moment)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request; forms are those that die."""
        ordered = environ["REQUEST_METHOD"] == "POST" and self._order.exists()
        self._form.left = int(self._order.read_text().split()[0]) if ordered else None
        try:
            self._pass_moment()
            answer = self._app(environ, start)
            if self._form.left is not None and self._form.left <= 0:
                self._die()
            return answer
        finally:
            self._form.left = None

    def _pass_moment(self, *_of: object) -> None:
        left = getattr(self._form, "left", None)
        if left == 0:
            self._die()
        if left is not None and left > 0:
            self._form.left = left - 1

    def _die(self) -> None:
        whom = self._order.read_text().split()[1]
        self._order.unlink()
        if whom == GROUP:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def make_app() -> Death:
    """Return the application of the environment's settings."""
    settings = Settings.from_env()
    ports = replace(choose_ports(settings), clock=ToldClock(settings.instance_path / CLOCK))
    return Death(create_app(settings, ports).wsgi_app, settings.instance_path)


app = make_app()
