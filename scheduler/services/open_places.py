"""A visit of a plan that has lost its time gets another, inside the gaps of the series (H7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import IllegalTransition, NotFound
from scheduler.domain.series import AttemptState, SeriesState, allowed_arrivals
from scheduler.domain.timing import TimeWindow
from scheduler.domain.visits import TAKES_CAPACITY, VisitState
from scheduler.matching.model import Wanted
from scheduler.services import schedule
from scheduler.services.candidates import Candidates, candidates_among
from scheduler.services.changing import NEW_TIME_TASK
from scheduler.services.course import giving_minutes, neighbours_of, protocol_of
from scheduler.services.desk import Desk
from scheduler.services.driving import DrivingTable, with_driving
from scheduler.services.offers import HORIZON, LEAD_TIME
from scheduler.services.outbox import Change, write_visit_messages
from scheduler.services.placing import (
    Choice,
    end_expired_on,
    lock_for_change,
    new_visit,
    place_locked,
    points_for,
    require_order,
)
from scheduler.store import mapping, queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient, lock_series
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import VisitRequestRow, VisitRow

FOUND = "A new time was found."
RUNNING = (SeriesState.ACTIVE, SeriesState.AWAITING_REVIEW)
OPEN = (AttemptState.LOCKED, AttemptState.ELIGIBLE)


@dataclass(frozen=True, slots=True)
class OpenPlaceFile:
    """A place without a time, for dispatch: whose, which of how many, and where.

    `opens` and `closes` bound the arrival, in the address's `timezone`.
    """

    series_id: UUID
    number: int
    of: int
    patient_id: UUID
    patient: str
    phone: str
    service: str
    address: str
    timezone: str
    opens: datetime | None
    closes: datetime | None
    candidates: Candidates


def read_open_place(
    desk: Desk, series_id: UUID, number: int, on: date | None = None
) -> OpenPlaceFile:
    """Return who can make a visit of a series that has no time.

    Raises:
        NotFound: there is no such place.
        IllegalTransition: it has its time, the series has ended, or an earlier one comes first.
    """
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    session = desk.session
    series = queries.get(session, SeriesRow, series_id, "series")
    desk.record_look("view candidates", "series", series_id, series.patient_id)
    series = queries.get(session, SeriesRow, series_id, "series")
    attempts = queries.attempts_of_series(session, series_id)
    _open_attempt(desk, series, number)
    wanted = _wanted(desk, series, number)
    request = queries.get(session, VisitRequestRow, series.request_id, "request")
    patient = queries.patient_of(session, series.patient_id)
    address = queries.address_of(session, request.address_id)
    window = wanted.windows[0] if wanted.windows else None
    return OpenPlaceFile(
        series_id=series_id,
        number=number,
        of=max(row.number for row in attempts),
        patient_id=patient.id,
        patient=patient.name,
        phone=patient.phone,
        service=queries.find_service(session, request.service_code).name,
        address=f"{address.street}, {address.state} {address.zip_code}",
        timezone=address.timezone,
        opens=window.starts_at if window else None,
        closes=window.ends_at if window else None,
        candidates=candidates_among(desk, wanted, frozenset(), on),
    )


def _open_attempt(desk: Desk, series: SeriesRow, number: int) -> AttemptRow:
    """Return the attempt that waits for a time; raises for one that does not."""
    if series.state not in RUNNING:
        raise IllegalTransition("This plan is not going on: its visits get no new times.")
    mine = [
        row for row in queries.attempts_of_series(desk.session, series.id) if row.number == number
    ]
    if not mine:
        raise NotFound("There is no such visit of the plan.")
    if mine[-1].state not in OPEN or _standing(desk, series.id, mine[-1]) is not None:
        raise IllegalTransition(f"Visit {number} of the plan has its time.")
    return mine[-1]


def _standing(desk: Desk, series_id: UUID, attempt: AttemptRow) -> VisitRow | None:
    for visit in queries.visits_of_series(desk.session, series_id):
        same = (visit.number, visit.attempt) == (attempt.number, attempt.attempt)
        if same and visit.state in TAKES_CAPACITY:
            return visit
    return None


def _wanted(desk: Desk, series: SeriesRow, number: int) -> Wanted:
    """Return where the visit may lie: from the lead time on, inside the gaps to its neighbours."""
    session, now = desk.session, desk.now()
    request = queries.get(session, VisitRequestRow, series.request_id, "request")
    address = queries.address_of(session, request.address_id)
    service = queries.find_service(session, request.service_code)
    protocol = protocol_of(session, series)
    around = neighbours_of(session, series, service, number)
    if around.place_open:
        raise IllegalTransition("An earlier visit of the plan has no time yet. Plan it first.")
    opens, closes = now + LEAD_TIME, None
    if protocol.gap is not None:
        giving = giving_minutes(protocol, service, number)
        first, closes = allowed_arrivals(
            protocol.gap, giving, around.before, around.after, address.timezone
        )
        opens = max(opens, first or opens)
    closes = min(closes or opens + HORIZON, opens + HORIZON)
    others = [
        visit for visit in queries.visits_of_series(session, series.id) if visit.ended_at is None
    ]
    return Wanted(
        patient_id=series.patient_id,
        service=service,
        place=mapping.place(address),
        windows=(TimeWindow(opens, closes),) if opens <= closes else (),
        preferred_clinician_id=_usual_clinician(desk, series.id),
        patient_busy=schedule.busy_windows(session, address, now, frozenset()),
        days_taken=schedule.series_days(others, address.timezone),
    )


def _usual_clinician(desk: Desk, series_id: UUID) -> UUID | None:
    """Return who comes to the other visits: a change costs (02, soft score)."""
    visits = [
        visit
        for visit in queries.visits_of_series(desk.session, series_id)
        if visit.state in TAKES_CAPACITY or visit.state is VisitState.COMPLETED
    ]
    return visits[-1].clinician_id if visits else None


def give_time(desk: Desk, series_id: UUID, number: int, choice: Choice) -> UUID:
    """Give a place of a series its visit, planned as its neighbours are; return the visit.

    The call tasks that asked for the time are done with it. The same choice once more is taken as
    done.

    Raises:
        SlotTaken, NotEligible: decided under the lock; nothing was changed.
        IllegalTransition: the place has another time, or the series does not go on.
        OrderMissing: no order covers that day.
    """
    desk.allow(Role.DISPATCHER)
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    patient_id, request_id = series.patient_id, series.request_id
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    place = mapping.place(queries.address_of(desk.session, request.address_id))

    def act(table: DrivingTable) -> UUID:
        with transaction(desk.session) as session:
            lock_patient(session, patient_id)
            series = lock_series(session, series_id)
            done = _given_already(desk, series_id, number, choice)
            return done or _give_locked(desk, series, number, choice, table)

    return with_driving(desk.ports.travel, lambda: points_for(desk, place.point, [choice]), act)


def _given_already(desk: Desk, series_id: UUID, number: int, choice: Choice) -> UUID | None:
    for visit in queries.visits_of_series(desk.session, series_id):
        same = (visit.number, visit.clinician_id, visit.starts_at)
        if same == (number, choice.clinician_id, choice.starts_at) and visit.ended_at is None:
            return visit.id
    return None


def _give_locked(
    desk: Desk, series: SeriesRow, number: int, choice: Choice, table: DrivingTable
) -> UUID:
    session, now = desk.session, desk.now()
    attempt = _open_attempt(desk, series, number)
    request = queries.get(session, VisitRequestRow, series.request_id, "request")
    wanted = _wanted(desk, series, number)
    require_order(
        session, request, choice.starts_at + timedelta(minutes=wanted.service.visit_minutes)
    )
    day = choice.day(queries.clinician_with_all(session, choice.clinician_id))
    lock_for_change(session, [(choice.clinician_id, day)])
    end_expired_on(session, [(choice.clinician_id, day)], now)
    session.flush()
    decision = place_locked(desk, wanted, choice, frozenset(), table)
    visit = new_visit(request, decision, choice, day, desk)
    visit.series_id, visit.number, visit.attempt = series.id, number, attempt.attempt
    visit.state = VisitState.TENTATIVE
    session.add(visit)
    session.flush()
    write_visit_messages(session, visit, Change.PLANNED, now, desk.practice)
    for task in _calls_for_a_time(desk, series.id, number):
        task.done_at, task.done_by, task.outcome = now, desk.actor.account_id, FOUND
    desk.record("plan visit", "visit", visit.id, visit.patient_id)
    return visit.id


def _calls_for_a_time(desk: Desk, series_id: UUID, number: int) -> Sequence[CallTaskRow]:
    return desk.session.scalars(
        select(CallTaskRow)
        .join(VisitRow, VisitRow.id == CallTaskRow.visit_id)
        .where(
            VisitRow.series_id == series_id,
            VisitRow.number == number,
            CallTaskRow.dedupe_key.startswith(NEW_TIME_TASK),
            CallTaskRow.done_at.is_(None),
        )
    ).all()
