"""The demonstration practice behind a real server, with the doors of its people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from config import Settings
from scheduler.app import create_app
from scheduler.demo.doors import DEMO_PASSWORD, DemoSignIn
from scheduler.demo.practice import load_demo
from scheduler.services.reference import load_reference
from scheduler.store.database import db
from scheduler.store.models import METADATA
from scheduler.store.people import Role
from scheduler.web.accounts import hashed
from scheduler.web.wiring import wiring_of
from tests.server import Server, server_environment, server_running
from tests.web.doors import enter_as_patient, enter_as_staff
from tests.web.hands import Person


@dataclass(frozen=True)
class Practice:
    """A running demonstration."""

    server: Server
    people: dict[Role, DemoSignIn]

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.server.port}"

    def sign_in(self, page: Page, role: Role) -> None:
        """Sign in as the demonstration's person of a role."""
        known, hands = self.people[role], Person(page)
        if role is Role.PATIENT:
            phone, _, born = known.sign_in.removeprefix("phone ").partition(", born ")
            enter_as_patient(hands, phone, known.name.split()[0], born)
        else:
            enter_as_staff(hands, known.sign_in, DEMO_PASSWORD)


@contextmanager
def demonstration(folder: Path) -> Iterator[Practice]:
    """Load the demonstration into a database of its own and serve it."""
    url = f"sqlite:///{folder / 'visits.db'}"
    app = create_app(Settings.from_env(server_environment(url, folder)))
    with app.app_context():
        METADATA.create_all(db.engine)
        load_reference(db.session())
        wiring = wiring_of(app)
        secret = hashed(DEMO_PASSWORD)
        loaded = load_demo(db.session(), wiring.ports, wiring.practice, secret)
        db.session.remove()
        db.engine.dispose()
    with server_running(url, folder) as server:
        yield Practice(server, {entry.role: entry for entry in loaded.entries})
