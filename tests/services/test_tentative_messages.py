"""A tentative visit is spoken of as planned; it is promised only once its dose is released."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.messages import MessageState, Template
from scheduler.services.booking import confirm, reserve
from scheduler.services.offers import offers_for
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.placing import Choice
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.messages import MessageRow
from tests.clocks import FixedClock
from tests.world import World, sign_dose

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def pending(session: Session, number: int, series_id: UUID) -> set[Template]:
    """Return the templates that wait to go for one visit of a series."""
    visits = [v for v in queries.visits_of_series(session, series_id) if v.number == number]
    rows = session.scalars(
        select(MessageRow).where(
            MessageRow.visit_id == visits[0].id, MessageRow.state == MessageState.PENDING
        )
    )
    return {row.template for row in rows}


def test_only_a_released_dose_makes_confirmation_and_reminders(session: Session) -> None:
    world = World(session, FixedClock(NOW))
    service = world.service("infusion", needs_order=True, dosed=True, care_minutes=100)
    world.scope("MO")
    ada = world.clinician("Ada", "64108", "MO")
    world.licence(ada, "MO")
    prescriber = world.prescriber("64108", "MO")
    start = NOW + timedelta(days=4)
    request = world.request(world.patient("64108", "MO"), service, (start, start + timedelta(9)))
    limits = (Decimal(60), Decimal(300))
    expires = NOW + timedelta(days=90)
    sign_order(prescriber, NewOrder(request, "example", expires, 6, world.protocol(), *limits))
    plan = propose_series(world.dispatcher, request)
    choices = [Choice(offer.clinician_id, offer.starts_at) for offer in plan]
    series_id = accept_series(world.dispatcher, request, choices)
    assert pending(session, 1, series_id) == set()
    assert pending(session, 3, series_id) == {Template.REMINDER_7D}
    sign_dose(prescriber, series_id, 1)
    assert pending(session, 1, series_id) == {
        Template.CONFIRMATION,
        Template.REMINDER_48H,
        Template.REMINDER_24H,
        Template.REMINDER_2H,
    }


def test_who_has_chosen_a_time_is_not_told_to_choose_one(session: Session) -> None:
    world = World(session, FixedClock(NOW))
    service = world.service("hydration", needs_order=True)
    world.scope("MO")
    ada = world.clinician("Ada", "64108", "MO")
    world.licence(ada, "MO")
    prescriber = world.prescriber("64108", "MO")
    request = world.request(world.patient("64108", "MO"), service)
    sign_order(prescriber, NewOrder(request, "example", NOW + timedelta(days=30), 1))
    offer = offers_for(world.dispatcher, request).offers[0]
    visit_id = reserve(world.dispatcher, request, Choice(offer.clinician_id, offer.starts_at))
    confirm(world.dispatcher, visit_id)
    told = session.scalars(select(MessageRow).where(MessageRow.template == Template.CHOOSE_TIME))
    assert [row.state for row in told] == [MessageState.CANCELLED]
