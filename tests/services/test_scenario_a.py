"""Hotel over the line: licence, scope and zone follow the visit's address."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from scheduler.domain.visits import VisitState
from scheduler.matching.decide import NotEligible
from scheduler.matching.offers import EmptyCause, OfferList
from scheduler.services.booking import confirm, reserve
from scheduler.services.changing import move, offers_to_move
from scheduler.services.offers import offers_for
from scheduler.services.placing import Choice
from scheduler.store import queries
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import World, local

DAY = date(2026, 10, 27)
TEN, NOON = local(DAY, 10, 0, -5), local(DAY, 12, 0, -5)


class Hotel:
    """Ada may practise on both sides of the line, Bea and Cy on one."""

    def __init__(self, session: Session) -> None:
        self.world = world = World(session, FixedClock(local(date(2026, 10, 20), 9, 0, -5)))
        world.service()
        world.scope("KS", "MO")
        world.compact("KS", "MO")
        self.ada = world.clinician("Ada", "66101", "KS")
        world.licence(self.ada, "KS", multistate=True)
        self.bea = world.clinician("Bea", "66101", "KS")
        world.licence(self.bea, "KS")
        self.cy = world.clinician("Cy", "64108", "MO")
        world.licence(self.cy, "MO", valid_through=date(2026, 10, 26))
        self.patient, self.home = world.patient("66101", "KS")
        self.hotel = world.address(self.patient, "64108", "MO")
        self.far = world.address(self.patient, "90012", "CA")

    def request(self) -> UUID:
        return self.world.request((self.patient, self.hotel), "checkup", (TEN, NOON))

    def reasons(self, offers: OfferList) -> dict[UUID, str]:
        return {each.clinician_id: each.words for each in offers.exclusions}

    def booked(self) -> UUID:
        desk = self.world.dispatcher
        visit_id = reserve(desk, self.request(), Choice(self.ada, TEN))
        confirm(desk, visit_id)
        return visit_id


@pytest.fixture
def hotel(session: Session) -> Hotel:
    return Hotel(session)


def test_only_ada_may_come_to_the_hotel(hotel: Hotel) -> None:
    offers = offers_for(hotel.world.dispatcher, hotel.request())
    assert {offer.clinician_id for offer in offers.offers} == {hotel.ada}
    assert all(TEN <= offer.starts_at <= NOON for offer in offers.offers)
    reasons = hotel.reasons(offers)
    assert reasons[hotel.bea] == "no Missouri license or privilege"
    assert reasons[hotel.cy] == "Missouri license expired 10-26"


def test_at_home_in_kansas_ada_and_bea_may_come(hotel: Hotel) -> None:
    offers = offers_to_move(hotel.world.dispatcher, hotel.booked(), hotel.home)
    assert offers.offers
    assert hotel.reasons(offers) == {hotel.cy: "no Kansas license or privilege"}


def test_nobody_may_come_to_an_unverified_state_and_the_booking_stands(hotel: Hotel) -> None:
    visit_id = hotel.booked()
    desk = hotel.world.dispatcher
    offers = offers_to_move(desk, visit_id, hotel.far)
    assert offers.offers == ()
    assert offers.cause is EmptyCause.NOT_VERIFIED_STATE
    with pytest.raises(NotEligible, match="not verified for this state"):
        move(desk, visit_id, Choice(hotel.ada, TEN), hotel.far, "asked to go to Los Angeles")
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    assert (visit.state, visit.address_id, visit.starts_at) == (VisitState.BOOKED, hotel.hotel, TEN)
    assert visit.promise_version == 1


def test_the_moved_visit_follows_its_address(hotel: Hotel) -> None:
    visit_id = hotel.booked()
    desk = hotel.world.dispatcher
    move(desk, visit_id, Choice(hotel.bea, NOON), hotel.home, "patient went home")
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    assert (visit.clinician_id, visit.address_id, visit.starts_at) == (hotel.bea, hotel.home, NOON)
    assert visit.promise_version == 2


def test_bea_is_refused_at_the_hotel_even_when_asked_for_by_id(hotel: Hotel) -> None:
    request = hotel.request()
    with pytest.raises(NotEligible, match="no Missouri license"):
        reserve(hotel.world.dispatcher, request, Choice(hotel.bea, TEN))
