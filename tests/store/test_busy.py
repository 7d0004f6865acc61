"""A database that cannot be written: everyone gets a turn, or is told to try again."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from scheduler.store import database as store
from scheduler.store.database import DatabaseBusy, db, transaction
from scheduler.store.people import AddressRow, PatientRow
from tests.conftest import Database
from tests.web.site import PROBLEM, Clinic, Site, new_patient, site_on

WRITERS = 24


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment for the lock, not half a minute."""
    monkeypatch.setattr(store, "BUSY_TIMEOUT_MS", 50)


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Hold SQLite's write lock from another connection."""
    other = sqlite3.connect(database.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.usefixtures("hasty")
def test_a_lock_held_too_long_is_said_to_be_so(sqlite_database: Database) -> None:
    engine = create_engine(sqlite_database.url)
    store.prepare_engine(engine)
    with (
        held(sqlite_database),
        Session(engine) as session,
        pytest.raises(DatabaseBusy),
        transaction(session),
    ):
        raise AssertionError("nobody had the lock")
    with Session(engine) as session, transaction(session):
        assert session.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


@pytest.mark.usefixtures("hasty")
def test_page_and_program_are_told_to_try_again(sqlite_database: Database, tmp_path: Path) -> None:
    with site_on(sqlite_database, tmp_path) as site:
        caller = site.dispatcher
        before = _patients(site)
        with held(sqlite_database):
            answer = caller.post("/patients", new_patient())
            page = site.app.test_client()
            form = page.get("/sign-in").get_data(as_text=True)
            token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
            shown = page.post("/sign-in", data={"phone": "8165550144", "csrf_token": token})
        assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
        assert answer.headers["Retry-After"] == "2"
        assert (shown.status_code, shown.headers["Retry-After"]) == (503, "2")
        assert "Nothing was changed" in shown.get_data(as_text=True)
        assert _patients(site) == before
        assert caller.post("/patients", new_patient()).status_code == 201


def _patients(site: Site) -> int:
    site.session.rollback()
    return len(site.session.scalars(select(PatientRow.id)).all())


@pytest.mark.postgres
def test_a_lock_on_postgresql_is_answered_alike(
    postgres_database: Database, tmp_path: Path
) -> None:
    with site_on(postgres_database, tmp_path) as site:
        clinic = Clinic(site)
        _wait_only_briefly(postgres_database)
        with site.app.app_context():
            db.engine.dispose()
        path, body = f"/patients/{clinic.pat}/addresses", {"label": "work", **_address()}
        before = _addresses(site)
        with postgres_database.engine.connect() as other, other.begin():
            other.execute(text("SELECT 1 FROM patient FOR UPDATE"))
            answer = clinic.as_pat.post(path, body)
        assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
        assert answer.headers["Retry-After"] == "2"
        assert _addresses(site) == before
        assert clinic.as_pat.post(path, body).status_code == 201


def _wait_only_briefly(database: Database) -> None:
    """Let connections opened from now on to this one database wait a moment for a lock."""
    name = database.engine.url.database
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET lock_timeout = '50ms'"))


def _addresses(site: Site) -> int:
    site.session.rollback()
    return len(site.session.scalars(select(AddressRow.id)).all())


def _address() -> dict[str, str]:
    return {
        "street": "9 Invented Avenue",
        "city": "Testville",
        "state": "KS",
        "zip_code": "66101",
    }


def test_every_writer_of_a_process_gets_a_turn(sqlite_database: Database) -> None:
    failed: list[BaseException] = []
    with Session(sqlite_database.engine) as session, transaction(session):
        session.execute(text("CREATE TABLE tally (n INTEGER)"))
        session.execute(text("INSERT INTO tally VALUES (0)"))

    def write() -> None:
        try:
            for _ in range(5):
                with Session(sqlite_database.engine) as session, transaction(session):
                    n = session.execute(text("SELECT n FROM tally")).scalar_one()
                    session.execute(text("UPDATE tally SET n = :n"), {"n": n + 1})
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Session(sqlite_database.engine) as session:
        assert session.execute(text("SELECT n FROM tally")).scalar_one() == WRITERS * 5
