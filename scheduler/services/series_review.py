"""A series as its prescriber reads it: what was given, what is planned, and what is allowed."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from scheduler.domain.protocols import Order, Protocol
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.services.course import protocol_of
from scheduler.services.desk import Desk
from scheduler.services.dose_review import DoseToAuthorise, dose_to_authorise
from scheduler.services.review import name_of
from scheduler.services.waiting import PatientFacts, facts_of
from scheduler.store import mapping, queries
from scheduler.store.people import Role
from scheduler.store.treatment import OrderRow, SeriesRow
from scheduler.store.visits import VisitRequestRow


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A dose that was given. `authorised_mg` is None for what nobody signed off."""

    number: int
    level_number: int
    mg: Decimal
    authorised_mg: Decimal | None
    started_at: datetime
    ended_at: datetime
    aborted: bool
    tolerance: str
    notes: str


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """An administration ahead: where it stands, when its visit is, and the mg once signed off."""

    number: int
    level_number: int
    state: AttemptState
    starts_at: datetime | None
    signed_mg: Decimal | None
    signed_by: str


@dataclass(frozen=True, slots=True)
class SeriesReview:
    """A series whole."""

    series_id: UUID
    patient: PatientFacts
    state: SeriesState
    service: str
    protocol: Protocol
    order: Order
    prescriber: str
    given: tuple[GivenLine, ...]
    ahead: tuple[PlannedLine, ...]

    @property
    def given_mg(self) -> Decimal:
        """Return all mg given so far."""
        return sum((line.mg for line in self.given), Decimal(0))


@dataclass(frozen=True, slots=True)
class DoseDecision:
    """A dose to decide on, in its series."""

    dose: DoseToAuthorise
    series: SeriesReview

    @property
    def line(self) -> PlannedLine | None:
        """Return where the administration stands, None once it was given."""
        ahead = self.series.ahead
        return next((line for line in ahead if line.number == self.dose.number), None)


def look_at_series_review(desk: Desk, series_id: UUID) -> SeriesReview:
    """Return a series, for a prescriber."""
    desk.allow(Role.PRESCRIBER)
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    desk.record_look("view series", "series", series_id, series.patient_id)
    return _review(desk, series_id)


def look_at_dose(desk: Desk, series_id: UUID, number: int) -> DoseDecision:
    """Return a dose for a prescriber to decide on; raises NotFound where it has no visit."""
    return DoseDecision(dose_to_authorise(desk, series_id, number), _review(desk, series_id))


def _review(desk: Desk, series_id: UUID) -> SeriesReview:
    session = desk.session
    series = queries.get(session, SeriesRow, series_id, "series")
    request = queries.get(session, VisitRequestRow, series.request_id, "request")
    patient = queries.patient_of(session, series.patient_id)
    address = queries.address_of(session, request.address_id)
    order = queries.get(session, OrderRow, series.order_id, "order")
    given = _given(desk, series_id)
    return SeriesReview(
        series_id=series.id,
        patient=facts_of(patient, address, desk.now()),
        state=series.state,
        service=queries.find_service(session, request.service_code).name,
        protocol=protocol_of(session, series),
        order=mapping.order(order, superseded=queries.is_superseded(session, order.id)),
        prescriber=name_of(session, order.prescriber_id),
        given=given,
        ahead=_ahead(desk, series_id, {line.number for line in given}),
    )


def _given(desk: Desk, series_id: UUID) -> tuple[GivenLine, ...]:
    attempts = {row.id: row for row in queries.attempts_of_series(desk.session, series_id)}
    lines = []
    for row in queries.given_in_series(desk.session, series_id):
        attempt, told = attempts[row.attempt_id], json.loads(row.notes)
        lines.append(
            GivenLine(
                number=attempt.number,
                level_number=attempt.level_number,
                mg=Decimal(row.given_mg),
                authorised_mg=Decimal(attempt.mg) if attempt.signed_hash else None,
                started_at=row.started_at,
                ended_at=row.ended_at,
                aborted=row.aborted,
                tolerance=told.get("tolerance", ""),
                notes=told.get("notes", ""),
            )
        )
    return tuple(lines)


def _ahead(desk: Desk, series_id: UUID, given: set[int]) -> tuple[PlannedLine, ...]:
    starts = {
        visit.number: visit.starts_at
        for visit in queries.visits_of_series(desk.session, series_id)
        if visit.state in TAKES_CAPACITY
    }
    newest = {row.number: row for row in queries.attempts_of_series(desk.session, series_id)}
    return tuple(
        PlannedLine(
            number=row.number,
            level_number=row.level_number,
            state=row.state,
            starts_at=starts.get(row.number),
            signed_mg=Decimal(row.mg) if row.signed_hash else None,
            signed_by=name_of(desk.session, row.signed_by),
        )
        for row in newest.values()
        if row.number not in given
    )
