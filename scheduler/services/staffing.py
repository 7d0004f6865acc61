"""Clinicians' time off and licences: whoever can no longer come is replaced or cancelled, told."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.services.desk import Desk
from scheduler.services.forbidden_visits import Ending, end_and_cancel
from scheduler.services.placing import lock_for_change
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow, LicenceRow, TimeOffRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_clinicians
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow


class VisitsInTheWay(SchedulingError):
    """Visits stand on the days asked for; move them first. `visit_ids` names them."""

    code = "visits_in_the_way"
    field = "first_day"

    def __init__(self, visit_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(visit_ids)} visits stand on these days; move them first.")
        self.visit_ids = tuple(visit_ids)


def add_time_off(desk: Desk, clinician_id: UUID, days: tuple[date, date], reason: str) -> UUID:
    """Take a clinician out of the plan for whole local days.

    Raises:
        VisitsInTheWay: somebody was promised a visit then; nothing is moved silently.
        InvalidInput: the last day is before the first, or the stretch is over 366 days.
    """
    desk.allow_clinician(clinician_id)
    first, last = days
    if last < first:
        raise InvalidInput({"last_day": "must not be before the first day"})
    if last - first > timedelta(days=366):
        raise InvalidInput({"last_day": "must be within a year of the first day"})
    with transaction(desk.session) as session:
        queries.get(session, ClinicianRow, clinician_id, "clinician")
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        lock_for_change(session, [(clinician_id, day) for day in span])
        known = _same_time_off(session, clinician_id, days)
        if known is not None:
            return known
        standing = queries.visits_on(session, [clinician_id], first, last, desk.now())
        if standing:
            raise VisitsInTheWay([visit.id for visit, _ in standing])
        row = TimeOffRow(
            clinician_id=clinician_id, first_day=first, last_day=last, reason=reason or "time off"
        )
        session.add(row)
        desk.record("add time off", "clinician", clinician_id, reason=reason)
    return row.id


def _same_time_off(session: Session, clinician_id: UUID, days: tuple[date, date]) -> UUID | None:
    """Return the time off that an act sent twice would add again."""
    return session.scalar(
        select(TimeOffRow.id).where(
            TimeOffRow.clinician_id == clinician_id,
            TimeOffRow.first_day == days[0],
            TimeOffRow.last_day == days[1],
            TimeOffRow.withdrawn_at.is_(None),
        )
    )


def end_licence(
    desk: Desk, licence_id: UUID, through: date, reason: str, agreed: int | None = None
) -> int:
    """Let a licence end on a day; return how many visits that cancelled.

    A visit that its clinician may no longer make cannot stand (I2): it is cancelled with a message
    or call task, its request opens again, and staff are asked to find another time.

    Raises:
        InvalidInput: no reason, or the day is outside the licence's present dates.
        WouldCancel: another number of visits than `agreed`; nothing was changed.
    """
    desk.allow(Role.ADMINISTRATOR)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    licence = queries.get(desk.session, LicenceRow, licence_id, "license")
    clinician_id = licence.clinician_id
    if not licence.valid_from <= through <= licence.valid_through:
        raise InvalidInput({"through": "must lie inside the license's present dates"})
    if through == licence.valid_through:
        return 0

    def change() -> None:
        row = queries.get(desk.session, LicenceRow, licence_id, "license")
        before, row.valid_through = row.valid_through, through
        note = f"{reason} (valid through {before} before, {through} now)"
        desk.record("end license", "licence", licence_id, reason=note)

    return end_and_cancel(
        desk,
        Ending(
            change=change,
            concerns=ClinicianRow.id == clinician_id,
            touches=(VisitRow.clinician_id == clinician_id,),
            reason=f"license: {reason}",
            agreed=agreed,
        ),
    )


def withdraw_time_off(desk: Desk, time_off_id: UUID) -> None:
    """Let a clinician work on the days after all; what is withdrawn already stays so."""
    row = queries.get(desk.session, TimeOffRow, time_off_id, "time off")
    clinician_id = row.clinician_id
    desk.allow_clinician(clinician_id)
    with transaction(desk.session) as session:
        lock_clinicians(session, [clinician_id], alone=True)
        session.refresh(row)
        if row.withdrawn_at is None:
            row.withdrawn_at = desk.now()
            days = f"{row.first_day} to {row.last_day}"
            desk.record("withdraw time off", "clinician", clinician_id, reason=days)
