"""The migrations give just the schema of the models, checks and all, and take it away again."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, create_engine, inspect, text

from config import Settings
from scheduler.app import create_app
from scheduler.store.database import db
from scheduler.store.models import METADATA
from tests.conftest import TEST_KEY, Database

Schema = dict[str, set[str]]


def normal(sql: str | None) -> str:
    """Return SQL without quotes, spaces and case, so that two writings of it compare equal."""
    return re.sub(r"[\s\"`]+", "", sql or "").lower()


def schema_of(engine: Engine) -> Schema:
    """Return everything that a schema promises, by table, in comparable words."""
    found = inspect(engine)
    schema: Schema = {}
    for table in found.get_table_names():
        if table == "alembic_version":
            continue
        said = {
            f"column {column['name']} {column['type']} {column['nullable']}"
            for column in found.get_columns(table)
        }
        said |= {
            f"check {c['name']} {normal(c['sqltext'])}" for c in found.get_check_constraints(table)
        }
        said |= {
            f"unique {u['name']} {sorted(u['column_names'])}"
            for u in found.get_unique_constraints(table)
        }
        said |= {
            f"index {i['name']} {i['column_names']} {i['unique']}" for i in found.get_indexes(table)
        }
        said |= {
            f"key {k['constrained_columns']} {k['referred_table']}"
            for k in found.get_foreign_keys(table)
        }
        schema[table] = said
    return schema


def application(url: str, folder: Path) -> Flask:
    return create_app(
        Settings.from_env(
            {"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "ENCRYPTION_KEYS": TEST_KEY.hex()}
        )
    )


@pytest.fixture
def empty(database: Database, tmp_path: Path) -> Flask:
    """An application whose database has nothing in it."""
    METADATA.drop_all(database.engine)
    return application(database.url, tmp_path / "instance")


def test_upgrading_gives_what_the_models_say(database: Database, empty: Flask) -> None:
    METADATA.create_all(database.engine)
    wanted = schema_of(database.engine)
    METADATA.drop_all(database.engine)
    with empty.app_context():
        upgrade()
        got = schema_of(db.engine)
        db.engine.dispose()
    assert got == wanted
    assert sum(line.startswith("check") for lines in got.values() for line in lines) > 40


def test_downgrading_leaves_nothing(database: Database, empty: Flask) -> None:
    with empty.app_context():
        upgrade()
        downgrade(revision="base")
        upgrade()
        downgrade(revision="base")
        db.engine.dispose()
    assert schema_of(database.engine) == {}


def test_postgres_refuses_two_visits_of_a_clinician_at_once(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database: Database = request.getfixturevalue("postgres_database")
    METADATA.drop_all(database.engine)
    with application(database.url, tmp_path / "instance").app_context():
        upgrade()
        db.engine.dispose()
    engine = create_engine(database.url)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x'")
        ).scalar_one()
    engine.dispose()
    assert "tstzrange(starts_at, ends_at) WITH &&" in found
    assert "DEFERRABLE INITIALLY DEFERRED" in found
