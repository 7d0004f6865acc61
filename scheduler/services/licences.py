"""An administrator enters licenses and corrects or renews them; ending one is in `staffing`."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import Licence
from scheduler.services.before_after import changes_in_words
from scheduler.services.desk import Desk
from scheduler.services.promises import change_clinician
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow, LicenceRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_clinicians, lock_register
from scheduler.store.people import Role


def add_licence(desk: Desk, clinician_id: UUID, licence: Licence) -> UUID:
    """Enter a license; the same one sent twice is entered once.

    Raises:
        InvalidInput: the number is on the register already.
    """
    desk.allow(Role.ADMINISTRATOR)
    with transaction(desk.session) as session:
        lock_register(session)
        queries.get(session, ClinicianRow, clinician_id, "clinician")
        lock_clinicians(session, [clinician_id], alone=True)
        known = find_number(session, licence)
        if known is not None:
            if known.clinician_id == clinician_id and _facts(known) == licence:
                return known.id
            raise InvalidInput({"number": _taken_words(session, known)})
        row = licence_row(clinician_id, licence)
        session.add(row)
        words = changes_in_words({}, asdict(licence))
        desk.record("add license", "licence", row.id, reason=words)
    return row.id


def licence_row(clinician_id: UUID, licence: Licence) -> LicenceRow:
    """Return the row of a new license."""
    return LicenceRow(clinician_id=clinician_id, **asdict(licence))


def find_number(session: Session, licence: Licence) -> LicenceRow | None:
    """Return the license of the same state and credential that has the number, whoever holds it."""
    return session.scalar(
        select(LicenceRow).where(
            LicenceRow.state == licence.state,
            LicenceRow.credential == licence.credential,
            LicenceRow.number == licence.number,
        )
    )


def _taken_words(session: Session, row: LicenceRow) -> str:
    holder = queries.get(session, ClinicianRow, row.clinician_id, "clinician")
    return f"is the {STATES[row.state]} license of {holder.name}; renew or correct it there"


def _facts(row: LicenceRow) -> Licence:
    return Licence(
        row.state,
        row.credential,
        row.number,
        row.multistate,
        row.valid_from,
        row.valid_through,
    )


def correct_licence(desk: Desk, licence_id: UUID, licence: Licence) -> None:
    """Renew a license, or put right what was entered wrongly.

    Raises:
        InvalidInput: the number is on the register already.
        PromisesInTheWay: a promised visit rests on what would change; a license that has ended is
            ended with `end_licence`, which cancels such visits.
    """
    desk.allow(Role.ADMINISTRATOR)
    clinician_id = queries.get(desk.session, LicenceRow, licence_id, "license").clinician_id

    def change(_row: ClinicianRow) -> None:
        session = desk.session
        row = queries.get(session, LicenceRow, licence_id, "license")
        known = find_number(session, licence)
        if known is not None and known.id != licence_id:
            raise InvalidInput({"number": _taken_words(session, known)})
        before = asdict(_facts(row))
        for name, value in asdict(licence).items():
            setattr(row, name, value)
        words = changes_in_words(before, asdict(licence))
        desk.record("correct license", "licence", licence_id, reason=words or "nothing")

    change_clinician(desk, clinician_id, change)
