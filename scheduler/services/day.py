"""The day of a visit: on my way, arrived, started, completed, and what was given."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from scheduler.domain.errors import IllegalTransition, InvalidInput
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import VisitEvent, VisitState, next_state
from scheduler.services.desk import Desk
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
    """Take a visit a step further: set out, arrive or start. The licence is looked at again."""
    if event not in _ON_THE_WAY:
        raise InvalidInput({"event": "must be set out, arrive or start"})
    _allow(desk, visit_id)
    with transaction(desk.session) as session:
        visit, series = _lock(desk, visit_id)
        visit.state = next_state(visit.state, event)
        _require_its_time(visit, desk.now())
        require_credential(session, visit)
        attempt = _attempt_of(desk, visit)
        if series is not None and attempt is not None:
            require_released(desk, series, visit, attempt, starting=event is VisitEvent.START)
            attempt.state = _ON_THE_WAY[event]
        desk.record(event.value, "visit", visit.id, visit.patient_id)
        return visit.state


def _require_its_time(visit: VisitRow, now: datetime) -> None:
    """Raise IllegalTransition far from the promised window: this visit is for another time."""
    if not visit.window_starts_at - EARLY <= now <= visit.window_ends_at + LATE:
        raise IllegalTransition("This visit is planned for another time.")


def _allow(desk: Desk, visit_id: UUID) -> None:
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow(Role.CLINICIAN, Role.PRESCRIBER)
    desk.allow_clinician(visit.clinician_id)


def _lock(desk: Desk, visit_id: UUID) -> tuple[VisitRow, SeriesRow | None]:
    session = desk.session
    visit = queries.get(session, VisitRow, visit_id, "visit")
    lock_patient(session, visit.patient_id)
    series = lock_series(session, visit.series_id) if visit.series_id else None
    session.refresh(visit)
    lock_for_change(session, [(visit.clinician_id, visit.on_day)])
    session.refresh(visit)
    desk.allow_clinician(visit.clinician_id)
    return visit, series


def _attempt_of(desk: Desk, visit: VisitRow) -> AttemptRow | None:
    if visit.series_id is None:
        return None
    for row in queries.attempts_of_series(desk.session, visit.series_id):
        if (row.number, row.attempt) == (visit.number, visit.attempt):
            return row
    return None


def complete(desk: Desk, visit_id: UUID, outcome: Outcome | None) -> None:
    """Complete a visit. A dosed one is completed with its outcome, which frees the next step.

    Raises:
        InvalidInput: a dosed visit without an outcome, or an outcome that cannot be.
    """
    _allow(desk, visit_id)
    with transaction(desk.session) as session:
        visit, series = _lock(desk, visit_id)
        now = desk.now()
        attempt = _attempt_of(desk, visit)
        end_visit(visit, VisitEvent.COMPLETE, now, desk.actor.account_id, "completed")
        cancel_visit_messages(session, visit, now)
        if series is not None and attempt is not None:
            _record_outcome(desk, visit, attempt, outcome)
            _go_on(desk, series, attempt, review=_needs_review(attempt, outcome))
        elif outcome is not None:
            raise InvalidInput({"outcome": "this visit has no dose to record"})
        desk.record("complete", "visit", visit.id, visit.patient_id)


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
        problems["aborted"] = "less than the authorised dose was given: say that it was stopped"
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
    rows = queries.attempts_of_series(desk.session, series.id)
    ahead = [row for row in rows if row.number > attempt.number]
    if review:
        series.state = SeriesState.AWAITING_REVIEW
    elif not ahead:
        series.state = SeriesState.COMPLETED
    else:
        following = min(row.number for row in ahead)
        for row in ahead:
            if row.number == following and row.state is AttemptState.LOCKED:
                row.state = AttemptState.ELIGIBLE
