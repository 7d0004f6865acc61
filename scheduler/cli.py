"""Command line: set up, serve, the clock, the demonstration, and checks."""

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask, current_app
from flask_migrate import upgrade

from config import Settings
from scheduler.domain.errors import InvalidInput
from scheduler.jobs import JOBS
from scheduler.jobs.clock import run_clock
from scheduler.jobs.supervisor import supervise
from scheduler.services.accounts import NewAccount, open_account
from scheduler.services.desk import SYSTEM_ID, Actor
from scheduler.services.dispatch import dispatch_due
from scheduler.services.patient_file import index_names
from scheduler.services.reference import load_reference
from scheduler.services.sign_in import any_account
from scheduler.store.database import db
from scheduler.store.models import METADATA
from scheduler.store.people import Role
from scheduler.web.accounts import hashed
from scheduler.web.wiring import desk_for, wiring_of

if TYPE_CHECKING:
    from scheduler.demo.doors import DemoSignIns

SIGN_INS_FILE = "demo-sign-ins.txt"


def register(app: Flask) -> None:
    """Add the verbs to `flask`."""
    for verb in (prepare, serve, clock, dispatch, demo, seed, jobs, administrator, migration_check):
        app.cli.add_command(verb)


@click.command()
def prepare() -> None:
    """Migrate the database and, in a demo, load the practice on first start."""
    _prepare()


def _prepare() -> None:
    upgrade()
    load_reference(db.session())
    index_names(db.session())
    if wiring_of(current_app).demo and not any_account(db.session()):
        _load_demo_practice()


@click.command()
def seed() -> None:
    """Load the fictitious practice into a database that has none."""
    load_reference(db.session())
    if any_account(db.session()):
        raise click.ClickException("The database holds a practice already.")
    _load_demo_practice()


def _load_demo_practice() -> None:
    from scheduler.demo.doors import DEMO_PASSWORD  # only the first start waits for these
    from scheduler.demo.practice import load_demo

    click.echo("Loading the demonstration practice (fictitious people) …")
    wiring = wiring_of(current_app)
    hashed_password = hashed(DEMO_PASSWORD)
    sign_ins = load_demo(db.session(), wiring.ports, wiring.practice, hashed_password)
    path = Path(current_app.instance_path) / SIGN_INS_FILE
    path.touch(mode=0o600)
    staff = f"Staff sign in at /staff/sign-in with the password: {DEMO_PASSWORD}\n"
    patients = "Patients sign in at /sign-in by phone; the page shows the code.\n"
    path.write_text(staff + patients + _sign_in_lines(sign_ins))


def _sign_in_lines(sign_ins: "DemoSignIns") -> str:
    return "".join(
        f"  {entry.role.value:<17} {entry.name:<22} {entry.sign_in:<36} {entry.token}\n"
        for entry in sign_ins.entries
    )


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(port: int) -> None:
    """Prepare the database, then serve pages and API with the clock beside; both are kept alive."""
    _prepare()
    db.session.remove()
    db.engine.dispose()
    path = Path(current_app.instance_path) / SIGN_INS_FILE
    click.echo(f"Visit scheduler: http://127.0.0.1:{port}")
    click.echo(f"API description: http://127.0.0.1:{port}/api/openapi.json")
    if wiring_of(current_app).demo and path.exists():
        click.echo("Demo sign-ins; all people are fictitious. The last column is an API token.")
        click.echo(path.read_text(), nl=False)
    click.echo("Stop with Ctrl-C.")
    sys.exit(supervise(port))


@click.command()
def clock() -> None:
    """Run the clock: send what is due, end what has run out. One of several leads."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    run_clock(app, wiring_of(app).ports, stop=stop)


@click.command()
def dispatch() -> None:
    """Send the messages that are due, once."""
    ports = wiring_of(current_app).ports
    click.echo(dispatch_due(db.session(), ports.sms, ports.clock))


@click.command()
def jobs() -> None:
    """List what the clock runs, and how often."""
    for job in JOBS:
        click.echo(f"{job.name:<28} every {job.seconds} s")


@click.command()
@click.option("--name", prompt=True)
@click.option("--email", prompt=True)
@click.password_option()
def administrator(name: str, email: str, password: str) -> None:
    """Open an administrator's account: the first one of a practice, or when nobody can get in."""
    desk = desk_for(Actor(SYSTEM_ID, Role.ADMINISTRATOR))
    try:
        new = NewAccount(Role.ADMINISTRATOR, name.strip(), email.strip(), hashed(password))
        open_account(desk, new)
    except InvalidInput as refused:
        raise click.ClickException(
            "; ".join(f"{field} {words}" for field, words in refused.problems.items())
        ) from refused
    click.echo("The account is open. Sign in at /staff/sign-in; a second factor is set up there.")


@contextmanager
def _temporary_application() -> Iterator[Flask]:
    """Give an application of its own, on an empty migrated database that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"INSTANCE_PATH": folder, "DEMO": "1"})
        app = wiring_of(current_app).make_app(settings)
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()


@click.command()
def demo() -> None:
    """Play the main job once in a temporary database and print it."""
    from scheduler.demo.tour import run_tour

    with _temporary_application() as app:
        wiring = wiring_of(app)
        run_tour(wiring.ports, db.session(), wiring.practice, sys.stdout)


@click.command("migration-check")
def migration_check() -> None:
    """Fail unless the migrations, run on an empty database, give just what the models say."""
    with _temporary_application(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    if differences:
        raise click.ClickException("\n".join(str(each) for each in differences))
    click.echo("The migrations match the models.")
