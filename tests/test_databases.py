"""The throw-away PostgreSQL server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.databases import PostgresServer, ThrowAwayPostgres, postgres_binaries

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        postgres_binaries() is None, reason="PostgreSQL server binaries are not installed"
    ),
]


@pytest.fixture(scope="module")
def own_server() -> Iterator[ThrowAwayPostgres]:
    with ThrowAwayPostgres() as server:
        yield server


def ask(url: str, *statements: str) -> object:
    """Run the statements in one transaction; return the last one's single value, if it has one."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        return results[-1].scalar() if results[-1].returns_rows else None


def test_the_shared_server_answers(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database("answers")
    try:
        assert ask(url, "SELECT 1") == 1
    finally:
        postgres_server.drop_database("answers")


def test_ranges_can_exclude_each_other(own_server: ThrowAwayPostgres) -> None:
    url = own_server.create_database("ranges")
    ask(url, "CREATE EXTENSION btree_gist")
    assert ask(url, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1


def test_there_is_room_for_many_rivals(own_server: ThrowAwayPostgres) -> None:
    assert int(str(ask(own_server.url("postgres"), "SHOW max_connections"))) >= 200


def test_a_database_copies_its_template(own_server: ThrowAwayPostgres) -> None:
    ask(own_server.create_database("pattern"), "CREATE TABLE kept AS SELECT 7 AS number")
    assert ask(own_server.create_database("copy", "pattern"), "SELECT number FROM kept") == 7


def test_data_survive_a_restart(own_server: ThrowAwayPostgres) -> None:
    url = own_server.create_database("restarted")
    ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
    own_server.restart()
    assert ask(url, "SELECT number FROM kept") == 7


def test_nothing_is_left_behind() -> None:
    with ThrowAwayPostgres() as server:
        folder = server.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_nothing_is_left_behind_by_tests_that_die() -> None:
    program = (
        "import time; from tests.databases import ThrowAwayPostgres\n"
        "with ThrowAwayPostgres() as server:\n"
        "    print(server.folder, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        folder = Path(tests.stdout.readline().strip())
        server_id = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert not Path(f"/proc/{server_id}/exe").exists() or not is_running(server_id)


def is_running(process_id: int) -> bool:
    """Tell a live process from one that is gone or only waits to be reaped."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.soak
def test_committed_rows_survive_being_killed_again_and_again() -> None:
    with ThrowAwayPostgres(durable=True) as server:
        url = server.create_database("killed")
        ask(url, "CREATE TABLE kept (number integer PRIMARY KEY)")
        for number in range(10):
            ask(url, "INSERT INTO kept SELECT count(*) FROM kept")
            server.kill()
            server.start()
            assert ask(url, "SELECT count(*) FROM kept") == number + 1
