"""The clock as it is run: every job has its tick, and a due text leaves, and it stops when told."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.adapters.clock import SystemClock
from scheduler.adapters.sms import OutboxPageSender
from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.messages import MessageState, is_quiet
from scheduler.jobs import JOBS, Job, clock
from scheduler.ports import Ports
from scheduler.services.outbox import write_choose_time
from scheduler.store.audit import LeaseRow
from scheduler.store.database import db, prepare_engine, transaction
from scheduler.store.messages import MessageRow
from scheduler.store.models import METADATA
from scheduler.store.people import PatientRow
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.server import ROOT, server_environment
from tests.world import PRACTICE, ZIPS, World

PATIENCE_SECONDS = 60.0


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'clock.db'}"
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        METADATA.create_all(db.engine)
        yield app
        db.engine.dispose()


def test_every_job_is_scheduled_and_none_waits_for_one_that_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked, stop = set(), threading.Event()

    def note(name: str) -> None:
        worked.add(name)
        if len(worked) == len(JOBS):
            stop.set()

    def failing(_session: Session, _ports: Ports) -> object:
        note(JOBS[0].name)
        raise RuntimeError("this job is broken")

    def noting(job: Job) -> Job:
        return replace(job, seconds=0.05, run=lambda *_: note(job.name))

    broken = replace(JOBS[0], seconds=0.02, run=failing)
    monkeypatch.setattr(clock, "JOBS", (broken, *map(noting, JOBS[1:])))
    monkeypatch.setattr(clock, "RENEW_SECONDS", 0.05)
    limit = threading.Timer(PATIENCE_SECONDS, stop.set)
    limit.start()
    ports = Ports(SystemClock(), ZIPS, GeodesicTravel(), OutboxPageSender())
    clock.run_clock(app, ports, stop=stop)
    limit.cancel()
    assert worked == {job.name for job in JOBS}


@contextmanager
def clock_running(database: Database, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the clock as the supervisor does; it is gone afterwards."""
    with (folder / "clock.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "clock"],
            cwd=ROOT,
            env=server_environment(database.url, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def waking_zone() -> str:
    """Return a zone in which it is day, now and for as long as a test may take."""
    now = SystemClock().now()
    return next(
        zone
        for zone in ("America/Puerto_Rico", "Pacific/Honolulu", "Asia/Tokyo", "Europe/Berlin")
        if not is_quiet(now, zone) and not is_quiet(now + timedelta(minutes=10), zone)
    )


def due_message(session: Session) -> MessageRow:
    """Write a text that is due now, to a patient who lives where no hour is quiet now."""
    world = World(session, FixedClock(SystemClock().now()))
    patient_id, _ = world.patient("66101", "KS")
    with transaction(session):
        patient = session.get_one(PatientRow, patient_id)
        patient.timezone = waking_zone()
        write_choose_time(session, patient, patient_id, world.clock.now(), PRACTICE)
    row = session.scalars(select(MessageRow)).one()
    assert row.not_before <= SystemClock().now() + timedelta(minutes=1)
    return row


def wait_until(session: Session, state: MessageState) -> None:
    """Return when the only message is in the state; raises AssertionError when it never is."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while True:
        session.rollback()
        found = session.scalars(select(MessageRow.state)).one()
        if found is state:
            return
        assert time.monotonic() < deadline, found
        pause.wait(0.1)


def test_the_clock_sends_what_is_due_and_stops_when_told(
    database: Database, session: Session, tmp_path: Path
) -> None:
    due_message(session)
    with clock_running(database, tmp_path) as process:
        wait_until(session, MessageState.ACCEPTED)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    session.rollback()
    (lease,) = session.scalars(select(LeaseRow))
    assert lease.until <= SystemClock().now() + timedelta(seconds=1)
    told = (tmp_path / "clock.log").read_text()
    assert "clock stopped" in told
    assert "+1816" not in told


def test_a_second_clock_takes_over_from_one_that_was_killed(
    database: Database, session: Session, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    with clock_running(database, first) as leader:
        generation = wait_for_generation(session, 1)
        with clock_running(database, second):
            leader.kill()
            leader.wait()
            assert wait_for_generation(session, generation + 1) == generation + 1
            due_message(session)
            wait_until(session, MessageState.ACCEPTED)


def wait_for_generation(session: Session, least: int) -> int:
    """Return the lease's generation once it is high enough."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while True:
        session.rollback()
        generation = session.scalar(select(LeaseRow.generation)) or 0
        if generation >= least:
            return generation
        assert time.monotonic() < deadline
        pause.wait(0.05)
