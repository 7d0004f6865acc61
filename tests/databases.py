"""PostgreSQL for tests: a cluster thrown away after the run, or a server given by URL."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

SUPERUSER = "postgres"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
START_SECONDS = 30.0
STOP_SECONDS = 15.0
MAX_CONNECTIONS = 200

# Nothing here has to survive a power cut.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

# Waits until the tests let go of its input, by closing it or by dying, and leaves nothing behind.
# It takes the server's id from the cluster's own lock file, which a stopped server has removed.
JANITOR = """
read -r _
if pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null); then
    # Not another process that was given the number of a server that crashed.
    grep -qs "$1" "/proc/$pid/cmdline" || ps -o args= -p "$pid" 2>/dev/null | grep -q "$1" &&
        kill -QUIT "$pid"
fi
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -e "$1/data/postmaster.pid" ] || break
    sleep 0.2
done
rm -rf "$1"
"""


class PostgresServer(Protocol):
    """A running server on which tests may make databases."""

    def url(self, database: str) -> str: ...

    def create_database(self, name: str, template: str = "template1") -> str: ...

    def drop_database(self, name: str) -> None: ...


@cache
def postgres_binaries() -> Path | None:
    """Return the folder of the newest complete PostgreSQL server on this machine."""
    on_path = [Path(found).resolve().parent for found in map(shutil.which, PROGRAMS) if found]
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    complete = [folder for folder in {*on_path, *packaged} if _has_all_programs(folder)]
    return max(complete, key=_version, default=None)


def _has_all_programs(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _version(folder: Path) -> tuple[int, ...]:
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    number = re.search(r"\d+(\.\d+)*", told)
    return tuple(map(int, number.group().split("."))) if number else ()


class ThrowAwayPostgres:
    """A cluster in a temporary folder, gone at the end of the `with` block or of this process.

    Data survive `stop`, `restart` and, if durable, `kill`.
    """

    def __init__(self, *, durable: bool = False) -> None:
        binaries = postgres_binaries()
        if binaries is None:
            message = "PostgreSQL server binaries are not installed"
            raise FileNotFoundError(message)
        self._binaries = binaries
        self._settings = () if durable else CARELESS
        self._user = _server_user()
        self._server: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", JANITOR, "janitor", self.folder],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for the tests
        )
        try:
            self._make_cluster()
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def start(self) -> None:
        """Start the server and return when it takes connections."""
        deadline = time.monotonic() + START_SECONDS
        while not self._started_before(deadline):
            if time.monotonic() > deadline:
                self.stop()
                message = f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}"
                raise TimeoutError(message)
            # A killed server's children may hold its memory for a moment longer; or the port,
            # free when it was chosen, was taken by someone else since.
            if "Address already in use" in self._log.read_text():
                self.port = _free_port()
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop in good order; connections are closed, data stay."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._server = None

    def restart(self) -> None:
        """Stop in good order and start again on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Let the server die as it would if the machine's memory ran out; `start` recovers it."""
        if self._server is None:
            return
        self._server.kill()
        self._server.wait()
        self._server = None
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop the server and delete everything it wrote."""
        self.stop()
        if self._janitor.stdin is not None:
            self._janitor.stdin.close()
        self._janitor.wait()

    def url(self, database: str) -> str:
        """Return SQLAlchemy's URL of a database on this server."""
        return f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of the template; return its URL."""
        _create(make_url(self.url("postgres")), name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        _drop(make_url(self.url("postgres")), name)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _make_cluster(self) -> None:
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        subprocess.run(
            [
                *(self._binaries / "initdb", "--pgdata", self._data, "--username", SUPERUSER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            text=True,
            user=self._user,
            cwd=self.folder,
            env=self._environment(),
        )

    def _started_before(self, deadline: float) -> bool:
        self._launch()
        while time.monotonic() < deadline:
            if self._is_ready():
                return True
            if self._server is None or self._server.poll() is not None:
                self._server = None
                return False
            time.sleep(0.01)
        return False

    def _launch(self) -> None:
        settings = (
            *("listen_addresses=127.0.0.1", f"port={self.port}"),
            *(f"unix_socket_directories={self.folder}", f"max_connections={MAX_CONNECTIONS}"),
            *("timezone=UTC", "jit=off", *self._settings),
        )
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [
                    *(self._binaries / "postgres", "-D", self._data),
                    *(argument for setting in settings for argument in ("-c", setting)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self.folder,
                env=self._environment(),
                start_new_session=True,
            )

    def _is_ready(self) -> bool:
        """Read the server's lock file: its first line is the id, its eighth the state."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if self._server is None or len(lines) < 8:
            return False
        return int(lines[0]) == self._server.pid and lines[7].strip() == "ready"

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder), "LC_ALL": "C"}


class GivenPostgres:
    """A server someone else runs. Databases made here are dropped at the end."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._prefix = f"visit_tests_{os.getpid()}_"
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self._made.copy()):
            self.drop_database(name)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's URL of a database made by `create_database`."""
        named = self._url.set(database=self._prefix + database)
        return named.render_as_string(hide_password=False)

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of the template; return its URL."""
        source = self._prefix + template if template in self._made else template
        _create(self._url, self._prefix + name, source)
        self._made.append(name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        _drop(self._url, self._prefix + name)
        self._made.remove(name)


def _server_user() -> str | None:
    """Return the user to run the server as: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _create(admin: URL, name: str, template: str) -> None:
    with _connected(admin) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def _drop(admin: URL, name: str) -> None:
    with _connected(admin) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@contextmanager
def _connected(url: URL) -> Iterator[psycopg.Connection]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection
