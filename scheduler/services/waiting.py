"""What waits for a prescriber: intakes, orders, doses, and series that were stopped."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from scheduler.domain.dosing import DoseRefused
from scheduler.domain.geography import STATES
from scheduler.domain.series import HOLDS_A_DOSE, AttemptState, SeriesState
from scheduler.domain.timing import local_day
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.services.course import visit_of
from scheduler.services.desk import Desk
from scheduler.services.release import all_refusals, work_out
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.treatment import AttemptRow, IntakeRow, OrderRow, SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

MOST_DOSES = 60
"""How many doses are looked at whole at once: those whose visits come first."""

_UNDER_WAY = (SeriesState.ACTIVE, SeriesState.AWAITING_REVIEW, SeriesState.ON_HOLD)


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Who it is; `age` in whole years, `state` by its name, `zone` of the home."""

    patient_id: UUID
    name: str
    age: int
    state: str
    zone: str


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits for a prescriber; `reasons` say why in words, `run_out` if again."""

    request_id: UUID
    patient: PatientFacts
    service: str
    reasons: tuple[str, ...]
    due_at: datetime
    overdue: bool
    run_out: bool = False


@dataclass(frozen=True, slots=True)
class WaitingSeries:
    """A series that nobody goes on with until a prescriber has decided."""

    series_id: UUID
    patient: PatientFacts
    given_at: datetime | None
    stopped_early: bool
    next_visit_at: datetime | None


@dataclass(frozen=True, slots=True)
class NextDose:
    """The next administration of a series. `missing` is empty where it can be signed off.

    `starts_at` is None where it has no time yet.
    """

    series_id: UUID
    patient: PatientFacts
    number: int
    of: int
    starts_at: datetime | None
    signed: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that waits, each list with what is due first at its head."""

    clearances: tuple[WaitingRequest, ...]
    orders: tuple[WaitingRequest, ...]
    series: tuple[WaitingSeries, ...]
    doses: tuple[NextDose, ...]


def age_on(birth: date, today: date) -> int:
    """Return whole years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def facts_of(patient: PatientRow, address: AddressRow, now: datetime) -> PatientFacts:
    """Return who a patient is, at one of their addresses."""
    today = local_day(now, address.timezone)
    age = age_on(date.fromisoformat(patient.birth_date), today)
    return PatientFacts(patient.id, patient.name, age, STATES[address.state], address.timezone)


def what_waits(desk: Desk) -> Waiting:
    """Return all that waits for a prescriber."""
    desk.allow(Role.PRESCRIBER)
    _record(desk, "view reviews")
    session, now = desk.session, desk.now()
    review = _requests(session, VisitRequestRow.state == RequestState.AWAITING_REVIEW, now)
    order = _requests(session, VisitRequestRow.state == RequestState.AWAITING_ORDER, now)
    run_out = and_(VisitRequestRow.state == RequestState.OPEN, OrderRow.expires_at <= now)
    again = _requests(session, run_out, now)
    courses = _courses(session)
    return Waiting(
        clearances=tuple(review),
        orders=tuple(sorted([*order, *again], key=lambda each: each.due_at)),
        series=tuple(_reviews(session, courses, now)),
        doses=tuple(
            each
            for each in _next_doses(courses, now)
            if not each.signed and not each.missing and each.starts_at is not None
        ),
    )


def next_doses(desk: Desk) -> tuple[tuple[NextDose, ...], int]:
    """Return the next dose of each series with what is missing, and how many more there are."""
    desk.allow(Role.PRESCRIBER)
    _record(desk, "view doses")
    found = _next_doses(_courses(desk.session), desk.now())
    shown = [_judged(desk, each) for each in found[:MOST_DOSES]]
    return tuple(shown), len(found) - len(shown)


def _record(desk: Desk, action: str) -> None:
    with transaction(desk.session):
        desk.record(action, "queue", desk.actor.account_id)


def _requests(session: Session, which: ColumnElement[bool], now: datetime) -> list[WaitingRequest]:
    found = session.execute(
        select(VisitRequestRow, PatientRow, AddressRow, CareServiceRow.name, IntakeRow, OrderRow)
        .join(PatientRow, PatientRow.id == VisitRequestRow.patient_id)
        .join(AddressRow, AddressRow.id == VisitRequestRow.address_id)
        .join(CareServiceRow, CareServiceRow.code == VisitRequestRow.service_code)
        .outerjoin(IntakeRow, IntakeRow.id == VisitRequestRow.intake_id)
        .outerjoin(OrderRow, OrderRow.id == VisitRequestRow.order_id)
        .where(which)
    )
    waiting = []
    for request, patient, address, service, intake, order in found:
        ordered = request.order_id is not None
        due_at = order.expires_at if ordered else request.review_due_at or request.created_at
        waiting.append(
            WaitingRequest(
                request_id=request.id,
                patient=facts_of(patient, address, now),
                service=service,
                reasons=_reasons(intake) if request.intake_id else (),
                due_at=due_at,
                overdue=due_at < now,
                run_out=ordered,
            )
        )
    return sorted(waiting, key=lambda each: each.due_at)


def _reasons(intake: IntakeRow) -> tuple[str, ...]:
    return tuple(json.loads(intake.answers).get("supervision", ()))


@dataclass(frozen=True, slots=True)
class _Course:
    series: SeriesRow
    patient: PatientRow
    address: AddressRow
    attempts: Sequence[AttemptRow]
    visits: Sequence[VisitRow]

    def next_number(self) -> int | None:
        """Return the administration after those recorded."""
        recorded = [
            row.number for row in self.attempts if row.state is AttemptState.OUTCOME_RECORDED
        ]
        ahead = [row.number for row in self.attempts if row.number > max(recorded, default=0)]
        return min(ahead, default=None)

    def newest(self, number: int) -> AttemptRow:
        """Return the attempt that stands for an administration now."""
        return [row for row in self.attempts if row.number == number][-1]

    def starts_at(self, number: int) -> datetime | None:
        """Return when an administration's visit is planned."""
        times = [
            visit.starts_at
            for visit in self.visits
            if visit.number == number and visit.state in TAKES_CAPACITY
        ]
        return times[-1] if times else None


