"""Writing: the lock comes first, nothing is written outside it, and no update is lost."""

import multiprocessing
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import WriteOutsideTransaction, prepare_engine, transaction
from scheduler.store.encryption import KeyRing, Unreadable, use_keys
from scheduler.store.locking import lock_days
from scheduler.store.people import PatientRow
from tests.clocks import FixedClock
from tests.conftest import TEST_KEY, Database
from tests.world import World

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PROCESSES, ROUNDS = 4, 150


def patient(name: str = "Pat Example") -> PatientRow:
    return PatientRow(
        name=name, birth_date="1980-05-17", timezone="America/Chicago", created_at=NOW
    )


def test_a_write_without_the_lock_is_refused(session: Session) -> None:
    session.add(patient())
    with pytest.raises(WriteOutsideTransaction):
        session.flush()


def half_done(session: Session) -> None:
    with transaction(session):
        session.add(patient())
        session.flush()
        session.execute(insert(PatientRow).values(id=uuid4()))


def test_an_error_undoes_everything(session: Session) -> None:
    with pytest.raises(IntegrityError):
        half_done(session)
    assert session.scalars(select(PatientRow)).all() == []


def test_an_instant_without_a_zone_is_refused(session: Session) -> None:
    row = patient()
    row.created_at = datetime(2026, 11, 23, 15)  # noqa: DTZ001 the fault under test
    with pytest.raises(StatementError, match="needs a time zone"), transaction(session):
        session.add(row)


def test_an_instant_reads_back_aware_and_in_utc(session: Session) -> None:
    with transaction(session):
        session.add(patient())
    session.expire_all()
    assert session.scalars(select(PatientRow)).one().created_at == NOW
    assert session.scalars(select(PatientRow)).one().created_at.tzinfo is UTC


def test_a_sealed_value_moved_to_another_row_does_not_open(session: Session) -> None:
    ada, bea = patient("Ada Example"), patient("Bea Example")
    with transaction(session):
        session.add_all([ada, bea])
    with transaction(session):
        stolen = session.execute(
            select(PatientRow.name_sealed).where(PatientRow.id == ada.id)
        ).scalar_one()
        session.execute(
            update(PatientRow).where(PatientRow.id == bea.id).values(name_sealed=stolen)
        )
    session.expire_all()
    assert ada.name == "Ada Example"
    with pytest.raises(Unreadable):
        _ = bea.name


def test_no_name_lies_open_in_the_table(session: Session) -> None:
    row = patient("Pat Unmistakable")
    with transaction(session):
        session.add(row)
    assert b"Unmistakable" not in row.name_sealed


def test_an_old_key_still_opens_what_it_sealed() -> None:
    old, new = bytes([1] * 32), bytes([2] * 32)
    sealed = KeyRing((old,)).seal("Pat", "patient|name|1")
    assert KeyRing((new, old)).open(sealed, "patient|name|1") == "Pat"
    with pytest.raises(Unreadable):
        KeyRing((new,)).open(sealed, "patient|name|1")


def test_the_checks_refuse_a_visit_limit_that_cannot_be(session: Session) -> None:
    world = World(session, FixedClock(NOW))
    with pytest.raises(IntegrityError):
        world.clinician("Ada", "64108", "MO", max_visits=-1)
    assert session.scalars(select(ClinicianRow)).all() == []


def raise_version(url: str, clinician_id: UUID, rounds: int) -> None:
    """Read and raise one day's version, again and again, as one process among several."""
    use_keys(KeyRing((TEST_KEY,)))
    engine = create_engine(url)
    prepare_engine(engine)
    with Session(engine) as session:
        for _ in range(rounds):
            with transaction(session):
                day = (clinician_id, NOW.date())
                row = lock_days(session, [day])[day]
                row.version = row.version + 1
    engine.dispose()


def test_four_processes_lose_none_of_six_hundred_updates(database: Database) -> None:
    with Session(database.engine) as session:
        ada = World(session, FixedClock(NOW)).clinician("Ada", "64108", "MO")
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=raise_version, args=(database.url, ada, ROUNDS))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    with Session(database.engine) as session, transaction(session):
        day = (ada, NOW.date())
        assert lock_days(session, [day])[day].version == PROCESSES * ROUNDS


def test_locks_are_taken_for_days_that_had_no_row(session: Session) -> None:
    world = World(session, FixedClock(NOW))
    ada = world.clinician("Ada", "64108", "MO")
    with transaction(session):
        locked = lock_days(session, [(ada, NOW.date()), (ada, NOW.date())])
    assert [row.version for row in locked.values()] == [0]
