"""What a prescriber reads before signing off a dose: how it is worked out, what is missing."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from scheduler.domain.dosing import DoseRefused
from scheduler.domain.series import AttemptState
from scheduler.services.course import visit_of
from scheduler.services.desk import Desk
from scheduler.services.release import DoseWorkedOut, all_refusals, work_out
from scheduler.store import mapping, queries
from scheduler.store.people import Role
from scheduler.store.treatment import SeriesRow
from scheduler.store.visits import VisitRow


@dataclass(frozen=True, slots=True)
class GivenDose:
    """A dose that was given: mg, when it began, whether it was stopped early, how it was borne."""

    number: int
    mg: Decimal
    started_at: datetime
    aborted: bool
    tolerance: str


@dataclass(frozen=True, slots=True)
class DoseToAuthorise:
    """One administration as it stands now.

    `mg` is None where it cannot be worked out; `refusals` says in words what is missing, nothing
    where it may be signed off. `signed_mg` is set once it was.
    """

    series_id: UUID
    patient_id: UUID
    number: int
    level_number: int
    mg_per_kg: Decimal | None
    minutes: int | None
    kg: Decimal | None
    weighed_on: date | None
    mg: Decimal | None
    signed_mg: Decimal | None
    visit_id: UUID
    starts_at: datetime
    timezone: str
    refusals: tuple[str, ...]
    given: tuple[GivenDose, ...]


def dose_to_authorise(desk: Desk, series_id: UUID, number: int) -> DoseToAuthorise:
    """Return an administration for a prescriber to decide on; raises NotFound without a visit."""
    desk.allow(Role.PRESCRIBER)
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    desk.record_look("view dose", "series", series_id, series.patient_id)
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    visit = visit_of(desk.session, series_id, number)
    signed, waiting = _standing(desk, series_id, number)
    try:
        dose = work_out(desk, series, number)
    except DoseRefused as error:
        return _presented(desk, series, visit, None, signed, (waiting, str(error)))
    guard = [refusal.text for refusal in all_refusals(desk, series, visit, dose)]
    return _presented(desk, series, visit, dose, signed, (waiting, *guard))


def _standing(desk: Desk, series_id: UUID, number: int) -> tuple[Decimal | None, str]:
    """Return the mg already signed off, and why nothing can be signed at all, if so."""
    attempts = queries.attempts_of_series(desk.session, series_id)
    newest = [row for row in attempts if row.number == number][-1]
    signed = Decimal(newest.mg) if newest.signed_hash else None
    if newest.state is AttemptState.LOCKED:
        return signed, "The outcome of the visit before is not recorded."
    if newest.state is not AttemptState.ELIGIBLE:
        return signed, "This dose is not waiting to be authorized."
    return signed, ""


def _presented(
    desk: Desk,
    series: SeriesRow,
    visit: VisitRow,
    dose: DoseWorkedOut | None,
    signed_mg: Decimal | None,
    refusals: tuple[str, ...],
) -> DoseToAuthorise:
    number = visit.number or 1
    weight = queries.latest_weight(desk.session, series.patient_id)
    attempts = queries.attempts_of_series(desk.session, series.id)
    level_number = next(row.level_number for row in reversed(attempts) if row.number == number)
    return DoseToAuthorise(
        series_id=series.id,
        patient_id=series.patient_id,
        number=number,
        level_number=level_number,
        mg_per_kg=dose.level.mg_per_kg if dose else None,
        minutes=dose.level.minutes if dose else None,
        kg=mapping.weight(weight).kg if weight else None,
        weighed_on=weight.measured_on if weight else None,
        mg=dose.mg if dose else None,
        signed_mg=signed_mg,
        visit_id=visit.id,
        starts_at=visit.starts_at,
        timezone=visit.timezone,
        refusals=tuple(dict.fromkeys(words for words in refusals if words)),
        given=given_doses(desk, series.id),
    )


def given_doses(desk: Desk, series_id: UUID) -> tuple[GivenDose, ...]:
    """Return what was given in a series so far, oldest first."""
    numbers = {row.id: row.number for row in queries.attempts_of_series(desk.session, series_id)}
    return tuple(
        GivenDose(
            numbers[row.attempt_id],
            Decimal(row.given_mg),
            row.started_at,
            row.aborted,
            json.loads(row.notes).get("tolerance", ""),
        )
        for row in queries.given_in_series(desk.session, series_id)
    )
