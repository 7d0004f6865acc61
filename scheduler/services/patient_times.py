"""Times that a patient can choose: offers by day, offers to move, and the calendar of a series."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.timing import TimeWindow, local_day
from scheduler.domain.visits import VisitState
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.matching.offers import EmptyCause, Offer
from scheduler.services.changing import offers_to_move
from scheduler.services.desk import Desk
from scheduler.services.offers import HORIZON, offers_for
from scheduler.services.patient_cards import (
    AddressCard,
    ClinicianCard,
    RequestCard,
    VisitCard,
    address_card,
    clinician_card,
    own_id,
    request_card,
    visit_cards,
)
from scheduler.services.series import propose_series
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import AddressRow
from scheduler.store.visits import VisitRequestRow, VisitRow

MANY = 48
"""How many offers are spread over the fourteen days: three or four a day."""


@dataclass(frozen=True, slots=True)
class OfferCard:
    """A time that can be had, with who would come; `on` is the day at the address."""

    clinician: ClinicianCard
    starts_at: datetime
    window: TimeWindow
    timezone: str
    on: date

    @property
    def value(self) -> str:
        """What a form sends back for it."""
        return f"{self.clinician.id}~{self.starts_at.isoformat()}"


@dataclass(frozen=True, slots=True)
class Times:
    """Offers by day, the soonest day first; with none, why: a cause, or days out of reach."""

    days: dict[date, tuple[OfferCard, ...]]
    cause: EmptyCause | None
    days_passed: bool = False
    opens_on: date | None = None


@dataclass(frozen=True, slots=True)
class RequestTimes:
    """A request with its times; `same` is who came last time, or who was asked for."""

    request: RequestCard
    same: ClinicianCard | None
    times: Times


@dataclass(frozen=True, slots=True)
class MoveTimes:
    """A visit with the times it could be moved to, at one of the patient's addresses."""

    visit: VisitCard
    address: AddressCard
    addresses: tuple[AddressCard, ...]
    times: Times


@dataclass(frozen=True, slots=True)
class Plan:
    """A request with the proposed calendar of its series; `not_placed`: the first without one."""

    request: RequestCard
    visits: tuple[OfferCard, ...]
    not_placed: int | None = None


def times_for(desk: Desk, request_id: UUID, *, same_only: bool) -> RequestTimes:
    """Return the times for a request, of everybody or of the same clinician alone.

    Raises:
        NotFound: not the patient's own.
        NotYetBookable: it waits for a review or an order, or has its visit.
    """
    patient_id = own_id(desk)
    same = last_clinician(desk, patient_id, request_id)
    only = same.id if same and same_only else None
    found = offers_for(desk, request_id, most=MANY, only=only)
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    card = request_card(desk.session, row, desk.now())
    times = Times(
        days=by_day(offer_cards(desk, found.offers, card.timezone)),
        cause=found.cause,
        days_passed=row.wanted_until <= desk.now(),
        opens_on=_opens_on(desk, row.wanted_from, card.timezone),
    )
    return RequestTimes(card, same, times)


def _opens_on(desk: Desk, wanted_from: datetime, zone: str) -> date | None:
    """Return the day on which times can be seen, for days that are still too far ahead."""
    if wanted_from <= desk.now() + HORIZON:
        return None
    return local_day(wanted_from - HORIZON, zone)


def last_clinician(
    desk: Desk, patient_id: UUID, request_id: UUID | None = None
) -> ClinicianCard | None:
    """Return who was asked for, else who made the patient's last visit and still works here."""
    row = desk.session.scalar(
        select(ClinicianRow)
        .join(VisitRow, VisitRow.clinician_id == ClinicianRow.id)
        .where(VisitRow.patient_id == patient_id, VisitRow.state == VisitState.COMPLETED)
        .order_by(VisitRow.starts_at.desc())
        .limit(1)
    )
    request = desk.session.get(VisitRequestRow, request_id) if request_id else None
    if request is not None and request.patient_id == patient_id and request.preferred_clinician_id:
        row = desk.session.get(ClinicianRow, request.preferred_clinician_id)
    return clinician_card(row) if row is not None and row.active else None


def offer_cards(desk: Desk, offers: Iterable[Offer], zone: str) -> list[OfferCard]:
    """Return the cards of offers, the earliest first."""
    listed = sorted(offers, key=lambda offer: (offer.starts_at, str(offer.clinician_id)))
    ids = {offer.clinician_id for offer in listed}
    rows = desk.session.scalars(select(ClinicianRow).where(ClinicianRow.id.in_(ids)))
    known = {row.id: clinician_card(row) for row in rows}
    return [
        OfferCard(
            known[offer.clinician_id],
            offer.starts_at,
            offer.window,
            zone,
            local_day(offer.window.starts_at, zone),
        )
        for offer in listed
    ]


def by_day(cards: Iterable[OfferCard]) -> dict[date, tuple[OfferCard, ...]]:
    """Return offers by day, the days in order."""
    days: dict[date, tuple[OfferCard, ...]] = {}
    for card in cards:
        days[card.on] = (*days.get(card.on, ()), card)
    return days


def times_to_move(desk: Desk, visit_id: UUID, address_id: UUID | None) -> MoveTimes:
    """Return the times a visit of the patient can be moved to.

    Raises:
        NotFound: not the patient's own visit or address.
        IllegalTransition: under way or ended, or an earlier visit of its series has no time.
    """
    patient_id = own_id(desk)
    found = offers_to_move(desk, visit_id, address_id, most=MANY)
    session = desk.session
    visit = visit_cards(session, [queries.get(session, VisitRow, visit_id, "visit")])[0]
    homes = addresses_of(desk, patient_id)
    there = next(each for each in homes if each.id == (address_id or visit.address.id))
    offers = [
        card
        for card in offer_cards(desk, found.offers, there.timezone)
        if not _is_as_now(card, visit, there)
    ]
    return MoveTimes(visit, there, homes, Times(by_day(offers), found.cause))


def _is_as_now(card: OfferCard, visit: VisitCard, there: AddressCard) -> bool:
    now = (visit.clinician.id, visit.window, visit.address.id)
    return (card.clinician.id, card.window, there.id) == now


def addresses_of(desk: Desk, patient_id: UUID) -> tuple[AddressCard, ...]:
    """Return the patient's addresses, the first one first."""
    rows = desk.session.scalars(
        select(AddressRow)
        .where(AddressRow.patient_id == patient_id)
        .order_by(AddressRow.created_at, AddressRow.id)
    )
    return tuple(address_card(row) for row in rows)


def plan_for(desk: Desk, request_id: UUID, first_day: date | None) -> Plan:
    """Return the proposed calendar of a request's series, or the first visit without a place.

    `first_day`: the first visit is not wanted before it.

    Raises:
        NotFound: not the patient's own.
        NotYetBookable: it waits for a review or an order, or has its calendar.
    """
    own_id(desk)
    visits: tuple[Offer, ...] = ()
    not_placed = None
    try:
        visits = propose_series(desk, request_id, first_day)
    except SeriesDoesNotFit as error:
        not_placed = error.administration
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    card = request_card(desk.session, row, desk.now())
    return Plan(card, tuple(offer_cards(desk, visits, card.timezone)), not_placed)
