"""Dispatch gives visits to clinicians: reads why, assigns, moves, cancels, locks."""

import re
from datetime import datetime, timedelta
from html import unescape
from uuid import UUID

import pytest

from scheduler.domain.visits import VisitState
from scheduler.services.booking import reserve
from scheduler.services.placing import Choice
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.messages import MessageRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.services.test_scenario_a import NOON, TEN, Hotel
from tests.web.dispatching import (
    PAT_PHONE,
    asked,
    booked,
    opt_out,
    refused,
    tasks,
    value,
    visit_row,
    visits_of,
)
from tests.web.patient_pages import choices_of, once_of
from tests.web.site import NOW, Clinic, Site
from tests.web.visitor import Visitor, patient_visitor, staff_visitor

LOCKED_WORDS = "This visit cannot be moved here. Please call us at (816) 555-0100."


@pytest.fixture
def drew(clinic: Clinic) -> Visitor:
    """A dispatcher at a browser."""
    return staff_visitor(clinic.site, Role.DISPATCHER)


# From unassigned to booked


def test_what_waits_is_read_assigned_and_booked(clinic: Clinic, drew: Visitor) -> None:
    request_id = asked(clinic)
    drew.get("/dispatch/unassigned")
    assert "Pat Example Checkup KS 66101" in drew.text()
    assert "times are free" in drew.text()
    drew.get(f"/dispatch/requests/{request_id}")
    assert "Ada, RN" in drew.text()
    assert "Bea, RN" in drew.text()
    assert "more minutes of driving" in drew.text()
    chosen = choices_of(drew)[0]
    drew.follow(drew.post(f"/dispatch/requests/{request_id}/assign", choice=chosen))
    (visit,) = visits_of(clinic.site, request_id)
    assert visit.state is VisitState.BOOKED
    assert value(visit.clinician_id, visit.starts_at) == chosen
    assert "booked" in drew.text()
    drew.get(f"/dispatch?on={visit.on_day}")
    assert "Pat Example" in drew.text()
    drew.get("/dispatch/unassigned")
    assert "Pat Example" not in drew.text()


def test_assigning_again_what_is_assigned_answers_as_done(clinic: Clinic, drew: Visitor) -> None:
    request_id = asked(clinic)
    drew.get(f"/dispatch/requests/{request_id}")
    path, chosen = f"/dispatch/requests/{request_id}/assign", choices_of(drew)[0]
    first = drew.post(path, choice=chosen)
    again = drew.post(path, choice=chosen)
    assert again.status_code == 303
    assert again.headers["Location"] == first.headers["Location"]
    assert len(visits_of(clinic.site, request_id)) == 1


def test_an_assignment_that_was_cut_off_goes_on(clinic: Clinic, drew: Visitor) -> None:
    """The process died between keeping the time and confirming it."""
    request_id = asked(clinic)
    drew.get(f"/dispatch/requests/{request_id}")
    clinician, _, starts = choices_of(drew)[0].partition("~")
    choice = Choice(UUID(clinician), datetime.fromisoformat(starts))
    reserve(clinic.site.world.dispatcher, request_id, choice)
    drew.follow(
        drew.post(f"/dispatch/requests/{request_id}/assign", choice=f"{clinician}~{starts}")
    )
    live = [row for row in visits_of(clinic.site, request_id) if row.ended_at is None]
    assert [(row.state, row.starts_at) for row in live] == [(VisitState.BOOKED, choice.starts_at)]


def test_two_dispatchers_take_the_same_time_for_two_patients(clinic: Clinic, drew: Visitor) -> None:
    """Only Ada comes in that hour: one is booked, the other told and shown what is free now."""
    eva = staff_visitor(clinic.site, Role.DISPATCHER)
    with transaction(clinic.site.session) as session:
        session.get_one(ClinicianRow, clinic.bea).active = False
    span = (NOW + timedelta(hours=24), NOW + timedelta(hours=28))
    pats, quinns = asked(clinic, "pat", span), asked(clinic, "quinn", span)
    drew.get(f"/dispatch/requests/{pats}")
    eva.get(f"/dispatch/requests/{quinns}")
    chosen = choices_of(drew)[0]
    assert chosen in choices_of(eva)
    assert drew.post(f"/dispatch/requests/{pats}/assign", choice=chosen).status_code == 303
    answer = eva.post(f"/dispatch/requests/{quinns}/assign", choice=chosen)
    refused(answer, 409, "This time is not free any more.", eva)
    fresh = choices_of(eva)
    assert fresh
    assert chosen not in fresh
    assert visits_of(clinic.site, quinns) == []
    assert eva.post(f"/dispatch/requests/{quinns}/assign", choice=fresh[0]).status_code == 303


