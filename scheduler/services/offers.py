"""What can be offered: who, when, and why not."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from scheduler.domain.errors import IllegalTransition
from scheduler.domain.timing import TimeWindow
from scheduler.matching.model import Schedule, Wanted
from scheduler.matching.offers import EmptyCause, OfferList, find_offers
from scheduler.services import schedule
from scheduler.services.desk import Desk
from scheduler.services.driving import drives_for_search
from scheduler.store import mapping, queries
from scheduler.store.people import AddressRow
from scheduler.store.visits import RequestState, VisitRequestRow

HORIZON = timedelta(days=14)
FEW = 6
"""How many offers a person can weigh at once."""

LEAD_TIME = timedelta(hours=2)
"""Nobody is offered an arrival sooner than this."""

_WAITING = {
    RequestState.AWAITING_REVIEW: "A prescriber must look at this request first.",
    RequestState.AWAITING_ORDER: "A prescriber's order is needed first.",
    RequestState.BOOKED: "This request has its visit already.",
    RequestState.DECLINED: "A prescriber declined this request.",
    RequestState.CLOSED: "This request is closed.",
}


class NotYetBookable(IllegalTransition):
    """The request waits for something before a time can be chosen."""

    code = "not_yet_bookable"


def require_open(request: VisitRequestRow) -> None:
    """Raise NotYetBookable, in plain words, unless times may be chosen for the request."""
    if request.state is not RequestState.OPEN:
        raise NotYetBookable(_WAITING[request.state])


def offers_for(
    desk: Desk, request_id: UUID, *, most: int = FEW, only: UUID | None = None
) -> OfferList:
    """Return ranked offers for an open request over the next 14 days, or the cause of none.

    `only`: those of this clinician alone.
    """
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_patient(request.patient_id)
    require_open(request)
    own = queries.reservations_of(desk.session, request_id)
    wanted = wanted_for(desk, request, own)
    found = search(desk, wanted, own, most=most, only=only)
    desk.record_look("view offers", "visit_request", request_id, wanted.patient_id)
    return found


def search(
    desk: Desk,
    wanted: Wanted,
    without: frozenset[UUID],
    *,
    most: int = FEW,
    only: UUID | None = None,
) -> OfferList:
    """Return offers for a wish as if the visits `without` were not there."""
    if not wanted.windows:
        return OfferList((), (), EmptyCause.NO_FREE_TIME)
    days = schedule.days_of(wanted.windows, wanted.place.timezone)
    loaded = schedule.load_schedule(desk.session, wanted, days, desk.now(), without)
    if only is not None:
        loaded = _only(loaded, only)
    drives = drives_for_search(desk.ports.travel, [wanted], loaded)
    return find_offers(wanted, loaded, drives, most=most)


def _only(loaded: Schedule, clinician_id: UUID) -> Schedule:
    return replace(
        loaded,
        clinicians={key: each for key, each in loaded.clinicians.items() if key == clinician_id},
        routes=tuple(route for route in loaded.routes if route.clinician_id == clinician_id),
    )


def wanted_for(desk: Desk, request: VisitRequestRow, without: frozenset[UUID]) -> Wanted:
    """Return what a request asks for, from the lead time to the horizon.

    A wish that lies wholly beyond the horizon gives a window of no length at its end.
    """
    address = queries.get(desk.session, AddressRow, request.address_id, "address")
    now = desk.now()
    opens = max(request.wanted_from, now + LEAD_TIME)
    closes = min(request.wanted_until, now + HORIZON)
    windows = (TimeWindow(opens, closes),) if opens <= closes else ()
    return Wanted(
        patient_id=request.patient_id,
        service=queries.find_service(desk.session, request.service_code),
        place=mapping.place(address),
        windows=windows,
        preferred_clinician_id=request.preferred_clinician_id,
        patient_busy=schedule.busy_windows(desk.session, address, now, without),
    )
