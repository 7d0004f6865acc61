"""A right to practise ends: visits that their clinician may no longer make cannot stand (I2).

They are cancelled with a message or call task, their requests open again, and staff are asked to
find another time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from scheduler.domain.errors import Conflict, SchedulingError
from scheduler.domain.visits import TAKES_CAPACITY, UNDER_WAY
from scheduler.services.changing import cancel_locked
from scheduler.services.desk import Desk
from scheduler.services.placing import lock_for_change, visit_credential_problem
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.locking import (
    lock_clinicians,
    lock_patient,
    lock_register,
    lock_series,
)
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import AddressRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

READINGS = 5


class WouldCancel(SchedulingError):
    """So many visits would be cancelled, and nobody has agreed to that number; nothing changed."""

    code = "would_cancel"

    def __init__(self, count: int) -> None:
        super().__init__(f"This cancels {count} visits. Nothing was changed yet.")
        self.count = count


class _BookedMeanwhile(Exception):
    """A patient who was not locked got a visit between reading and locking."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends: how to end it, whom it concerns, and which visits it can touch.

    `change` works in the transaction, with the clinicians that `concerns` selects locked alone, and
    writes the audit record. `touches` are conditions on the visit, its address and its clinician.
    `agreed`: how many cancelled visits somebody has agreed to; None means however many.
    """

    change: Callable[[], None]
    concerns: ColumnElement[bool]
    touches: tuple[ColumnElement[bool], ...]
    reason: str
    agreed: int | None = None


def end_and_cancel(desk: Desk, ending: Ending) -> int:
    """End a right to practise; return how many visits that cancelled.

    Raises:
        WouldCancel: another number of visits than was agreed to; nothing was changed.
        Conflict: others kept booking visits that would be touched.
    """
    for _ in range(READINGS):
        try:
            return _end_locked(desk, ending)
        except _BookedMeanwhile:
            continue
    raise Conflict("Visits are being booked with this clinician right now. Please try again.")


def _end_locked(desk: Desk, ending: Ending) -> int:
    with transaction(desk.session) as session:
        lock_register(session)
        ids = session.scalars(select(ClinicianRow.id).where(ending.concerns)).all()
        ahead = _visits_touched(desk, ending)
        known = {visit.patient_id for visit in ahead}
        for patient_id in sorted(known):
            lock_patient(session, patient_id)
        for series_id in sorted({visit.series_id for visit in ahead if visit.series_id}):
            lock_series(session, series_id)
        lock_clinicians(session, ids, alone=True)
        lock_for_change(session, {(visit.clinician_id, visit.on_day) for visit in ahead})
        ending.change()
        session.flush()
        now_ahead = _visits_touched(desk, ending)
        if {visit.patient_id for visit in now_ahead} - known:
            raise _BookedMeanwhile
        ended = [visit for visit in now_ahead if visit_credential_problem(session, visit)]
        if ending.agreed not in {None, len(ended)}:
            raise WouldCancel(len(ended))
        for visit in ended:
            cancel_locked(desk, visit, ending.reason)
            _reopen(desk, visit)
    return len(ended)


def _visits_touched(desk: Desk, ending: Ending) -> Sequence[VisitRow]:
    return desk.session.scalars(
        select(VisitRow)
        .join(AddressRow, AddressRow.id == VisitRow.address_id)
        .join(ClinicianRow, ClinicianRow.id == VisitRow.clinician_id)
        .where(VisitRow.state.in_(list(TAKES_CAPACITY - UNDER_WAY)), *ending.touches)
        .order_by(VisitRow.starts_at)
        .execution_options(populate_existing=True)
    ).all()


def _reopen(desk: Desk, visit: VisitRow) -> None:
    if visit.series_id is not None:
        return
    session, now = desk.session, desk.now()
    request = queries.get(session, VisitRequestRow, visit.request_id, "request")
    request.state = RequestState.OPEN
    session.add(
        CallTaskRow(
            dedupe_key=f"replace|{visit.id}",
            patient_id=visit.patient_id,
            visit_id=visit.id,
            what=f"Find another time for the visit of {visit.on_day}.",
            due_at=now + timedelta(hours=4),
            created_at=now,
        )
    )
