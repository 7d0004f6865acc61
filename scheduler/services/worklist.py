"""What waits for a visit: open requests, those that wait for a prescriber, places of a series."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.services.desk import Desk
from scheduler.services.offers import search, wanted_for
from scheduler.services.series import propose_series
from scheduler.store.database import transaction
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

LOOKED_INTO = 20
"""For so many open requests, due first, the list says at once whether anybody can come."""

_WAITING = (RequestState.OPEN, RequestState.AWAITING_REVIEW, RequestState.AWAITING_ORDER)


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request without a visit; `why` says in words what keeps it, or that times are free."""

    request_id: UUID
    patient_id: UUID
    patient: str
    service: str
    dosed: bool
    place: str
    timezone: str
    state: RequestState
    wanted_from: datetime
    wanted_until: datetime
    review_due_at: datetime | None
    created_at: datetime
    why: str
    possible: bool

    @property
    def due_at(self) -> datetime:
        """Return by when it must go on: the review, or the visit."""
        return self.review_due_at or self.wanted_until

    @property
    def looked_into(self) -> bool:
        """Say whether it is known if anybody can come."""
        return self.possible or bool(self.why)


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A visit of a running series that has lost its time."""

    series_id: UUID
    patient_id: UUID
    patient: str
    number: int


@dataclass(frozen=True, slots=True)
class Worklist:
    """Everything that waits for a visit, what is due first at the head."""

    requests: tuple[WaitingRequest, ...]
    places: tuple[OpenPlace, ...]


def read_worklist(desk: Desk) -> Worklist:
    """Return what waits, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view worklist", "worklist", desk.actor.account_id)
    found = desk.session.execute(
        select(VisitRequestRow, PatientRow, AddressRow, CareServiceRow)
        .join(PatientRow, PatientRow.id == VisitRequestRow.patient_id)
        .join(AddressRow, AddressRow.id == VisitRequestRow.address_id)
        .join(CareServiceRow, CareServiceRow.code == VisitRequestRow.service_code)
        .where(VisitRequestRow.state.in_(_WAITING))
        .order_by(VisitRequestRow.wanted_until, VisitRequestRow.created_at)
    ).all()
    looked = 0
    waiting = []
    for request, patient, address, service in found:
        why, possible = "", False
        if request.state is RequestState.OPEN:
            looked += 1
            if looked <= LOOKED_INTO:
                why, possible = _look_into(desk, request, dosed=service.dosed)
        waiting.append(_waiting(request, patient, address, service, (why, possible)))
    waiting.sort(key=lambda each: each.due_at)
    return Worklist(tuple(waiting), tuple(_open_places(desk.session)))


def _look_into(desk: Desk, request: VisitRequestRow, *, dosed: bool) -> tuple[str, bool]:
    if dosed:
        return _look_into_series(desk, request)
    found = search(desk, wanted_for(desk, request, frozenset()), frozenset(), most=1)
    if found.cause is not None:
        return found.cause.words, False
    return "", True


def _look_into_series(desk: Desk, request: VisitRequestRow) -> tuple[str, bool]:
    try:
        propose_series(desk, request.id)
    except SeriesDoesNotFit as refused:
        return str(refused), False
    return "", True


def _waiting(
    request: VisitRequestRow,
    patient: PatientRow,
    address: AddressRow,
    service: CareServiceRow,
    answer: tuple[str, bool],
) -> WaitingRequest:
    return WaitingRequest(
        request_id=request.id,
        patient_id=patient.id,
        patient=patient.name,
        service=service.name,
        dosed=service.dosed,
        place=f"{address.state} {address.zip_code}",
        timezone=address.timezone,
        state=request.state,
        wanted_from=request.wanted_from,
        wanted_until=request.wanted_until,
        review_due_at=None if request.state is RequestState.OPEN else request.review_due_at,
        created_at=request.created_at,
        why=answer[0],
        possible=answer[1],
    )


def _open_places(session: Session) -> Sequence[OpenPlace]:
    standing = exists().where(
        and_(
            VisitRow.series_id == AttemptRow.series_id,
            VisitRow.number == AttemptRow.number,
            VisitRow.attempt == AttemptRow.attempt,
            VisitRow.state.in_(list(TAKES_CAPACITY)),
        )
    )
    found = session.execute(
        select(AttemptRow, SeriesRow, PatientRow)
        .join(SeriesRow, SeriesRow.id == AttemptRow.series_id)
        .join(PatientRow, PatientRow.id == SeriesRow.patient_id)
        .where(
            AttemptRow.attempt > 1,
            AttemptRow.state.in_([AttemptState.LOCKED, AttemptState.ELIGIBLE]),
            SeriesRow.state.in_([SeriesState.ACTIVE, SeriesState.AWAITING_REVIEW]),
            ~standing,
        )
        .order_by(SeriesRow.created_at, AttemptRow.number)
    )
    return [
        OpenPlace(series.id, patient.id, patient.name, attempt.number)
        for attempt, series, patient in found
    ]
