"""A clinician's day as they drive it: when to leave, where to, what is allowed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.domain.care import CareService, WayOfGiving
from scheduler.domain.errors import NotFound
from scheduler.domain.geography import Point, Precision
from scheduler.domain.protocols import Level, WeightReading
from scheduler.domain.series import HOLDS_A_DOSE, AttemptState
from scheduler.domain.timing import from_minute, local_day
from scheduler.domain.visits import UNDER_WAY, VisitState
from scheduler.matching.model import Break
from scheduler.services.course import protocol_of
from scheduler.services.day import EARLY, LATE, attempt_of
from scheduler.services.desk import Desk
from scheduler.services.driving import leg_minutes
from scheduler.services.review import name_of
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.people import AddressRow, Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import VisitRow

DAYS_SHOWN = 2
"""Today and tomorrow: no more health data on a phone than that."""


@dataclass(frozen=True, slots=True)
class DoseCard:
    """A dose that is signed off: how it is worked out, how it is given, and who signed when."""

    level: Level
    reference_kg: Decimal
    mg: Decimal
    way_of_giving: WayOfGiving
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class StopCard:
    """One visit of the route. `drive_minutes` come from the point before.

    `dosed` without a `dose` must not start. `can_set_out_from` is the first instant at which the
    clinician may be on the way, `current` whether that and the last are around now.
    """

    visit_id: UUID
    state: VisitState
    service: str
    number: int | None
    zone: str
    starts_at: datetime
    ends_at: datetime
    window: tuple[datetime, datetime]
    drive_minutes: int
    patient: str
    phone: str
    address: str
    exact: bool
    access: str
    dosed: bool
    dose: DoseCard | None
    weight: WeightReading | None
    can_set_out_from: datetime
    current: bool

    @property
    def on(self) -> date:
        """Return the home's local day of the planned arrival."""
        return local_day(self.starts_at, self.zone)

    @property
    def leave_at(self) -> datetime:
        """Return when to leave the point before."""
        return self.starts_at - timedelta(minutes=self.drive_minutes)


@dataclass(frozen=True, slots=True)
class Pause:
    """The day's break: minutes, and between which instants it may start.

    `before` is the position of the stop that it comes before.
    """

    minutes: int
    starts_at: datetime
    opens: datetime
    closes: datetime
    before: int


@dataclass(frozen=True, slots=True)
class DayRoute:
    """A clinician's local day: stops in order, the break, and the way home (None without one)."""

    on: date
    today: date
    zone: str
    stops: tuple[StopCard, ...]
    pause: Pause | None
    home_minutes: int | None

    @property
    def next_stop(self) -> StopCard | None:
        """Return the first stop that is not over."""
        return next((stop for stop in self.stops if stop.state in _AHEAD), None)


_GIVEN = frozenset({AttemptState.OUTCOME_RECORDED})
_AHEAD = UNDER_WAY | {VisitState.BOOKED, VisitState.TENTATIVE}


def my_route(desk: Desk, days_ahead: int) -> DayRoute:
    """Return the actor's own route of today (0) or tomorrow (1)."""
    desk.allow(Role.CLINICIAN, Role.PRESCRIBER)
    clinician_id = desk.actor.person_id
    if clinician_id is None or not 0 <= days_ahead < DAYS_SHOWN:
        raise NotFound("There is no such route.")
    with transaction(desk.session):
        desk.record("view route", "clinician", clinician_id)
    clinician = queries.clinician_with_all(desk.session, clinician_id)
    today = local_day(desk.now(), clinician.timezone)
    on = today + timedelta(days=days_ahead)
    return _day(desk, clinician, on, today)


