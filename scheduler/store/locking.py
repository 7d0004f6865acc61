"""Row locks in their one order (patient, series, clinicians, their days), and versions.

The locks leave keys free (FOR NO KEY UPDATE): a row that merely refers to a patient, such as a
message being sent, must not wait for a booking, or both could wait for each other.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler.domain.errors import NotFound
from scheduler.store.clinicians import ClinicianDayRow, ClinicianRow
from scheduler.store.people import PatientRow
from scheduler.store.treatment import SeriesRow

ClinicianDay = tuple[UUID, date]

REGISTER_LOCK = 0x636C696E
"""The advisory lock of the register of clinicians on PostgreSQL."""


def lock_patient(session: Session, patient_id: UUID) -> PatientRow:
    """Lock and return a patient; raises NotFound."""
    row = session.scalar(
        select(PatientRow).where(PatientRow.id == patient_id).with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound("There is no such patient.")
    return row


def lock_series(session: Session, series_id: UUID) -> SeriesRow:
    """Lock and return a series; raises NotFound."""
    row = session.scalar(
        select(SeriesRow).where(SeriesRow.id == series_id).with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound("There is no such series.")
    return row


def lock_clinicians(session: Session, ids: Iterable[UUID], *, alone: bool) -> None:
    """Lock clinicians' facts: together with other bookings, or alone to change them."""
    for clinician_id in sorted(set(ids)):
        session.execute(
            select(ClinicianRow.id)
            .where(ClinicianRow.id == clinician_id)
            .with_for_update(read=not alone, key_share=alone)
        )


def lock_register(session: Session) -> None:
    """Let one transaction at a time add clinicians or license numbers, which no row can guard.

    Comes first in the order of locks. SQLite has one writer as it is.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(REGISTER_LOCK)))


def lock_days(
    session: Session, days: Iterable[ClinicianDay]
) -> dict[ClinicianDay, ClinicianDayRow]:
    """Lock clinician-days, making absent ones first: an absent row locks nothing."""
    wanted = sorted(set(days), key=lambda day: (day[1], day[0]))
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    locked = {}
    for clinician_id, on in wanted:
        session.execute(
            insert(ClinicianDayRow)
            .values(id=uuid4(), clinician_id=clinician_id, on_day=on, version=0)
            .on_conflict_do_nothing(index_elements=["clinician_id", "on_day"])
        )
        locked[clinician_id, on] = session.scalars(
            select(ClinicianDayRow)
            .where(ClinicianDayRow.clinician_id == clinician_id, ClinicianDayRow.on_day == on)
            .with_for_update()
        ).one()
    return locked


def raise_versions(rows: Iterable[ClinicianDayRow]) -> None:
    """Say that the days changed, for everyone who read them before."""
    for row in rows:
        row.version += 1
