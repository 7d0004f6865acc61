"""The clock: APScheduler ticks, the lease decides who works, the rows decide what is done."""

import threading
from collections.abc import Callable

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from scheduler.jobs import JOBS, Job
from scheduler.jobs.lease import LEASE, Lease
from scheduler.ports import Ports
from scheduler.store.database import db

_LOG = structlog.get_logger("clock")
RENEW_SECONDS = LEASE.total_seconds() / 4


def make_scheduler() -> BackgroundScheduler:
    """Return a scheduler that keeps nothing, never doubles a job, and never drops a late one."""
    return BackgroundScheduler(
        timezone="UTC",
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(len(JOBS) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def run_clock(app: Flask, ports: Ports, stop: threading.Event) -> None:
    """Run all jobs until told to stop. Of several clocks one leads; the others stand by."""
    lease = Lease("clock", ports.clock)
    scheduler = make_scheduler()
    lead = _in_application(app, "lead", lambda: lease.take(db.session()))
    scheduler.add_job(lead, "interval", seconds=RENEW_SECONDS, id="lead")
    for job in JOBS:
        work = _in_application(app, job.name, _led(lease, job, ports))
        scheduler.add_job(work, "interval", seconds=job.seconds, id=job.name)
    lead()
    scheduler.start()
    _LOG.info("clock started", jobs=[job.name for job in JOBS])
    stop.wait()
    scheduler.shutdown(wait=True)
    _in_application(app, "release", lambda: lease.release(db.session()))()
    _LOG.info("clock stopped")


def _led(lease: Lease, job: Job, ports: Ports) -> Callable[[], object]:
    def work() -> object:
        session = db.session()
        return job.run(session, ports) if lease.holds(session) else None

    return work


def _in_application(app: Flask, name: str, work: Callable[[], object]) -> Callable[[], None]:
    """Return the work in an application context, where no failure stops the clock."""

    def run() -> None:
        with app.app_context():
            try:
                work()
            except SQLAlchemyError as error:
                _LOG.warning(
                    "job could not reach the database", job=name, error=type(error).__name__
                )
            except Exception as error:
                _LOG.error("job failed", job=name, error=type(error).__name__)

    return run
