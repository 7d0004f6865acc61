"""The day of a visit: on my way, arrived, started, completed, and what was given."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import IllegalTransition, InvalidInput
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import VisitEvent, VisitState, next_state
from scheduler.services.course import open_next
from scheduler.services.desk import Desk
from scheduler.services.drive_records import begin_drive, end_drive, estimate_drive
from scheduler.services.outbox import cancel_visit_messages
from scheduler.services.placing import end_visit, lock_for_change, require_credential
from scheduler.services.release import require_released
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient, lock_series
from scheduler.store.people import Role
from scheduler.store.treatment import AdministrationRow, AttemptRow, SeriesRow
from scheduler.store.visits import VisitRow

EARLY = timedelta(hours=4)
LATE = timedelta(hours=6)
"""How far outside its promised window a visit may be set out for, or go on."""

_ON_THE_WAY = {
    VisitEvent.SET_OUT: AttemptState.EN_ROUTE,
    VisitEvent.ARRIVE: AttemptState.PRE_CHECK,
    VisitEvent.START: AttemptState.ADMINISTERING,
}
_REACHED = {
    VisitEvent.SET_OUT: VisitState.EN_ROUTE,
    VisitEvent.ARRIVE: VisitState.ARRIVED,
    VisitEvent.START: VisitState.STARTED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was given: mg, when, whether it was stopped early, and notes."""

    given_mg: Decimal
    started_at: datetime
    ended_at: datetime
    aborted: bool = False
    tolerance: str = ""
    notes: str = ""


def progress(desk: Desk, visit_id: UUID, event: VisitEvent) -> VisitState:
    """Take a visit a step further: set out, arrive or start. The licence is looked at again.

    A step that was taken already is taken as done.
    """
    if event not in _ON_THE_WAY:
        raise InvalidInput({"event": "must be set out, arrive or start"})
    allow_own_visit(desk, visit_id)
    drive = estimate_drive(desk, visit_id) if event is VisitEvent.SET_OUT else None
    with transaction(desk.session) as session:
        visit, series = lock_own_visit(desk, visit_id)
        if visit.state is _REACHED[event]:
            return visit.state
        visit.state = next_state(visit.state, event)
        _require_its_time(visit, desk.now())
        require_credential(session, visit)
        attempt = attempt_of(desk, visit)
        if series is not None and attempt is not None:
            require_released(desk, series, visit, attempt, starting=event is VisitEvent.START)
            attempt.state = _ON_THE_WAY[event]
        if drive is not None:
            begin_drive(desk, visit, drive)
        if event is VisitEvent.ARRIVE:
            end_drive(desk, visit)
        desk.record(event.value, "visit", visit.id, visit.patient_id)
        return visit.state


def _require_its_time(visit: VisitRow, now: datetime) -> None:
    """Raise IllegalTransition far from the promised window: this visit is for another time."""
    if not visit.window_starts_at - EARLY <= now <= visit.window_ends_at + LATE:
        raise IllegalTransition("This visit is planned for another time.")


def allow_own_visit(desk: Desk, visit_id: UUID) -> None:
    """Raise unless the actor is the visit's own clinician; another's looks like none."""
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow(Role.CLINICIAN, Role.PRESCRIBER)
    desk.allow_clinician(visit.clinician_id)


def lock_own_visit(desk: Desk, visit_id: UUID) -> tuple[VisitRow, SeriesRow | None]:
    """Lock all that a step of the actor's own visit touches; return visit and series."""
    session = desk.session
    visit = queries.get(session, VisitRow, visit_id, "visit")
    lock_patient(session, visit.patient_id)
    series = lock_series(session, visit.series_id) if visit.series_id else None
    session.refresh(visit)
    lock_for_change(session, [(visit.clinician_id, visit.on_day)])
    session.refresh(visit)
    desk.allow_clinician(visit.clinician_id)
    return visit, series


def attempt_of(desk: Desk, visit: VisitRow) -> AttemptRow | None:
    """Return the attempt that a visit stands for, None outside a series."""
    if visit.series_id is None:
        return None
    for row in queries.attempts_of_series(desk.session, visit.series_id):
        if (row.number, row.attempt) == (visit.number, visit.attempt):
            return row
    return None