def look_at_stop(desk: Desk, visit_id: UUID) -> StopCard:
    """Return one visit of the actor's own: today's or tomorrow's, or one under way.

    Raises:
        NotFound: another's, or of another day.
    """
    desk.allow(Role.CLINICIAN, Role.PRESCRIBER)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    desk.allow_clinician(visit.clinician_id)
    desk.record_look("view", "visit", visit_id, visit.patient_id)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    clinician = queries.clinician_with_all(desk.session, visit.clinician_id)
    on = visit.on_day
    today = local_day(desk.now(), clinician.timezone)
    if visit.state not in UNDER_WAY and not 0 <= (on - today).days < DAYS_SHOWN:
        raise NotFound("This visit is not of today or tomorrow.")
    for stop in _day(desk, clinician, on, today).stops:
        if stop.visit_id == visit_id:
            return stop
    raise NotFound("This visit is no longer in your route.")


def _day(desk: Desk, clinician: ClinicianRow, on: date, today: date) -> DayRoute:
    session, now = desk.session, desk.now()
    found = [
        (visit, address)
        for visit, address in queries.stops_on(session, [clinician.id], on, on, now)
        if visit.state is not VisitState.RESERVED
    ]
    home = Point(clinician.start_latitude, clinician.start_longitude)
    points = [mapping.place(address).point for _, address in found]
    way = [home, *points, home] if points else []
    times = [visit.starts_at for visit, _ in found] + [visit.ends_at for visit, _ in found[-1:]]
    legs = leg_minutes(desk.ports.travel, way, clinician.timezone, times)
    stops = tuple(
        _card(desk, visit, address, legs[at]) for at, (visit, address) in enumerate(found)
    )
    route = mapping.route(clinician, on, ())
    return DayRoute(
        on=on,
        today=today,
        zone=clinician.timezone,
        stops=stops,
        pause=_pause(route.pause, route.shift_start, stops) if route and route.pause else None,
        home_minutes=legs[-1] if stops else None,
    )


def _pause(pause: Break, shift_start: int, stops: Sequence[StopCard]) -> Pause:
    """Return the break at the first place in the day where it fits, else after the last stop."""
    opens, closes = from_minute(pause.earliest), from_minute(pause.latest)
    length = timedelta(minutes=pause.minutes)
    free = from_minute(shift_start)
    for at, stop in enumerate(stops):
        starts = max(free, opens)
        if starts <= closes and starts + length <= stop.leave_at:
            return Pause(pause.minutes, starts, opens, closes, at)
        free = stop.ends_at
    return Pause(pause.minutes, max(free, opens), opens, closes, len(stops))


def _card(desk: Desk, visit: VisitRow, address: AddressRow, drive_minutes: int) -> StopCard:
    session, now = desk.session, desk.now()
    patient = queries.patient_of(session, visit.patient_id)
    service = queries.find_service(session, visit.service_code)
    weight = queries.latest_weight(session, patient.id) if service.dosed else None
    opens = visit.window_starts_at - EARLY
    return StopCard(
        visit_id=visit.id,
        state=visit.state,
        service=service.name,
        number=visit.number,
        zone=visit.timezone,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        window=(visit.window_starts_at, visit.window_ends_at),
        drive_minutes=drive_minutes,
        patient=patient.name,
        phone=patient.phone,
        address=f"{address.street}, {address.state} {address.zip_code}",
        exact=address.precision == Precision.STREET,
        access=address.access,
        dosed=visit.series_id is not None,
        dose=_dose(session, visit, service, attempt_of(desk, visit)),
        weight=mapping.weight(weight) if weight else None,
        can_set_out_from=opens,
        current=opens <= now <= visit.window_ends_at + LATE,
    )


def _dose(
    session: Session, visit: VisitRow, service: CareService, attempt: AttemptRow | None
) -> DoseCard | None:
    if visit.series_id is None or attempt is None or not attempt.signed_hash:
        return None
    if attempt.signed_at is None or attempt.state not in HOLDS_A_DOSE | _GIVEN:
        return None
    series = queries.get(session, SeriesRow, visit.series_id, "series")
    return DoseCard(
        level=protocol_of(session, series).level_of(attempt.number),
        reference_kg=Decimal(attempt.reference_kg),
        mg=Decimal(attempt.mg),
        way_of_giving=service.way_of_giving,
        signed_by=name_of(session, attempt.signed_by),
        signed_at=attempt.signed_at,
    )
