"""Who can take this? Everyone ranked with what decides it, everyone else with why not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput
from scheduler.matching.model import Schedule, Wanted
from scheduler.matching.offers import EmptyCause, Offer, find_offers, rank_options
from scheduler.services import schedule
from scheduler.services.booking import confirm, reserve
from scheduler.services.changing import require_movable, wanted_for_move
from scheduler.services.desk import Desk
from scheduler.services.offers import require_open, wanted_for
from scheduler.services.placing import Choice
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRequestRow, VisitRow

ARRIVALS_EACH = 8


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival that a candidate can make; `cost` in minutes of driving that it is worth."""

    starts_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    added_travel_minutes: int
    cost: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clinician who can take the visit: their best arrival, what makes its cost, and others."""

    clinician_id: UUID
    name: str
    credential: str
    best: Arrival
    terms: tuple[tuple[str, int], ...]
    behind_best: int
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A clinician who cannot take the visit, and why."""

    clinician_id: UUID
    name: str
    credential: str
    words: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """The whole answer; `cause` says in words why nobody can, where nobody can."""

    timezone: str
    ranked: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    reasons: tuple[tuple[str, int], ...]
    cause: str


def candidates_for(desk: Desk, request_id: UUID) -> Candidates:
    """Return who can take an open request over the next 14 days, for those who dispatch."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    require_open(request)
    own = queries.reservations_of(desk.session, request_id)
    wanted = wanted_for(desk, request, own)
    answer = _search(desk, wanted, own)
    desk.record_look("view candidates", "visit_request", request_id, wanted.patient_id)
    return answer


def candidates_to_move(desk: Desk, visit_id: UUID, address_id: UUID | None = None) -> Candidates:
    """Return who can make a visit at another time, or at another address of the patient."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    require_movable(visit)
    wanted = wanted_for_move(desk, visit, address_id)
    answer = _search(desk, wanted, frozenset({visit_id}))
    desk.record_look("view candidates", "visit", visit_id, wanted.patient_id)
    return answer


def _search(desk: Desk, wanted: Wanted, without: frozenset[UUID]) -> Candidates:
    zone = wanted.place.timezone
    if not wanted.windows:
        return Candidates(zone, (), (), (), EmptyCause.NO_FREE_TIME.words)
    days = schedule.days_of(wanted.windows, zone)
    loaded = schedule.load_schedule(desk.session, wanted, days, desk.now(), without)
    ranked = rank_options(wanted, loaded, desk.ports.travel.minutes)
    found = find_offers(wanted, loaded, desk.ports.travel.minutes, most=1)
    who = _who(desk.session, loaded)
    excluded = tuple(
        Excluded(each.clinician_id, *who[each.clinician_id], each.words)
        for each in found.exclusions
    )
    return Candidates(
        zone,
        _rank(ranked, who),
        tuple(sorted(excluded, key=lambda each: (each.words, each.name))),
        tuple(Counter(each.words for each in excluded).most_common()),
        found.cause.words if found.cause else "",
    )


def _who(session: Session, loaded: Schedule) -> dict[UUID, tuple[str, str]]:
    rows = session.execute(
        select(ClinicianRow.id, ClinicianRow.name, ClinicianRow.credential).where(
            ClinicianRow.id.in_(list(loaded.clinicians))
        )
    )
    return {row.id: (row.name, row.credential.value) for row in rows}


def _rank(offers: Sequence[Offer], who: Mapping[UUID, tuple[str, str]]) -> tuple[Candidate, ...]:
    """Group options, best first, by clinician; the best option of each decides their rank."""
    grouped: dict[UUID, list[Offer]] = {}
    for offer in offers:
        grouped.setdefault(offer.clinician_id, []).append(offer)
    least = round(offers[0].terms.total) if offers else 0
    return tuple(
        Candidate(
            clinician_id=clinician_id,
            name=who[clinician_id][0],
            credential=who[clinician_id][1],
            best=_arrival(mine[0]),
            terms=tuple((words, round(minutes)) for words, minutes in mine[0].terms.readable()),
            behind_best=round(mine[0].terms.total) - least,
            arrivals=_several(mine),
        )
        for clinician_id, mine in grouped.items()
    )


def _several(mine: Sequence[Offer]) -> tuple[Arrival, ...]:
    """Return the best arrivals of different hours, the soonest among them, in order of time."""
    soonest = min(mine, key=lambda offer: offer.starts_at)
    chosen = {soonest.starts_at.replace(minute=0): soonest}
    for offer in mine:
        if len(chosen) >= ARRIVALS_EACH:
            break
        chosen.setdefault(offer.starts_at.replace(minute=0), offer)
    return tuple(_arrival(each) for each in sorted(chosen.values(), key=lambda o: o.starts_at))


def _arrival(offer: Offer) -> Arrival:
    return Arrival(
        offer.starts_at,
        offer.window.starts_at,
        offer.window.ends_at,
        offer.added_travel_minutes,
        round(offer.terms.total),
    )


def assign(desk: Desk, request_id: UUID, choice: Choice) -> UUID:
    """Give a request its visit: taken and confirmed at once by dispatch. Return the visit.

    Between the two only a reservation stands, which ends by itself.

    Raises:
        SlotTaken, NotEligible: decided under the lock; nothing was changed.
        PlannedAsSeries: a dosed treatment is planned as a whole.
    """
    desk.allow(Role.DISPATCHER)
    if choice.starts_at.tzinfo is None:
        raise InvalidInput({"choice": "choose one of the times"})
    visit_id = reserve(desk, request_id, choice)
    confirm(desk, visit_id)
    return visit_id