def complete(desk: Desk, visit_id: UUID, outcome: Outcome | None, note: str = "") -> None:
    """Complete a visit. A dosed one is completed with its outcome, which frees the next step.

    `note` is what the clinician says of a visit without a dose. The same once more is taken as
    done.

    Raises:
        InvalidInput: a dosed visit without an outcome, or an outcome that cannot be.
        IllegalTransition: the visit is not going on, or was completed with another outcome.
    """
    allow_own_visit(desk, visit_id)
    with transaction(desk.session) as session:
        visit, series = lock_own_visit(desk, visit_id)
        if visit.state is VisitState.COMPLETED:
            _require_same(desk, visit, outcome)
            return
        now = desk.now()
        attempt = attempt_of(desk, visit)
        end_visit(visit, VisitEvent.COMPLETE, now, desk.actor.account_id, note or "completed")
        cancel_visit_messages(session, visit, now)
        if series is not None and attempt is not None:
            _record_outcome(desk, visit, attempt, outcome)
            _go_on(desk, series, attempt, review=_needs_review(attempt, outcome))
        elif outcome is not None:
            raise InvalidInput({"outcome": "this visit has no dose to record"})
        desk.record("complete", "visit", visit.id, visit.patient_id)


def _require_same(desk: Desk, visit: VisitRow, outcome: Outcome | None) -> None:
    """Raise IllegalTransition unless the outcome is the one that was recorded: nothing is lost."""
    row = desk.session.scalar(
        select(AdministrationRow).where(
            AdministrationRow.visit_id == visit.id, AdministrationRow.entered_in_error_at.is_(None)
        )
    )
    recorded = row and Outcome(
        Decimal(row.given_mg),
        row.started_at,
        row.ended_at,
        row.aborted,
        **json.loads(row.notes),
    )
    if recorded != outcome:
        raise IllegalTransition("This visit is recorded already. What was recorded stands.")


def _record_outcome(
    desk: Desk, visit: VisitRow, attempt: AttemptRow, outcome: Outcome | None
) -> None:
    if outcome is None:
        raise InvalidInput({"outcome": "must say what was given"})
    _check_outcome(desk, visit, outcome, Decimal(attempt.mg))
    desk.session.add(
        AdministrationRow(
            attempt_id=attempt.id,
            visit_id=visit.id,
            given_mg=str(outcome.given_mg),
            notes=json.dumps({"tolerance": outcome.tolerance, "notes": outcome.notes}),
            started_at=outcome.started_at,
            ended_at=outcome.ended_at,
            aborted=outcome.aborted,
            recorded_by=desk.actor.account_id,
            recorded_at=desk.now(),
        )
    )
    attempt.state = AttemptState.OUTCOME_RECORDED


def _needs_review(attempt: AttemptRow, outcome: Outcome | None) -> bool:
    """Say whether a prescriber must look: stopped early, or more given than was authorised."""
    return outcome is not None and (outcome.aborted or outcome.given_mg > Decimal(attempt.mg))


def _check_outcome(desk: Desk, visit: VisitRow, outcome: Outcome, planned_mg: Decimal) -> None:
    problems = {}
    if outcome.given_mg < 0:
        problems["given_mg"] = "must not be negative"
    elif outcome.given_mg < planned_mg and not outcome.aborted:
        problems["aborted"] = "less than the authorized dose was given: say that it was stopped"
    if not outcome.started_at <= outcome.ended_at <= desk.now():
        problems["ended_at"] = "must not be before the start nor in the future"
    if outcome.started_at < visit.window_starts_at - EARLY:
        problems["started_at"] = "lies before the visit"
    if visit.series_id and _before_last_dose(desk, visit.series_id, outcome.started_at):
        problems["started_at"] = "lies before the end of the dose before"
    if problems:
        raise InvalidInput(problems)


def _before_last_dose(desk: Desk, series_id: UUID, started_at: datetime) -> bool:
    given = queries.given_in_series(desk.session, series_id)
    return any(started_at < row.ended_at for row in given)


def _go_on(desk: Desk, series: SeriesRow, attempt: AttemptRow, *, review: bool) -> None:
    """Make the next administration eligible, end the series, or ask for a review."""
    if review:
        series.state = SeriesState.AWAITING_REVIEW
    elif not open_next(desk.session, series.id, attempt.number):
        series.state = SeriesState.COMPLETED
