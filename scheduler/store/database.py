"""Connections and the one way to write: `transaction()` takes the lock before it reads."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from scheduler.store.base import Base

_WRITING = "scheduler_writing"
_SQLITE_LOCK = "scheduler_sqlite_lock"
BUSY_TIMEOUT_MS = 30_000

db = SQLAlchemy(model_class=Base)


class WriteOutsideTransaction(RuntimeError):
    """Something was about to be written without the lock."""


def prepare_engine(engine: Engine) -> None:
    """Wire an engine: on SQLite we issue BEGIN ourselves, as pysqlite's own loses updates."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _set_up_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    locked = connection.get_execution_options().get(_SQLITE_LOCK, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if locked else "BEGIN")


@event.listens_for(Session, "before_flush")
def _refuse_unlocked_writes(session: Session, _flush: UOWTransaction, _objects: Any) -> None:
    if not session.info.get(_WRITING):
        raise WriteOutsideTransaction("write inside transaction()")


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """Write: forget what was read, take the write lock, then commit, or roll back on any error.

    On PostgreSQL the caller locks rows next, in the order patient, series, clinician-days.
    """
    session.rollback()
    session.connection(execution_options={_SQLITE_LOCK: True})
    session.info[_WRITING] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_WRITING, None)
