"""Changes that must not break a promise: made under the clinician's lock, and undone if they do.

An administrator's change of a home, credential, skill, license, weekly hours or break is refused
while a visit that stands would no longer hold. Only the end of a license or of a state's rule
cancels visits (`scheduler.services.forbidden_visits`): that is a fact of the world, which does not
wait until somebody has moved them. The limits of a day (visits, minutes of driving) bind new
bookings alone.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import Point
from scheduler.domain.timing import local_day
from scheduler.domain.visits import TAKES_CAPACITY, UNDER_WAY, VisitState
from scheduler.matching.decide import route_problem
from scheduler.services import schedule
from scheduler.services.day import LATE
from scheduler.services.desk import Desk
from scheduler.services.driving import DrivingTable, points_of, with_driving
from scheduler.services.placing import visit_credential_problem
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_clinicians
from scheduler.store.people import AddressRow, Role
from scheduler.store.visits import VisitRow

NO_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class StandingVisit:
    """A visit that stands in the way of a change: when it was promised, and what would break.

    Dispatch knows it by the time and the patient's initials; who only administers sees no names.
    """

    visit_id: UUID
    initials: str
    window_starts_at: datetime
    window_ends_at: datetime
    timezone: str
    why: str


class PromisesInTheWay(SchedulingError):
    """Visits that were promised would no longer hold; nothing was changed."""

    code = "promises_in_the_way"

    def __init__(self, visits: Sequence[StandingVisit]) -> None:
        count = "1 visit" if len(visits) == 1 else f"{len(visits)} visits"
        super().__init__(f"{count} already promised would no longer hold.")
        self.visits = tuple(visits)


def change_clinician(
    desk: Desk,
    clinician_id: UUID,
    change: Callable[[ClinicianRow], None],
    new_start: Point | None = None,
) -> None:
    """Change a clinician's facts alone, with nobody booking meanwhile.

    Args:
        change: works on the locked row and writes the audit record.
        new_start: where the clinician will start from, if that changes.

    Raises:
        PromisesInTheWay: a visit that holds now would not hold any more; nothing was changed.
    """

    def act(table: DrivingTable) -> None:
        with transaction(desk.session) as session:
            lock_clinicians(session, [clinician_id], alone=True)
            row = queries.clinician_with_all(session, clinician_id)
            before = _broken(desk, clinician_id, table)
            change(row)
            session.flush()
            after = _broken(desk, clinician_id, table)
            fresh = [visit for visit_id, visit in after.items() if visit_id not in before]
            if fresh:
                raise PromisesInTheWay(fresh)

    with_driving(desk.ports.travel, lambda: _points(desk, clinician_id, new_start), act)


def visits_ahead(session: Session, clinician_id: UUID, now: datetime) -> Sequence[VisitRow]:
    """Return the visits that stand with a clinician and are not over."""
    return session.scalars(
        select(VisitRow)
        .where(
            VisitRow.clinician_id == clinician_id,
            VisitRow.state.in_(list(TAKES_CAPACITY)),
            or_(VisitRow.state != VisitState.RESERVED, VisitRow.reserved_until > now),
            or_(VisitRow.state.in_(list(UNDER_WAY)), VisitRow.window_ends_at >= now - LATE),
        )
        .order_by(VisitRow.starts_at)
        .execution_options(populate_existing=True)
    ).all()


def standing_visits(desk: Desk, visit_ids: Sequence[UUID]) -> list[StandingVisit]:
    """Return when visits that stand in the way were promised, for an administrator to name them."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(VisitRow).where(VisitRow.id.in_(list(visit_ids))).order_by(VisitRow.starts_at)
    )
    return [_standing(desk.session, row, "") for row in rows]


def _points(desk: Desk, clinician_id: UUID, new_start: Point | None) -> list[Point]:
    session, now = desk.session, desk.now()
    row = queries.clinician_with_all(session, clinician_id)
    points = [Point(row.start_latitude, row.start_longitude)]
    if new_start is not None:
        points.append(new_start)
    days = {visit.on_day for visit in visits_ahead(session, clinician_id, now)}
    for day in sorted(days):
        stops = queries.stops_on(session, [clinician_id], day, day, now)
        points.extend(_point(address) for _, address in stops)
    return points_of([], *points)


def _point(address: AddressRow) -> Point:
    return mapping.place(address).point


def _broken(desk: Desk, clinician_id: UUID, table: DrivingTable) -> dict[UUID, StandingVisit]:
    """Return the visits ahead that the rules would not allow as the clinician's facts are now."""
    by_day: defaultdict[date, list[VisitRow]] = defaultdict(list)
    for visit in visits_ahead(desk.session, clinician_id, desk.now()):
        by_day[visit.on_day].append(visit)
    return {
        visit.id: _standing(desk.session, visit, why)
        for day, visits in by_day.items()
        for visit, why in _problems_of_day(desk, clinician_id, day, visits, table)
    }


def _problems_of_day(
    desk: Desk, clinician_id: UUID, day: date, visits: list[VisitRow], table: DrivingTable
) -> list[tuple[VisitRow, str]]:
    session = desk.session
    row, route = schedule.load_day(session, clinician_id, day, desk.now(), frozenset())
    whole_day = "no hours on that day"
    if route is not None:
        unlimited = replace(route, max_visits=NO_LIMIT, max_travel_minutes=NO_LIMIT)
        whole_day = route_problem(unlimited, table) or ""
    found = []
    for visit in visits:
        why = _problem_of_visit(session, row, visit) or whole_day
        if why:
            found.append((visit, why))
    return found


def _problem_of_visit(session: Session, row: ClinicianRow, visit: VisitRow) -> str | None:
    forbidden = visit_credential_problem(session, visit)
    if forbidden:
        return forbidden
    missing = queries.find_service(session, visit.service_code).skills
    missing -= mapping.candidate(row).skills
    if missing:
        return f"needs the skill: {', '.join(sorted(missing)).replace('_', ' ')}"
    if local_day(visit.starts_at, row.timezone) != visit.on_day:
        return "falls on another day in the new time zone"
    return None


def _standing(session: Session, visit: VisitRow, why: str) -> StandingVisit:
    name = queries.patient_of(session, visit.patient_id).name
    return StandingVisit(
        visit_id=visit.id,
        initials=" ".join(f"{word[0]}." for word in name.split()),
        window_starts_at=visit.window_starts_at,
        window_ends_at=visit.window_ends_at,
        timezone=visit.timezone,
        why=why,
    )