def test_what_waits_for_a_prescriber_says_so_and_not_why(clinic: Clinic, drew: Visitor) -> None:
    ids = (clinic.pat, clinic.home)
    request_id = clinic.site.world.request(ids, "checkup", None, pregnant=True)
    drew.get("/dispatch/unassigned")
    assert "Wed, Oct 21, 10:00 AM CDT ○ waiting for the prescriber" in drew.text()
    for path in ("/dispatch/unassigned", f"/dispatch/requests/{request_id}"):
        drew.get(path)
        assert "pregnan" not in drew.text().lower()
    answer = drew.post(
        f"/dispatch/requests/{request_id}/assign", choice=value(clinic.ada, NOW + timedelta(days=1))
    )
    refused(answer, 409, "A prescriber must look at this request first.", drew)


# Scenario A: the hotel over the line


@pytest.fixture
def hotel(site: Site) -> Hotel:
    return Hotel(site.session)


def test_only_ada_can_take_the_visit_at_the_hotel(site: Site, hotel: Hotel) -> None:
    drew = staff_visitor(site, Role.DISPATCHER)
    request_id = hotel.request()
    drew.get(f"/dispatch/requests/{request_id}")
    who_can, _, who_cannot = drew.text().partition("Who cannot, and why")
    assert "Ada, RN" in who_can
    assert not {"Bea, RN", "Cy, RN"} & set(who_can.split(". "))
    assert "Bea, RN No Missouri license or privilege" in who_cannot
    assert "Cy, RN Missouri license expired 10-26" in who_cannot
    assert {each.partition("~")[0] for each in choices_of(drew)} == {str(hotel.ada)}
    path = f"/dispatch/requests/{request_id}/assign"
    answer = drew.post(path, choice=value(hotel.bea, TEN))
    refused(answer, 409, "no Missouri license or privilege", drew)
    assert visits_of(site, request_id) == []
    drew.follow(drew.post(path, choice=value(hotel.ada, TEN)))
    assert "Tue, Oct 27, 10:00 AM to 11:00 AM CDT" in drew.text()


def test_another_address_decides_anew_who_may_come(site: Site, hotel: Hotel) -> None:
    visit_id = hotel.booked()
    drew = staff_visitor(site, Role.DISPATCHER)
    drew.get(f"/dispatch/visits/{visit_id}/move?address={hotel.home}")
    assert {each.partition("~")[0] for each in choices_of(drew)} == {str(hotel.ada), str(hotel.bea)}
    assert "Cy, RN No Kansas license or privilege" in drew.text()
    drew.get(f"/dispatch/visits/{visit_id}/move?address={hotel.far}")
    assert choices_of(drew) == []
    assert "Nobody can take this." in drew.text()
    assert "This care is not verified for the state of the address." in drew.text()
    answer = drew.post(
        f"/dispatch/visits/{visit_id}/move",
        choice=value(hotel.ada, TEN),
        address_id=str(hotel.far),
        reason="asked to go to Los Angeles",
    )
    refused(answer, 409, "not verified for this state", drew)
    visit = visit_row(site, visit_id)
    assert (visit.state, visit.address_id, visit.starts_at) == (VisitState.BOOKED, hotel.hotel, TEN)
    assert visit.promise_version == 1


def test_a_move_to_another_clinician_and_address(site: Site, hotel: Hotel) -> None:
    visit_id = hotel.booked()
    drew = staff_visitor(site, Role.DISPATCHER)
    drew.get(f"/dispatch/visits/{visit_id}/move?address={hotel.home}")
    answer = drew.post(
        f"/dispatch/visits/{visit_id}/move",
        choice=value(hotel.bea, NOON),
        address_id=str(hotel.home),
        reason="went home a day early",
    )
    drew.follow(answer)
    assert "Bea, RN" in drew.text()
    assert "went home a day early" in drew.text()
    visit = visit_row(site, visit_id)
    assert (visit.clinician_id, visit.address_id, visit.starts_at) == (hotel.bea, hotel.home, NOON)


# Moving and cancelling


