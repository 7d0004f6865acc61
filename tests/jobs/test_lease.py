"""Who leads: one at a time, another soon after a death, and nobody who slept through it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.jobstores.memory import MemoryJobStore
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler.adapters.clock import SystemClock
from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.adapters.sms import OutboxPageSender
from scheduler.adapters.travel import GeodesicTravel
from scheduler.jobs import JOBS, clock
from scheduler.jobs.lease import LEASE, Lease
from scheduler.ports import Ports
from scheduler.store.audit import LeaseRow
from scheduler.store.database import db, prepare_engine, transaction
from scheduler.store.models import METADATA
from tests.clocks import FixedClock
from tests.conftest import Database

START = datetime(2026, 10, 20, 14, 0, tzinfo=UTC)
TAKEOVER = timedelta(seconds=2)


@pytest.fixture
def now() -> FixedClock:
    return FixedClock(START)


def pass_lease(session: Session, clock: FixedClock, name: str = "clock") -> None:
    """Let the lease run out: by our clock, and on PostgreSQL, which has its own, in the row."""
    clock.pass_time(seconds=LEASE.total_seconds())
    if session.get_bind().dialect.name == "postgresql":
        with transaction(session):
            long_ago = func.clock_timestamp() - timedelta(seconds=1)
            session.execute(update(LeaseRow).where(LeaseRow.name == name).values(until=long_ago))


def test_the_first_to_ask_leads_and_the_second_does_not(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    assert ada.take(session)
    assert not bea.take(session)
    assert ada.holds(session)
    assert not bea.holds(session)


def test_a_leader_who_renews_stays(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    for _ in range(5):
        assert ada.take(session)
        now.pass_time(seconds=LEASE.total_seconds() / 2)
        assert not bea.take(session)
    assert ada.generation == 1


def test_when_the_leader_dies_another_leads(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    ada.take(session)
    pass_lease(session, now)
    assert bea.take(session)
    assert bea.generation == ada.generation + 1


def test_a_leader_who_slept_does_not_work_on(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    ada.take(session)
    pass_lease(session, now)
    assert not ada.holds(session)
    bea.take(session)
    assert not ada.holds(session)
    assert not ada.take(session)
    assert bea.holds(session)


def test_a_leader_who_slept_alone_leads_again_as_somebody_new(
    session: Session, now: FixedClock
) -> None:
    ada = Lease("clock", now)
    ada.take(session)
    pass_lease(session, now)
    assert ada.take(session)
    assert (ada.generation, ada.holds(session)) == (2, True)


def test_a_released_lease_is_free_at_once(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    ada.take(session)
    ada.release(session)
    assert bea.take(session)


def test_who_does_not_lead_releases_nothing(session: Session, now: FixedClock) -> None:
    ada, bea = Lease("clock", now), Lease("clock", now)
    ada.take(session)
    bea.release(session)
    assert ada.holds(session)


def test_leases_of_other_names_do_not_meet(session: Session, now: FixedClock) -> None:
    assert Lease("clock", now).take(session)
    assert Lease("planner", now).take(session)


def test_of_many_who_ask_at_once_one_leads(database: Database, now: FixedClock) -> None:
    gate, leaders = threading.Barrier(6), []

    def ask() -> None:
        lease = Lease("clock", now)
        gate.wait()
        with Session(database.engine) as session:
            if lease.take(session):
                leaders.append(lease)

    rivals = [threading.Thread(target=ask) for _ in range(6)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert len(leaders) == 1


@pytest.mark.postgres
def test_on_postgresql_the_databases_clock_counts(postgres_database: Database) -> None:
    with Session(postgres_database.engine) as session:
        fast = FixedClock(START + timedelta(days=3650))
        assert Lease("clock", FixedClock(START)).take(session)
        assert not Lease("clock", fast).take(session)


def test_a_death_is_noticed_in_two_seconds() -> None:
    assert LEASE + timedelta(seconds=clock.RENEW_SECONDS) <= TAKEOVER


def test_ticks_are_neither_kept_nor_doubled_nor_dropped() -> None:
    scheduler = clock.make_scheduler()
    job = scheduler.add_job(print, "interval", seconds=60)
    scheduler.start(paused=True)
    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
    assert str(scheduler.timezone) == "UTC"
    assert isinstance(scheduler._jobstores["default"], MemoryJobStore)  # noqa: SLF001
    scheduler.shutdown()


def test_every_job_has_a_name_of_its_own_and_a_pace() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert {job.name: job.seconds for job in JOBS} == {
        "send messages": 2,
        "end expired reservations": 30,
    }


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


def run_until_worked(
    app: Flask, monkeypatch: pytest.MonkeyPatch, failures: int = 0
) -> list[LeaseRow]:
    """Run the clock until a job has worked after so many failures; return the leases it left."""
    stop, left = threading.Event(), [failures]

    def work(_session: Session, _ports: Ports) -> object:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("one bad tick")
        stop.set()
        return None

    quick = tuple(replace(job, seconds=0.01, run=work) for job in JOBS[:1])
    monkeypatch.setattr(clock, "JOBS", quick)
    monkeypatch.setattr(clock, "RENEW_SECONDS", 0.01)
    limit = threading.Timer(20, stop.set)
    limit.start()
    ports = Ports(SystemClock(), ZipGeocoder(), GeodesicTravel(), OutboxPageSender())
    clock.run_clock(app, ports, stop=stop)
    assert limit.is_alive()
    limit.cancel()
    with app.app_context():
        return list(db.session().scalars(select(LeaseRow)))


def test_the_clock_runs_jobs_and_leaves_no_lease_behind(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lease,) = run_until_worked(app, monkeypatch)
    assert lease.generation == 1
    assert lease.until <= SystemClock().now()


def test_a_job_that_fails_does_not_stop_the_clock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_until_worked(app, monkeypatch, failures=2)


def test_who_stands_by_does_no_work(app: Flask) -> None:
    worked = []
    ports = Ports(FixedClock(START), ZipGeocoder(), GeodesicTravel(), OutboxPageSender())
    job = replace(JOBS[0], run=lambda *_: worked.append("work"))
    with app.app_context():
        leader, other = Lease("clock", ports.clock), Lease("clock", ports.clock)
        leader.take(db.session())
        other.take(db.session())
        clock._led(other, job, ports)()  # noqa: SLF001
        assert worked == []
        clock._led(leader, job, ports)()  # noqa: SLF001
        assert worked == ["work"]
