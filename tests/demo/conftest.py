"""One demonstration practice, loaded by the tour, for all tests of a process."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.adapters.sms import OutboxPageSender
from scheduler.adapters.travel import GeodesicTravel
from scheduler.demo.doors import DemoSignIns
from scheduler.demo.practice import DEMO_PRACTICE_NAME, load_demo
from scheduler.demo.tour import run_tour
from scheduler.ports import Ports
from scheduler.services.practice import Practice
from scheduler.store.database import prepare_engine
from scheduler.store.encryption import KeyRing, use_keys
from scheduler.store.models import METADATA
from tests.clocks import FixedClock
from tests.conftest import TEST_KEY

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
PRACTICE = Practice(DEMO_PRACTICE_NAME, "816-555-0100", "http://127.0.0.1:8000")


def demo_ports() -> Ports:
    return Ports(FixedClock(NOW), ZipGeocoder(), GeodesicTravel(), OutboxPageSender())


@dataclass(frozen=True)
class Demo:
    """A loaded practice and who may sign in."""

    session: Session
    sign_ins: DemoSignIns


@dataclass(frozen=True)
class Tour:
    """A practice after the tour, and what the tour printed."""

    session: Session
    printed: str


def _session(path: Path) -> Iterator[Session]:
    use_keys(KeyRing((TEST_KEY,)))
    engine = create_engine(f"sqlite:///{path}")
    prepare_engine(engine)
    METADATA.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    for session in _session(tmp_path_factory.mktemp("demo") / "demo.db"):
        yield Demo(session, load_demo(session, demo_ports(), PRACTICE, password_hash=""))


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    for session in _session(tmp_path_factory.mktemp("tour") / "tour.db"):
        out = StringIO()
        run_tour(demo_ports(), session, PRACTICE, out)
        yield Tour(session, out.getvalue())