def _courses(session: Session) -> list[_Course]:
    found = session.execute(
        select(SeriesRow, PatientRow, AddressRow)
        .join(PatientRow, PatientRow.id == SeriesRow.patient_id)
        .join(VisitRequestRow, VisitRequestRow.id == SeriesRow.request_id)
        .join(AddressRow, AddressRow.id == VisitRequestRow.address_id)
        .where(SeriesRow.state.in_(_UNDER_WAY))
    ).all()
    ids = [series.id for series, _, _ in found]
    attempts = _by_series(
        session.scalars(
            select(AttemptRow)
            .where(AttemptRow.series_id.in_(ids))
            .order_by(AttemptRow.number, AttemptRow.attempt)
        )
    )
    visits = _by_series(
        session.scalars(
            select(VisitRow)
            .where(VisitRow.series_id.in_(ids))
            .order_by(VisitRow.number, VisitRow.attempt)
        )
    )
    return [
        _Course(series, patient, address, attempts[series.id], visits[series.id])
        for series, patient, address in found
    ]


_InSeries = TypeVar("_InSeries", AttemptRow, VisitRow)


def _by_series(rows: Iterable[_InSeries]) -> defaultdict[UUID | None, list[_InSeries]]:
    grouped: defaultdict[UUID | None, list[_InSeries]] = defaultdict(list)
    for row in rows:
        grouped[row.series_id].append(row)
    return grouped


def _reviews(session: Session, courses: Iterable[_Course], now: datetime) -> list[WaitingSeries]:
    waiting = []
    for course in courses:
        if course.series.state is not SeriesState.AWAITING_REVIEW:
            continue
        given = queries.given_in_series(session, course.series.id)
        number = course.next_number()
        waiting.append(
            WaitingSeries(
                series_id=course.series.id,
                patient=facts_of(course.patient, course.address, now),
                given_at=given[-1].started_at if given else None,
                stopped_early=bool(given) and given[-1].aborted,
                next_visit_at=course.starts_at(number) if number else None,
            )
        )
    return sorted(waiting, key=lambda each: each.given_at or now)


def _next_doses(courses: Iterable[_Course], now: datetime) -> list[NextDose]:
    """Return the next administration of each series, the one whose visit comes first at the head.

    What has no time yet comes last.
    """
    doses = []
    for course in courses:
        number = course.next_number()
        if number is None:
            continue
        newest = course.newest(number)
        doses.append(
            NextDose(
                series_id=course.series.id,
                patient=facts_of(course.patient, course.address, now),
                number=number,
                of=len({row.number for row in course.attempts}),
                starts_at=course.starts_at(number),
                signed=newest.state in HOLDS_A_DOSE,
                missing=_state_words(course.series.state, newest.state),
            )
        )
    return sorted(doses, key=lambda each: (each.starts_at is None, each.starts_at or now))


def _state_words(series: SeriesState, attempt: AttemptState) -> tuple[str, ...]:
    if series is SeriesState.AWAITING_REVIEW:
        return ("A prescriber must decide first whether the series goes on.",)
    if series is SeriesState.ON_HOLD:
        return ("The series is paused.",)
    if attempt is AttemptState.LOCKED:
        return ("The outcome of the visit before is not recorded.",)
    return ()


def _judged(desk: Desk, dose: NextDose) -> NextDose:
    """Add what the guard has against a dose that waits for its signature."""
    if dose.signed or dose.missing:
        return dose
    if dose.starts_at is None:
        return replace(dose, missing=("The visit has no time yet: dispatch must find one.",))
    series = queries.get(desk.session, SeriesRow, dose.series_id, "series")
    try:
        worked_out = work_out(desk, series, dose.number)
    except DoseRefused as refused:
        return replace(dose, missing=(str(refused),))
    visit = visit_of(desk.session, dose.series_id, dose.number)
    refusals = all_refusals(desk, series, visit, worked_out)
    return replace(dose, missing=tuple(refusal.text for refusal in refusals))
