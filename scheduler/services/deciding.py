"""A prescriber decides on a series that waits for review: let it go on, or end it."""

from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import IllegalTransition, InvalidInput
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import TAKES_CAPACITY, UNDER_WAY
from scheduler.services.changing import NEW_TIME_TASK, cancel_locked
from scheduler.services.course import open_next
from scheduler.services.desk import Desk
from scheduler.services.placing import lock_for_change
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient, lock_series
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import Role
from scheduler.store.treatment import SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

_OPEN_ATTEMPTS = frozenset({AttemptState.LOCKED, AttemptState.ELIGIBLE, AttemptState.HELD})

_DECIDED = {
    True: frozenset({SeriesState.ACTIVE, SeriesState.COMPLETED}),
    False: frozenset({SeriesState.STOPPED}),
}
"""Where a series stands once it was decided that it goes on, or that it does not."""


def decide_series(desk: Desk, series_id: UUID, *, go_on: bool, reason: str) -> SeriesState:
    """Let a series go on after its review, or end it, with a reason.

    Going on makes the next administration eligible and signs nothing off. Ending calls off every
    visit ahead and tells the patient. The same decision once more is taken as done.

    Raises:
        InvalidInput: no reason given.
        IllegalTransition: the series does not wait for a review, or a visit is under way.
    """
    desk.allow(Role.PRESCRIBER)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    patient_id = queries.get(desk.session, SeriesRow, series_id, "series").patient_id
    with transaction(desk.session) as session:
        lock_patient(session, patient_id)
        series = lock_series(session, series_id)
        if series.state in _DECIDED[go_on]:
            return series.state
        if series.state is not SeriesState.AWAITING_REVIEW:
            raise IllegalTransition("This series is not waiting for a decision.")
        if go_on:
            _go_on(desk, series)
        else:
            _end(desk, series)
        decided = "let series go on" if go_on else "end series"
        desk.record(decided, "series", series.id, patient_id, reason)
        return series.state


def _go_on(desk: Desk, series: SeriesRow) -> None:
    attempts = queries.attempts_of_series(desk.session, series.id)
    recorded = [row.number for row in attempts if row.state is AttemptState.OUTCOME_RECORDED]
    more = open_next(desk.session, series.id, max(recorded, default=0))
    series.state = SeriesState.ACTIVE if more else SeriesState.COMPLETED


def _end(desk: Desk, series: SeriesRow) -> None:
    """End the series before its visits: a place in an ended series is not kept open."""
    session = desk.session
    visits = [
        visit
        for visit in queries.visits_of_series(session, series.id)
        if visit.state in TAKES_CAPACITY
    ]
    if any(visit.state in UNDER_WAY for visit in visits):
        raise IllegalTransition("A visit of this series is under way. Wait until it is recorded.")
    lock_for_change(session, [(visit.clinician_id, visit.on_day) for visit in visits])
    series.state = SeriesState.STOPPED
    session.flush()
    for visit in visits:
        session.refresh(visit)
        cancel_locked(desk, visit, "the prescriber ended the plan")
    for attempt in queries.attempts_of_series(session, series.id):
        if attempt.state in _OPEN_ATTEMPTS:
            attempt.state = AttemptState.OMITTED
    request = queries.get(session, VisitRequestRow, series.request_id, "request")
    request.state = RequestState.CLOSED
    _withdraw_calls_for_times(desk, series)


def _withdraw_calls_for_times(desk: Desk, series: SeriesRow) -> None:
    """Nobody needs to look for new times in a series that has ended."""
    rows = desk.session.scalars(
        select(CallTaskRow)
        .join(VisitRow, VisitRow.id == CallTaskRow.visit_id)
        .where(
            VisitRow.series_id == series.id,
            CallTaskRow.dedupe_key.startswith(NEW_TIME_TASK),
            CallTaskRow.done_at.is_(None),
        )
    )
    for row in rows:
        row.done_at = desk.now()
