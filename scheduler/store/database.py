"""Connections and the one way to write: `transaction()` takes the lock before it reads."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from scheduler.store.base import Base

_WRITING = "scheduler_writing"
_SQLITE_LOCK = "scheduler_sqlite_lock"
BUSY_TIMEOUT_MS = 30_000

db = SQLAlchemy(model_class=Base)


class DatabaseBusy(RuntimeError):
    """The database could not be written in time. Nothing was changed; trying again is right."""


class _SqliteTurn:
    """Writers of this process queue here: SQLite's own waiting is by chance and can starve one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        lock = self._lock
        if not lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise DatabaseBusy("another transaction of this process goes on")
        try:
            yield
        finally:
            lock.release()


_TURN = _SqliteTurn()


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

    Raises:
        DatabaseBusy: others kept writing until the time to wait was over; nothing was changed.
    """
    session.rollback()
    with ExitStack() as turn:
        if session.get_bind().dialect.name == "sqlite":
            turn.enter_context(_TURN.taken())
        _take_write_lock(session)
        session.info[_WRITING] = True
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop(_WRITING, None)


def _take_write_lock(session: Session) -> None:
    try:
        session.connection(execution_options={_SQLITE_LOCK: True})
    except OperationalError as error:
        session.rollback()
        raise DatabaseBusy("the database did not give its write lock") from error
