"""Putting a visit into a locked day: the decision, the row, and how a visit ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import IllegalTransition, SchedulingError
from scheduler.domain.geography import Point
from scheduler.domain.timing import local_day
from scheduler.domain.visits import PlannedTimes, VisitEvent, VisitState, next_state
from scheduler.matching.decide import Decision, SlotTaken, decide
from scheduler.matching.eligibility import credential_problem
from scheduler.matching.model import Route, Wanted
from scheduler.services import schedule
from scheduler.services.desk import SYSTEM_ID, Desk
from scheduler.services.driving import DrivingTable, points_of
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.locking import ClinicianDay, lock_clinicians, lock_days, raise_versions
from scheduler.store.treatment import OrderRow
from scheduler.store.visits import VisitRequestRow, VisitRow


class OrderMissing(SchedulingError):
    """A service that needs a prescription has no order that stands on the day (I5)."""

    code = "order_missing"


@dataclass(frozen=True, slots=True)
class Choice:
    """A clinician and an arrival, as chosen from offers."""

    clinician_id: UUID
    starts_at: datetime

    def day(self, clinician: ClinicianRow) -> date:
        """Return the clinician's local day of the arrival."""
        return local_day(self.starts_at, clinician.timezone)


def points_for(desk: Desk, place: Point, choices: Iterable[Choice]) -> list[Point]:
    """Return every point that deciding the choices will need minutes between."""
    routes: list[Route | None] = []
    for choice in choices:
        clinician = queries.clinician_with_all(desk.session, choice.clinician_id)
        day = choice.day(clinician)
        routes.append(
            schedule.load_day(desk.session, clinician.id, day, desk.now(), frozenset())[1]
        )
    return points_of(routes, place)


def lock_for_change(session: Session, days: Iterable[ClinicianDay]) -> None:
    """Lock clinician-days that are about to change and raise their versions."""
    days = list(days)
    lock_clinicians(session, (clinician_id for clinician_id, _ in days), alone=False)
    raise_versions(lock_days(session, days).values())


def place_locked(
    desk: Desk,
    wanted: Wanted,
    choice: Choice,
    without: frozenset[UUID],
    table: DrivingTable,
) -> Decision:
    """Decide a choice on the locked day and shift the day's other visits inside their promises."""
    clinician = queries.clinician_with_all(desk.session, choice.clinician_id)
    day = choice.day(clinician)
    _, route = schedule.load_day(desk.session, clinician.id, day, desk.now(), without)
    if route is None:
        raise SlotTaken("The clinician does not work then.")
    blocked = queries.blocked_pairs(desk.session, wanted.patient_id)
    pair = frozenset({wanted.patient_id}) if clinician.id in blocked else frozenset()
    decision = decide(
        wanted,
        mapping.candidate(clinician, pair),
        route,
        choice.starts_at,
        queries.read_rulebook(desk.session, wanted.place.state),
        table,
    )
    for visit_id, starts_at in decision.others.items():
        other = queries.get(desk.session, VisitRow, visit_id, "visit")
        other.ends_at = starts_at + (other.ends_at - other.starts_at)
        other.starts_at = starts_at
    return decision


def new_visit(
    request: VisitRequestRow, decision: Decision, choice: Choice, on: date, desk: Desk
) -> VisitRow:
    """Return a visit row for a decision, with no state yet."""
    address_zone = queries.address_of(desk.session, request.address_id).timezone
    return VisitRow(
        request_id=request.id,
        patient_id=request.patient_id,
        address_id=request.address_id,
        clinician_id=choice.clinician_id,
        service_code=request.service_code,
        on_day=on,
        timezone=address_zone,
        promise_version=1,
        created_at=desk.now(),
        **times_of(decision.planned),
    )


def times_of(planned: PlannedTimes) -> dict[str, datetime]:
    """Return planned times as columns of a visit."""
    return {
        "starts_at": planned.starts_at,
        "ends_at": planned.ends_at,
        "window_starts_at": planned.window.starts_at,
        "window_ends_at": planned.window.ends_at,
    }


def require_order(session: Session, request: VisitRequestRow, on: datetime) -> None:
    """Raise OrderMissing unless the request's service needs none or its order stands then (I5)."""
    if not queries.find_service(session, request.service_code).needs_order:
        return
    if request.order_id is not None:
        row = queries.get(session, OrderRow, request.order_id, "order")
        order = mapping.order(row, superseded=queries.is_superseded(session, row.id))
        if order.stands_at(on):
            return
    raise OrderMissing("No valid order covers that day. The prescriber must sign one.")


def require_credential(session: Session, visit: VisitRow) -> None:
    """Raise IllegalTransition unless the visit's clinician may make it, by today's facts (I2)."""
    problem = visit_credential_problem(session, visit)
    if problem:
        raise IllegalTransition(f"The clinician may not make this visit: {problem}.")


def visit_credential_problem(session: Session, visit: VisitRow) -> str | None:
    """Return why the visit's clinician may not make it, over its whole promised span, or None."""
    clinician = queries.clinician_with_all(session, visit.clinician_id)
    place = mapping.place(queries.address_of(session, visit.address_id))
    service = queries.find_service(session, visit.service_code)
    last = visit.window_ends_at + (visit.ends_at - visit.starts_at)
    days = (
        local_day(visit.window_starts_at, place.timezone),
        local_day(last, place.timezone),
    )
    wanted = Wanted(visit.patient_id, service, place, ())
    rules = queries.read_rulebook(session, place.state)
    return credential_problem(mapping.candidate(clinician), wanted, days, rules)


def end_visit(
    visit: VisitRow, event: VisitEvent, now: datetime, actor_id: UUID, reason: str
) -> None:
    """End a visit with who, when and why (I10)."""
    visit.state = next_state(visit.state, event)
    visit.reserved_until = None
    visit.ended_at = now
    visit.ended_by = actor_id
    visit.ended_reason = reason


def end_expired_on(session: Session, days: Iterable[ClinicianDay], now: datetime) -> None:
    """End the reservations on locked days whose ten minutes are over."""
    for clinician_id, on in days:
        rows = session.scalars(
            select(VisitRow).where(
                VisitRow.clinician_id == clinician_id,
                VisitRow.on_day == on,
                VisitRow.state == VisitState.RESERVED,
                VisitRow.reserved_until <= now,
            )
        )
        for visit in rows:
            end_visit(visit, VisitEvent.EXPIRE, now, SYSTEM_ID, "not confirmed in ten minutes")