def test_a_move_that_breaks_a_rule_is_refused_in_words_and_changes_nothing(
    clinic: Clinic, drew: Visitor
) -> None:
    starts = NOW + timedelta(days=2)
    visit_id = booked(clinic, starts)
    before = len(messages(clinic))
    unlicensed = clinic.site.world.clinician("Cy", "66101", "KS")
    drew.get(f"/dispatch/visits/{visit_id}/move")
    assert "Cy, RN No Kansas license or privilege" in drew.text()
    path = f"/dispatch/visits/{visit_id}/move"
    answer = drew.post(path, choice=value(unlicensed, starts), reason="closer")
    refused(answer, 409, "The clinician may not make this visit: no Kansas license", drew)
    assert choices_of(drew), "fresh times are shown"
    midnight = starts.replace(hour=5)
    answer = drew.post(path, choice=value(clinic.ada, midnight), reason="closer")
    refused(answer, 409, "This time is not free any more.", drew)
    visit = visit_row(clinic.site, visit_id)
    assert (visit.clinician_id, visit.starts_at, visit.promise_version) == (clinic.ada, starts, 1)
    assert len(messages(clinic)) == before


def messages(clinic: Clinic) -> list[MessageRow]:
    clinic.site.session.rollback()
    return clinic.site.session.query(MessageRow).all()


def test_a_move_needs_a_reason_and_tells_the_patient(clinic: Clinic, drew: Visitor) -> None:
    starts = NOW + timedelta(days=2)
    visit_id = booked(clinic, starts)
    later = value(clinic.ada, starts + timedelta(hours=2))
    drew.get(f"/dispatch/visits/{visit_id}/move")
    answer = drew.post(f"/dispatch/visits/{visit_id}/move", choice=later)
    refused(answer, 422, "Reason: Please fill this in.", drew)
    assert f'value="{later}" checked' in answer.get_data(as_text=True), "what was chosen is kept"
    drew.follow(
        drew.post(f"/dispatch/visits/{visit_id}/move", choice=later, reason="asked for noon")
    )
    assert "moved" in drew.text()
    assert "asked for noon" in drew.text()
    assert visit_row(clinic.site, visit_id).promise_version == 2
    assert "moved" in {row.template.value for row in messages(clinic)}
    drew.get("/dispatch/messages")
    assert "12:00 PM" in drew.text()


def test_a_cancelled_visit_keeps_its_reason_and_calls_who_takes_no_texts(
    clinic: Clinic, drew: Visitor
) -> None:
    visit_id = booked(clinic, NOW + timedelta(days=2))
    opt_out(clinic.site, PAT_PHONE)
    drew.get(f"/dispatch/visits/{visit_id}")
    answer = drew.post(f"/dispatch/visits/{visit_id}/cancel", reason=" ")
    refused(answer, 422, "Reason for canceling", drew)
    assert visit_row(clinic.site, visit_id).state is VisitState.BOOKED
    drew.follow(drew.post(f"/dispatch/visits/{visit_id}/cancel", reason="the road is closed"))
    assert "the road is closed" in drew.text()
    visit = visit_row(clinic.site, visit_id)
    assert (visit.state, visit.ended_reason) == (VisitState.CANCELLED, "the road is closed")
    waiting = [task.what for task in tasks(clinic.site, clinic.pat) if task.done_at is None]
    assert waiting == ["Call: the visit was canceled."]
    again = drew.post(f"/dispatch/visits/{visit_id}/cancel", reason="the road is closed")
    assert again.status_code == 303, "cancelled already: answered as done"


# Locks


def test_a_locked_visit_stays_until_it_is_unlocked(clinic: Clinic, drew: Visitor) -> None:
    starts = NOW + timedelta(days=2)
    visit_id = booked(clinic, starts)
    later = value(clinic.ada, starts + timedelta(hours=2))
    drew.get(f"/dispatch/visits/{visit_id}")
    refused(drew.post(f"/dispatch/visits/{visit_id}/lock"), 422, "Reason for locking", drew)
    drew.follow(drew.post(f"/dispatch/visits/{visit_id}/lock", lock_reason="escort is booked"))
    assert "locked" in drew.text()
    assert "escort is booked" in drew.text()
    drew.get(f"/dispatch?on={starts.date()}")
    assert "locked" in drew.text()
    answer = drew.post(f"/dispatch/visits/{visit_id}/move", choice=later, reason="asked")
    refused(answer, 409, "This visit is locked. Unlock it first.", drew)
    pat = patient_visitor(clinic.site, clinic.pat)
    pat.get(f"/my/visits/{visit_id}/move")
    assert LOCKED_WORDS in pat.text()
    pat.post(f"/my/visits/{visit_id}/move", choice=later, policy="yes")
    assert LOCKED_WORDS in pat.text()
    assert visit_row(clinic.site, visit_id).starts_at == starts
    drew.follow(drew.post(f"/dispatch/visits/{visit_id}/unlock"))
    drew.follow(drew.post(f"/dispatch/visits/{visit_id}/move", choice=later, reason="asked"))
    assert visit_row(clinic.site, visit_id).starts_at == starts + timedelta(hours=2)


