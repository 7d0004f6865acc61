"""Visits that were driven to stay in their day: the clinician is there, and they count."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from scheduler.domain.visits import VisitEvent, VisitState
from scheduler.matching.offers import OfferList
from scheduler.services.booking import confirm, reserve
from scheduler.services.day import complete, progress
from scheduler.services.desk import Desk
from scheduler.services.door import DoorOutcome, end_at_door
from scheduler.services.offers import offers_for
from scheduler.services.placing import Choice
from scheduler.services.staffing import add_time_off
from scheduler.store import queries
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import World

MORNING = datetime(2026, 10, 20, 13, tzinfo=UTC)
"""A Tuesday, eight in the morning in Kansas City."""

TODAY = date(2026, 10, 20)
DAY = (MORNING, MORNING + timedelta(hours=14))
AWAY = "66801"
"""Emporia, Kansas: by the estimate 182 minutes from Kansas City."""

DRIVEN_TO = pytest.mark.parametrize("met", [True, False], ids=["completed", "no show"])


class Morning:
    """Ada starts in Kansas City; her first visit of the day is three hours away.

    Three, since nobody is offered an arrival in less than two anyway.
    """

    def __init__(self, session: Session, *, met: bool = True, **limits: object) -> None:
        self.world = world = World(session, FixedClock(MORNING - timedelta(days=1)))
        world.service()
        world.scope("KS")
        limits |= {"closes": time(22), "max_travel_minutes": 900}
        self.ada = world.clinician("Ada", "66101", "KS", **limits)
        world.licence(self.ada, "KS")
        visit = self.book(world.patient(AWAY, "KS"))
        self.made, self.began, self.ended = visit.id, visit.starts_at, visit.ends_at
        if met:
            self.make()
        else:
            self.find_nobody()

    def book(self, ids: tuple[object, object]) -> VisitRow:
        """Book the first time that Ada has today."""
        request_id = self.world.request(ids, "checkup", DAY)  # type: ignore[arg-type]
        offer = offers_for(self.world.dispatcher, request_id).offers[0]
        choice = Choice(offer.clinician_id, offer.starts_at)
        visit_id = reserve(self.world.dispatcher, request_id, choice)
        confirm(self.world.dispatcher, visit_id)
        return queries.get(self.world.session, VisitRow, visit_id, "visit")

    def make(self) -> None:
        """Let Ada make the visit to its end."""
        self.go((VisitEvent.SET_OUT, VisitEvent.ARRIVE, VisitEvent.START))
        self.world.clock.instant = self.ended
        complete(self.nurse, self.made, None)

    def find_nobody(self) -> None:
        """Let Ada stand at the door for as long as the visit would have taken."""
        self.go((VisitEvent.SET_OUT, VisitEvent.ARRIVE))
        self.world.clock.instant = self.ended
        end_at_door(self.nurse, self.made, DoorOutcome.NO_ANSWER)

    def go(self, events: Sequence[VisitEvent]) -> None:
        """Take the visit some steps on."""
        self.world.clock.instant = self.began
        for event in events:
            progress(self.nurse, self.made, event)

    @property
    def nurse(self) -> Desk:
        """Ada's desk."""
        return self.world.desk(Role.CLINICIAN, self.ada)

    def offers_today(self, zip_code: str) -> OfferList:
        """Return what is offered for the rest of the day at a place."""
        ids = self.world.patient(zip_code, "KS", phone="+18165550143")
        return offers_for(self.world.dispatcher, self.world.request(ids, "checkup", DAY))


@DRIVEN_TO
def test_the_visit_is_over(session: Session, met: bool) -> None:
    visit = session.get_one(VisitRow, Morning(session, met=met).made)
    assert visit.state is (VisitState.COMPLETED if met else VisitState.NO_SHOW)


@DRIVEN_TO
def test_the_next_visit_of_the_day_begins_at_the_home_just_left(
    session: Session, met: bool
) -> None:
    morning = Morning(session, met=met)
    found = morning.offers_today("66101")
    first = min(offer.starts_at for offer in found.offers)
    assert first >= morning.ended + timedelta(minutes=182)
    near = morning.offers_today(AWAY)
    assert min(offer.starts_at for offer in near.offers) < first


@DRIVEN_TO
def test_a_visit_that_was_driven_to_counts_against_the_days_maximum(
    session: Session, met: bool
) -> None:
    assert Morning(session, met=met, max_visits=1).offers_today(AWAY).offers == ()


@DRIVEN_TO
def test_time_off_may_follow_a_visit_that_is_over(session: Session, met: bool) -> None:
    morning = Morning(session, met=met)
    assert morning.offers_today(AWAY).offers
    add_time_off(morning.nurse, morning.ada, (TODAY, TODAY), "gone home")
    assert morning.offers_today(AWAY).offers == ()


@pytest.mark.parametrize("limit", [2, 3])
def test_a_day_that_is_not_full_still_offers(session: Session, limit: int) -> None:
    assert Morning(session, max_visits=limit).offers_today(AWAY).offers
