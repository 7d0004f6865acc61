"""Visits that were made stay in their day: the clinician is there, and they count."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from scheduler.domain.visits import VisitEvent
from scheduler.matching.offers import OfferList
from scheduler.services.booking import confirm, reserve
from scheduler.services.day import complete, progress
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
DAY = (MORNING, MORNING + timedelta(hours=10))


class Morning:
    """Ada starts in Kansas City; her first visit of the day is in Topeka, an hour away."""

    def __init__(self, session: Session, **limits: object) -> None:
        self.world = world = World(session, FixedClock(MORNING - timedelta(days=1)))
        world.service()
        world.scope("KS")
        self.ada = world.clinician("Ada", "66101", "KS", **limits)
        world.licence(self.ada, "KS")
        self.made = self.book(world.patient("66603", "KS"))
        self.make(self.made)

    def book(self, ids: tuple[object, object]) -> VisitRow:
        """Book the first time that Ada has today."""
        request_id = self.world.request(ids, "checkup", DAY)  # type: ignore[arg-type]
        offer = offers_for(self.world.dispatcher, request_id).offers[0]
        choice = Choice(offer.clinician_id, offer.starts_at)
        visit_id = reserve(self.world.dispatcher, request_id, choice)
        confirm(self.world.dispatcher, visit_id)
        return queries.get(self.world.session, VisitRow, visit_id, "visit")

    def make(self, visit: VisitRow) -> None:
        """Let Ada make a visit to its end."""
        visit_id, self.began, self.ended = visit.id, visit.starts_at, visit.ends_at
        nurse = self.world.desk(Role.CLINICIAN, self.ada)
        self.world.clock.instant = self.began
        for event in (VisitEvent.SET_OUT, VisitEvent.ARRIVE, VisitEvent.START):
            progress(nurse, visit_id, event)
        self.world.clock.instant = self.ended
        complete(nurse, visit_id, None)

    def offers_today(self, zip_code: str) -> OfferList:
        """Return what is offered for the rest of the day at a place."""
        ids = self.world.patient(zip_code, "KS", phone="+18165550143")
        return offers_for(self.world.dispatcher, self.world.request(ids, "checkup", DAY))


def test_the_next_visit_of_the_day_begins_at_the_home_just_left(session: Session) -> None:
    morning = Morning(session)
    found = morning.offers_today("66101")
    first = min(offer.starts_at for offer in found.offers)
    assert first >= morning.ended + timedelta(minutes=60)


def test_a_visit_that_was_made_counts_against_the_days_maximum(session: Session) -> None:
    assert Morning(session, max_visits=1).offers_today("66603").offers == ()


def test_time_off_may_follow_a_visit_that_was_made(session: Session) -> None:
    morning = Morning(session)
    desk = morning.world.desk(Role.CLINICIAN, morning.ada)
    add_time_off(desk, morning.ada, (TODAY, TODAY), "gone home")
    assert morning.offers_today("66603").offers == ()


@pytest.mark.parametrize("limit", [2, 3])
def test_a_day_that_is_not_full_still_offers(session: Session, limit: int) -> None:
    assert Morning(session, max_visits=limit).offers_today("66603").offers