@pytest.mark.parametrize("locked", [False, True])
def test_only_a_visit_without_a_lock_is_shifted_for_another(
    clinic: Clinic, drew: Visitor, *, locked: bool
) -> None:
    """Quinn at 10:00 takes 90 minutes: Pat's 11:00 must wait, which a lock does not allow."""
    ten = NOW + timedelta(days=2)
    visit_id = booked(clinic, ten + timedelta(hours=1))
    drew.get(f"/dispatch/visits/{visit_id}")
    if locked:
        drew.follow(drew.post(f"/dispatch/visits/{visit_id}/lock", lock_reason="escort"))
    quinns = asked(clinic, "quinn", (ten, ten + timedelta(hours=8)))
    path = f"/dispatch/requests/{quinns}/assign"
    answer = drew.post(path, choice=value(clinic.ada, ten))
    assert answer.status_code == (409 if locked else 303), drew.text()
    shifted = visit_row(clinic.site, visit_id).starts_at != ten + timedelta(hours=1)
    assert shifted is not locked


# A series is planned as a whole


def plan_of(visitor: Visitor) -> list[str]:
    assert visitor.page is not None
    page = visitor.page.get_data(as_text=True)
    return [unescape(each) for each in re.findall(r'name="visits" value="([^"]+)"', page)]


def test_an_ordered_series_is_planned_from_the_request_page(clinic: Clinic, drew: Visitor) -> None:
    request_id = UUID(clinic.ordered())
    drew.get("/dispatch/unassigned")
    assert "times are free" in drew.text()
    drew.get(f"/dispatch/requests/{request_id}")
    plan, once = plan_of(drew), once_of(drew)
    assert len(plan) == 3
    path = f"/dispatch/requests/{request_id}/plan"
    for _ in range(2):
        answer = drew.post(path, visits=plan, once=once)
        assert answer.status_code == 303, "sent twice: answered as done"
        assert len(visits_of(clinic.site, request_id)) == 3


def second_visit(clinic: Clinic) -> VisitRow:
    """Plan a series; return its second visit."""
    series_id = UUID(clinic.series()["id"])
    clinic.site.session.rollback()
    return queries.visits_of_series(clinic.site.session, series_id)[1]


def test_a_visit_of_a_plan_without_a_time_gets_another(clinic: Clinic, drew: Visitor) -> None:
    second = second_visit(clinic)
    visit_id, place = second.id, f"/dispatch/series/{second.series_id}/visits/2"
    request_id = second.request_id
    refused(drew.get(place), 409, "Visit 2 of the plan has its time.", drew)
    drew.get(f"/dispatch/visits/{visit_id}")
    drew.follow(drew.post(f"/dispatch/visits/{visit_id}/cancel", reason="patient is away"))
    drew.get("/dispatch/unassigned")
    assert "visit 2 of the plan has no time" in drew.text()
    drew.get("/dispatch/calls")
    assert "Find a new time for visit 2 of the plan." in drew.text()
    drew.get(place)
    assert "Find a new time for visit 2 of 3" in drew.text()
    chosen = choices_of(drew)[0]
    for _ in range(2):
        answer = drew.post(place, choice=chosen)
        assert answer.status_code == 303, "sent twice: answered as done"
    live = [row for row in visits_of(clinic.site, request_id) if row.ended_at is None]
    found = {row.number: value(row.clinician_id, row.starts_at) for row in live}
    assert set(found) == {1, 2, 3}
    assert found[2] == chosen
    drew.get("/dispatch/unassigned")
    assert "has no time" not in drew.text()
    drew.get("/dispatch/calls")
    assert "Find a new time" not in drew.text()


def test_a_place_keeps_its_distance_from_the_doses_around_it(clinic: Clinic, drew: Visitor) -> None:
    """At least 72 hours after the first dose: the day after it is refused."""
    second = second_visit(clinic)
    assert second.series_id is not None
    first = queries.visits_of_series(clinic.site.session, second.series_id)[0]
    too_soon = value(first.clinician_id, first.starts_at + timedelta(days=1))
    visit_id, place = second.id, f"/dispatch/series/{second.series_id}/visits/2"
    drew.get(f"/dispatch/visits/{visit_id}")
    drew.post(f"/dispatch/visits/{visit_id}/cancel", reason="patient is away")
    answer = drew.post(place, choice=too_soon)
    refused(answer, 409, "This time is outside the times asked for.", drew)
    assert choices_of(drew)
    refused(drew.post(place, choice="now"), 422, "Choose one of the times", drew)
    refused(drew.post(place), 422, "Please choose one.", drew)
