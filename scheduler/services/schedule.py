"""The schedule as read for one request: who is near, their days, and what stands in them."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.domain.geography import great_circle_km
from scheduler.domain.timing import TimeWindow, days_between, local_day
from scheduler.matching.model import Candidate, Route, Schedule, Stop, Wanted
from scheduler.services.coverage import REACH_KM
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow, TimeOffRow
from scheduler.store.people import AddressRow
from scheduler.store.visits import VisitRow

Days = tuple[date, date]

PATIENT_SET_OUT_MINUTES = 30
PATIENT_MINUTES_PER_KM = 1.45
"""A patient's own way: half an hour to get going, then 60 km/h over a road 1.45 times as long."""


def load_schedule(
    session: Session, wanted: Wanted, days: Days, now: datetime, without: frozenset[UUID]
) -> Schedule:
    """Return everyone near the wanted place with their routes on the days.

    `without` are visits to leave out: those that the answer would replace.
    """
    rows = queries.clinicians_near(session, wanted.place.point, REACH_KM)
    blocked = queries.blocked_pairs(session, wanted.patient_id)
    ids = [row.id for row in rows]
    stops = _stops(session, ids, days, now, without)
    off = {
        (pause.clinician_id, day): pause.reason
        for pause in queries.time_off(session, ids, *days)
        for day in days_between(max(pause.first_day, days[0]), min(pause.last_day, days[1]))
    }
    routes = [
        route
        for row in rows
        for day in days_between(*days)
        if (row.id, day) not in off
        and (route := mapping.route(row, day, tuple(stops[row.id, day]))) is not None
    ]
    return Schedule(
        clinicians={row.id: _candidate(row, wanted.patient_id, blocked) for row in rows},
        routes=tuple(routes),
        rulebook=queries.read_rulebook(session, wanted.place.state),
        off=off,
    )


def _candidate(row: ClinicianRow, patient_id: UUID, blocked: frozenset[UUID]) -> Candidate:
    pair = frozenset({patient_id}) if row.id in blocked else frozenset()
    return mapping.candidate(row, pair)


def _stops(
    session: Session, ids: Sequence[UUID], days: Days, now: datetime, without: frozenset[UUID]
) -> defaultdict[tuple[UUID, date], list[Stop]]:
    stops: defaultdict[tuple[UUID, date], list[Stop]] = defaultdict(list)
    for visit, address in queries.stops_on(session, ids, *days, now):
        if visit.id not in without:
            stops[visit.clinician_id, visit.on_day].append(mapping.stop(visit, address))
    return stops


def load_day(
    session: Session, clinician_id: UUID, on: date, now: datetime, without: frozenset[UUID]
) -> tuple[ClinicianRow, Route | None]:
    """Return a clinician and their route on a day; None without a shift or in time off."""
    row = queries.clinician_with_all(session, clinician_id)
    pauses: Sequence[TimeOffRow] = queries.time_off(session, [clinician_id], on, on)
    if pauses:
        return row, None
    stops = _stops(session, [clinician_id], (on, on), now, without)
    return row, mapping.route(row, on, tuple(stops[clinician_id, on]))


def busy_windows(
    session: Session, address: AddressRow, now: datetime, without: frozenset[UUID]
) -> tuple[TimeWindow, ...]:
    """Return when the patient of an address cannot be visited there, because of other visits.

    A visit counts over its whole promised window, one elsewhere with the way between both (I1).
    """
    windows = []
    for visit in queries.live_visits_of_patient(session, address.patient_id, now):
        if visit.id not in without:
            way = _patients_way(queries.address_of(session, visit.address_id), address)
            ends_at = visit.window_ends_at + (visit.ends_at - visit.starts_at)
            windows.append(TimeWindow(visit.window_starts_at - way, ends_at + way))
    return tuple(windows)


def _patients_way(a: AddressRow, b: AddressRow) -> timedelta:
    """Return a generous time for a patient's own way, by the straight line."""
    if a.id == b.id:
        return timedelta()
    km = great_circle_km(mapping.place(a).point, mapping.place(b).point)
    return timedelta(minutes=math.ceil(PATIENT_SET_OUT_MINUTES + km * PATIENT_MINUTES_PER_KM))


def days_of(windows: Sequence[TimeWindow], zone: str) -> Days:
    """Return the first and last local day that the windows touch, with a day of room around."""
    first = min(local_day(window.starts_at, zone) for window in windows)
    last = max(local_day(window.ends_at, zone) for window in windows)
    return first - timedelta(days=1), last + timedelta(days=1)


def series_days(visits: Sequence[VisitRow], zone: str) -> frozenset[date]:
    """Return the local days that a series already uses: one visit a day."""
    return frozenset(local_day(visit.starts_at, zone) for visit in visits)
