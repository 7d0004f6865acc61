"""What every test can use: the two databases, and people with names."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from scheduler.store.database import prepare_engine
from scheduler.store.encryption import KeyRing, use_keys
from scheduler.store.models import METADATA
from tests.databases import PostgresServer

pytest_plugins = ["tests.plugins.groups", "tests.plugins.skips", "tests.plugins.postgres"]

settings.register_profile("short", max_examples=50, deadline=None)
settings.register_profile("soak", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

TEST_KEY = bytes(range(32))


@dataclass(frozen=True)
class Database:
    """An empty database with the schema of the models."""

    url: str
    engine: Engine


@pytest.fixture(autouse=True)
def _keys() -> None:
    use_keys(KeyRing((TEST_KEY,)))


def _opened(url: str) -> Iterator[Database]:
    engine = create_engine(url)
    prepare_engine(engine)
    METADATA.create_all(engine)
    yield Database(url, engine)
    engine.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An SQLite file of its own."""
    yield from _opened(f"sqlite:///{tmp_path / 'visits.db'}")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database that holds the schema, to be copied."""
    name = f"template_{uuid4().hex}"
    engine = create_engine(postgres_server.create_database(name))
    METADATA.create_all(engine)
    engine.dispose()
    return name


@pytest.fixture
def postgres_database(
    postgres_server: PostgresServer, postgres_template: str
) -> Iterator[Database]:
    """A PostgreSQL database of its own."""
    name = f"test_{uuid4().hex}"
    url = postgres_server.create_database(name, postgres_template)
    yield from _opened(url)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """Each database in turn."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session on each database in turn."""
    with Session(database.engine) as session:
        yield session
