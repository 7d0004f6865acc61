"""Who can take this? Everyone ranked with what decides it, everyone else with why not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.timing import find_zone, local_day
from scheduler.matching.model import Schedule, Wanted
from scheduler.matching.offers import EmptyCause, Offer, find_offers, rank_options
from scheduler.services import schedule
from scheduler.services.changing import require_movable, wanted_for_move
from scheduler.services.desk import Desk
from scheduler.services.driving import drives_for_search
from scheduler.services.offers import require_open, wanted_for
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRequestRow, VisitRow

ARRIVALS_EACH = 8
"""How many arrivals of a candidate are shown at once; one day alone shows one an hour."""

NOON = 12


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
    """The whole answer; `cause` says in words why nobody can, where nobody can.

    `on`: the one day that is shown, or None; nobody may be free on it although some are on others.
    """

    timezone: str
    ranked: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    reasons: tuple[tuple[str, int], ...]
    cause: str
    on: date | None = None

    @property
    def margin(self) -> int:
        """Return how many minutes the best is ahead of the second."""
        return self.ranked[1].behind_best if len(self.ranked) > 1 else 0


def candidates_for(desk: Desk, request_id: UUID, on: date | None = None) -> Candidates:
    """Return who can take an open request over the next 14 days, or on one of them."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    require_open(request)
    own = queries.reservations_of(desk.session, request_id)
    wanted = wanted_for(desk, request, own)
    answer = candidates_among(desk, wanted, own, on)
    desk.record_look("view candidates", "visit_request", request_id, wanted.patient_id)
    return answer


def candidates_to_move(
    desk: Desk, visit_id: UUID, address_id: UUID | None = None, on: date | None = None
) -> Candidates:
    """Return who can make a visit at another time, or at another address of the patient."""
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    require_movable(visit)
    wanted = wanted_for_move(desk, visit, address_id)
    answer = candidates_among(desk, wanted, frozenset({visit_id}), on)
    desk.record_look("view candidates", "visit", visit_id, wanted.patient_id)
    return answer


def candidates_among(
    desk: Desk, wanted: Wanted, without: frozenset[UUID], on: date | None
) -> Candidates:
    """Return who can make a wish come true as if the visits `without` were not there."""
    zone = wanted.place.timezone
    if not wanted.windows:
        return Candidates(zone, (), (), (), EmptyCause.NO_FREE_TIME.words, on)
    days = schedule.days_of(wanted.windows, zone)
    loaded = schedule.load_schedule(desk.session, wanted, days, desk.now(), without)
    drives = drives_for_search(desk.ports.travel, [wanted], loaded)
    ranked = [
        offer
        for offer in rank_options(wanted, loaded, drives)
        if on is None or local_day(offer.starts_at, zone) == on
    ]
    found = find_offers(wanted, loaded, drives, most=1)
    who = _who(desk.session, loaded)
    excluded = tuple(
        Excluded(each.clinician_id, *who[each.clinician_id], each.words)
        for each in found.exclusions
    )
    return Candidates(
        zone,
        _rank(ranked, who, zone, by_hour=on is not None),
        tuple(sorted(excluded, key=lambda each: (each.words, each.name))),
        tuple(Counter(each.words for each in excluded).most_common()),
        found.cause.words if found.cause else "",
        on,
    )


def _who(session: Session, loaded: Schedule) -> dict[UUID, tuple[str, str]]:
    rows = session.execute(
        select(ClinicianRow.id, ClinicianRow.name, ClinicianRow.credential).where(
            ClinicianRow.id.in_(list(loaded.clinicians))
        )
    )
    return {row.id: (row.name, row.credential.letters) for row in rows}


def _rank(
    offers: Sequence[Offer], who: Mapping[UUID, tuple[str, str]], zone: str, *, by_hour: bool
) -> tuple[Candidate, ...]:
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
            arrivals=_several(mine, zone, by_hour=by_hour),
        )
        for clinician_id, mine in grouped.items()
    )


def _several(mine: Sequence[Offer], zone: str, *, by_hour: bool) -> tuple[Arrival, ...]:
    """Return the best arrival of each hour, or of each half day, and the best of all; by time."""
    chosen: dict[tuple[date, int], Offer] = {}
    for offer in mine:  # best first
        local = offer.starts_at.astimezone(find_zone(zone))
        part = local.hour if by_hour else local.hour // NOON
        chosen.setdefault((local.date(), part), offer)
    soonest = sorted(chosen.values(), key=lambda offer: offer.starts_at)
    shown = soonest if by_hour else soonest[:ARRIVALS_EACH]
    if mine[0] not in shown:
        shown = [*shown[:-1], mine[0]]
    return tuple(_arrival(offer) for offer in shown)


def _arrival(offer: Offer) -> Arrival:
    return Arrival(
        offer.starts_at,
        offer.window.starts_at,
        offer.window.ends_at,
        offer.added_travel_minutes,
        round(offer.terms.total),
    )
