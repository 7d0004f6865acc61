"""What patients read of their requests and visits: plain values, without rows or codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.dosing import format_mg
from scheduler.domain.errors import NotFound
from scheduler.domain.licensure import Credential
from scheduler.domain.series import HOLDS_A_DOSE, SeriesState
from scheduler.domain.timing import TimeWindow, local_day
from scheduler.domain.visits import CAN_MOVE, VisitState
from scheduler.services.desk import Desk
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import AddressRow, Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow


@dataclass(frozen=True, slots=True)
class ClinicianCard:
    """Who comes: name and credential in one line, and the credential for itself."""

    id: UUID
    words: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class AddressCard:
    """One of the patient's addresses, in one line, with the zone of its clocks."""

    id: UUID
    words: str
    state: str
    zip_code: str
    timezone: str


@dataclass(frozen=True, slots=True)
class VisitCard:
    """A visit as its patient reads it; `dose` is empty until a prescriber has signed it off.

    `minutes` is the time in the home. `number` and `of` count the visits of a series.
    """

    id: UUID
    request_id: UUID
    state: VisitState
    window: TimeWindow
    timezone: str
    minutes: int
    service: str
    clinician: ClinicianCard
    address: AddressCard
    promise_version: int
    reserved_until: datetime | None
    series_id: UUID | None = None
    number: int | None = None
    of: int | None = None
    dose: str = ""

    @property
    def on(self) -> date:
        """The day of the visit, where it takes place."""
        return local_day(self.window.starts_at, self.timezone)

    def is_over_at(self, now: datetime) -> bool:
        """Say whether the minutes for which it was kept are over."""
        return self.reserved_until is not None and self.reserved_until <= now

    @property
    def can_change(self) -> bool:
        """Say whether it can be moved or cancelled."""
        return self.state in CAN_MOVE


@dataclass(frozen=True, slots=True)
class RequestCard:
    """A request as its patient reads it; times can be chosen when its state is OPEN.

    `reserved` is the visit that is kept for a few minutes, if there is one.
    """

    id: UUID
    state: RequestState
    service: str
    dosed: bool
    address: AddressCard
    first_day: date
    last_day: date
    review_due_at: datetime | None
    created_at: datetime
    reserved: VisitCard | None = None

    @property
    def timezone(self) -> str:
        """The zone of the address."""
        return self.address.timezone


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """One place of a series: its visit, or None where a new time is still to be found."""

    number: int
    visit: VisitCard | None


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A series as a list of its places, in order."""

    id: UUID
    service: str
    state: SeriesState
    places: tuple[SeriesPlace, ...]


def own_id(desk: Desk) -> UUID:
    """Return the patient who is signed in; raises for anybody else."""
    desk.allow(Role.PATIENT)
    if desk.actor.person_id is None:
        raise NotFound("No patient belongs to this sign-in.")
    return desk.actor.person_id


def clinician_card(row: ClinicianRow) -> ClinicianCard:
    """Return a clinician's card."""
    return ClinicianCard(row.id, f"{row.name}, {row.credential.letters}", row.credential)


def address_card(row: AddressRow) -> AddressCard:
    """Return an address's card."""
    words = f"{row.street}, {row.state} {row.zip_code}"
    return AddressCard(row.id, words, row.state, row.zip_code, row.timezone)


def visit_cards(session: Session, rows: Sequence[VisitRow]) -> list[VisitCard]:
    """Return the cards of visits, in their order."""
    clinicians = _clinicians(session, {row.clinician_id for row in rows})
    series_ids = {row.series_id for row in rows if row.series_id is not None}
    attempts = _attempts(session, series_ids)
    return [_visit_card(session, row, clinicians[row.clinician_id], attempts) for row in rows]


def _clinicians(session: Session, ids: Iterable[UUID]) -> dict[UUID, ClinicianCard]:
    rows = session.scalars(select(ClinicianRow).where(ClinicianRow.id.in_(list(ids))))
    return {row.id: clinician_card(row) for row in rows}


def _attempts(session: Session, series_ids: Iterable[UUID]) -> list[AttemptRow]:
    return list(
        session.scalars(select(AttemptRow).where(AttemptRow.series_id.in_(list(series_ids))))
    )


def _visit_card(
    session: Session, row: VisitRow, clinician: ClinicianCard, attempts: Sequence[AttemptRow]
) -> VisitCard:
    mine = [each for each in attempts if each.series_id == row.series_id]
    return VisitCard(
        id=row.id,
        request_id=row.request_id,
        state=row.state,
        window=mapping.promised_window(row),
        timezone=row.timezone,
        minutes=int((row.ends_at - row.starts_at).total_seconds() // 60),
        service=queries.find_service(session, row.service_code).name,
        clinician=clinician,
        address=address_card(queries.address_of(session, row.address_id)),
        promise_version=row.promise_version,
        reserved_until=row.reserved_until,
        series_id=row.series_id,
        number=row.number,
        of=max((each.number for each in mine), default=None),
        dose=_dose(row, mine),
    )


def _dose(row: VisitRow, attempts: Sequence[AttemptRow]) -> str:
    """Return the mg that a prescriber signed off for a visit, or nothing."""
    for each in attempts:
        same = (each.number, each.attempt) == (row.number, row.attempt)
        if same and each.state in HOLDS_A_DOSE and each.signed_hash is not None:
            return format_mg(Decimal(each.mg))
    return ""


def request_card(session: Session, row: VisitRequestRow, now: datetime) -> RequestCard:
    """Return a request's card."""
    service = queries.find_service(session, row.service_code)
    address = address_card(queries.address_of(session, row.address_id))
    held = session.scalars(
        select(VisitRow).where(
            VisitRow.request_id == row.id,
            VisitRow.state == VisitState.RESERVED,
            VisitRow.reserved_until > now,
        )
    ).all()
    reserved = visit_cards(session, held)
    return RequestCard(
        id=row.id,
        state=row.state,
        service=service.name,
        dosed=service.dosed,
        address=address,
        first_day=local_day(row.wanted_from, address.timezone),
        last_day=local_day(row.wanted_until, address.timezone),
        review_due_at=row.review_due_at,
        created_at=row.created_at,
        reserved=reserved[0] if reserved else None,
    )


def series_card(session: Session, row: SeriesRow) -> SeriesCard:
    """Return a series with the newest visit of each place; a place without a time has none."""
    newest: dict[int, VisitRow] = {}
    for visit in queries.visits_of_series(session, row.id):
        newest[visit.number or 0] = visit
    cards = {card.number: card for card in visit_cards(session, list(newest.values()))}
    without = {VisitState.CANCELLED, VisitState.NO_SHOW, VisitState.EXPIRED}
    numbers = sorted({each.number for each in queries.attempts_of_series(session, row.id)})
    places = []
    for number in numbers:
        card = cards.get(number)
        places.append(SeriesPlace(number, None if card and card.state in without else card))
    request = queries.get(session, VisitRequestRow, row.request_id, "request")
    service = queries.find_service(session, request.service_code)
    return SeriesCard(row.id, service.name, row.state, tuple(places))
