"""An administrator gives clinicians weekly hours and ends them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from scheduler.domain.errors import InvalidInput
from scheduler.domain.rosters import WEEKDAYS, WeeklyShift, write_shifts
from scheduler.services.before_after import changes_in_words
from scheduler.services.clinician_register import show_shift
from scheduler.services.desk import Desk
from scheduler.services.promises import change_clinician
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow, ShiftRow
from scheduler.store.people import Role


def add_shifts(desk: Desk, clinician_id: UUID, shifts: Sequence[WeeklyShift]) -> None:
    """Add weekly hours. From their first day on they take the place of older ones of the weekday.

    Raises:
        InvalidInput: other hours of the same weekday begin on the same day.
        PromisesInTheWay: a promised visit lies outside the new hours; nothing was changed.
    """
    desk.allow(Role.ADMINISTRATOR)

    def change(row: ClinicianRow) -> None:
        known = {
            (each.weekday, each.from_day): each for each in row.shifts if each.withdrawn_at is None
        }
        fresh = []
        for shift in shifts:
            same = known.get((shift.weekday, shift.from_day))
            if same is None:
                fresh.append(shift)
            elif (same.opens, same.closes, same.through_day) != _span(shift):
                day = WEEKDAYS[shift.weekday].capitalize()
                raise InvalidInput({"from_day": f"{day} has other hours from that day already"})
        for shift in fresh:
            desk.session.add(shift_row(clinician_id, shift))
        if fresh:
            words = write_shifts(fresh)
            desk.record("add weekly hours", "clinician", clinician_id, reason=words)

    change_clinician(desk, clinician_id, change)


def _span(shift: WeeklyShift) -> tuple[object, object, object]:
    return shift.opens, shift.closes, shift.through_day


def shift_row(clinician_id: UUID, shift: WeeklyShift) -> ShiftRow:
    """Return the row of new weekly hours."""
    return ShiftRow(
        clinician_id=clinician_id,
        weekday=shift.weekday,
        opens=shift.opens,
        closes=shift.closes,
        from_day=shift.from_day,
        through_day=shift.through_day,
    )


def end_shift(desk: Desk, shift_id: UUID, through: date) -> None:
    """Let weekly hours end on a day; those that have not begun by then are withdrawn.

    Raises:
        InvalidInput: the day is past, or after the hours end anyway.
        PromisesInTheWay: a promised visit lies in the hours after that day; nothing was changed.
    """
    entry, shift = show_shift(desk, shift_id)
    if through < entry.today and shift.begun:
        raise InvalidInput({"through": "must not lie in the past"})
    if through > shift.hours.through_day:
        raise InvalidInput({"through": "must not be after the day on which the hours end anyway"})

    def change(_row: ClinicianRow) -> None:
        row = queries.get(desk.session, ShiftRow, shift_id, "weekly shift")
        if row.withdrawn_at is not None:
            return
        before: dict[str, object] = {"through": row.through_day}
        if through < row.from_day:
            row.withdrawn_at = desk.now()
            after: dict[str, object] = {"through": "never in force"}
        else:
            row.through_day = through
            after = {"through": through}
        words = changes_in_words(before, after) or "nothing"
        desk.record("end weekly hours", "shift", shift_id, reason=words)

    change_clinician(desk, entry.id, change)
