"""A series of rising doses: planned whole, released one by one, never past order or protocol."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import IllegalTransition, NotAllowed, SchedulingError
from scheduler.domain.protocols import ProtocolStatus
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import VisitEvent, VisitState
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.matching.decide import SlotTaken
from scheduler.services.booking import reserve
from scheduler.services.changing import cancel, move, offers_to_move
from scheduler.services.day import progress
from scheduler.services.dose_review import GivenDose, dose_to_authorise
from scheduler.services.intake import review_request
from scheduler.services.offers import NotYetBookable, offers_for
from scheduler.services.orders import NotApproved
from scheduler.services.placing import Choice, OrderMissing
from scheduler.services.release import DoseChanged, DoseNotReleased, authorise_dose
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.audit import AuditRow
from scheduler.store.database import transaction
from scheduler.store.people import Role
from scheduler.store.treatment import OrderRow, ProtocolRow, SeriesRow
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.services.course import NOW, Course
from tests.world import World, sign_dose


@pytest.fixture
def course(session: Session) -> Course:
    return Course.begin(session)


def rules(refused: pytest.ExceptionInfo[DoseNotReleased]) -> set[int]:
    return {refusal.rule for refusal in refused.value.refusals}


def test_all_visits_are_tentative_without_a_dose_and_inside_the_gaps(course: Course) -> None:
    series_id = course.plan()
    visits = queries.visits_of_series(course.world.session, series_id)
    assert [visit.state for visit in visits] == [VisitState.TENTATIVE] * 3
    attempts = queries.attempts_of_series(course.world.session, series_id)
    assert [attempt.mg_sealed for attempt in attempts] == [None] * 3
    assert [a.state for a in attempts] == [AttemptState.ELIGIBLE, *[AttemptState.LOCKED] * 2]
    for before, after in pairwise(visits):
        shortest = after.window_starts_at - before.window_ends_at - timedelta(minutes=40)
        longest = after.window_ends_at - before.window_starts_at - timedelta(minutes=40)
        assert shortest >= timedelta(hours=72)
        assert longest <= timedelta(hours=120)


def test_each_dose_waits_for_the_outcome_before(course: Course) -> None:
    series_id = course.plan()
    assert sign_dose(course.prescriber, series_id, 1) == Decimal(18)  # 72.4 x 0.25 = 18.1
    assert course.visit(series_id, 1).state is VisitState.BOOKED
    with pytest.raises(DoseNotReleased) as refused:
        sign_dose(course.prescriber, series_id, 2)
    assert rules(refused) == {2}
    course.give(series_id, 1, "18")
    assert course.attempt(series_id, 2).state is AttemptState.ELIGIBLE
    assert sign_dose(course.prescriber, series_id, 2) == Decimal(29)  # 72.4 x 0.4 = 28.96


def test_only_the_amount_that_was_read_is_signed_off(course: Course) -> None:
    series_id = course.plan()
    seen = dose_to_authorise(course.prescriber, series_id, 1)
    assert (seen.kg, seen.mg_per_kg, seen.mg) == (Decimal("72.4"), Decimal("0.25"), Decimal(18))
    assert seen.refusals == ()
    with pytest.raises(DoseChanged):
        authorise_dose(course.prescriber, series_id, 1, Decimal(19))
    assert_nothing_signed(course, series_id, "another amount")
    assert authorise_dose(course.prescriber, series_id, 1, Decimal(18)) == Decimal(18)
    assert dose_to_authorise(course.prescriber, series_id, 1).signed_mg == Decimal(18)


def assert_nothing_signed(course: Course, series_id: UUID, refused_with: str) -> None:
    """Only the refusal was written, once, with its words."""
    session = course.world.session
    session.rollback()
    assert course.attempt(series_id, 1).mg_sealed is None
    assert course.visit(series_id, 1).state is VisitState.TENTATIVE
    stored = session.scalars(select(AuditRow).where(AuditRow.action == "refuse dose"))
    assert [refused_with in row.reason for row in stored] == [True]


def test_a_weight_taken_after_the_dose_was_read_asks_to_read_it_again(course: Course) -> None:
    series_id = course.plan()
    seen = dose_to_authorise(course.prescriber, series_id, 1).mg
    course.weigh("75")
    with pytest.raises(DoseChanged):
        authorise_dose(course.prescriber, series_id, 1, seen or Decimal(0))
    assert_nothing_signed(course, series_id, "another amount")
    again = dose_to_authorise(course.prescriber, series_id, 1)
    assert (again.kg, again.mg) == (Decimal(75), Decimal(19))  # 75 x 0.25 = 18.75
    assert authorise_dose(course.prescriber, series_id, 1, Decimal(19)) == Decimal(19)


def test_a_dose_is_read_with_what_was_given_before(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    course.give(series_id, 1, "18")
    seen = dose_to_authorise(course.prescriber, series_id, 2)
    visit = course.visit(series_id, 2)
    assert (seen.level_number, seen.minutes, seen.weighed_on) == (2, 40, NOW.date())
    assert (seen.starts_at, seen.timezone) == (visit.starts_at, "America/Chicago")
    began = course.visit(series_id, 1).starts_at + timedelta(minutes=30)
    assert seen.given == (GivenDose(1, Decimal(18), began, aborted=False, tolerance=""),)


def test_what_stands_against_a_dose_is_said_before_it_is_signed(course: Course) -> None:
    series_id = course.plan()
    later = dose_to_authorise(course.prescriber, series_id, 2)
    assert "The outcome of the visit before is not recorded." in later.refusals


def test_a_dose_above_the_orders_ceiling_is_refused_and_nothing_is_written(course: Course) -> None:
    series_id = course.plan(ceiling="17")
    with pytest.raises(DoseNotReleased) as refused:
        sign_dose(course.prescriber, series_id, 1)
    assert rules(refused) == {6}
    assert_nothing_signed(course, series_id, "ceiling")


def test_a_weight_in_pounds_stops_the_next_dose(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    course.give(series_id, 1, "18")
    course.weigh("160")
    with pytest.raises(DoseNotReleased, match="looks like pounds") as refused:
        sign_dose(course.prescriber, series_id, 2)
    assert rules(refused) == {5, 6}  # 160 x 0.4 = 64 mg is above the order's 60 mg as well


def test_an_aborted_dose_counts_and_asks_for_a_review(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    course.give(series_id, 1, "12", aborted=True)
    given = queries.given_in_series(course.world.session, series_id)
    assert [row.given_mg for row in given] == ["12"]
    series = queries.get(course.world.session, SeriesRow, series_id, "series")
    assert series.state is SeriesState.AWAITING_REVIEW
    with pytest.raises(DoseNotReleased) as refused:
        sign_dose(course.prescriber, series_id, 2)
    assert rules(refused) == {2}


def test_only_a_prescriber_releases_a_dose(course: Course) -> None:
    series_id = course.plan()
    for role in set(Role) - {Role.PRESCRIBER}:
        with pytest.raises(NotAllowed):
            sign_dose(course.world.desk(role), series_id, 1)


def test_a_visit_cannot_move_out_of_the_gap(course: Course) -> None:
    series_id = course.plan()
    visit = course.visit(series_id, 2)
    visit_id, clinician_id, before = visit.id, visit.clinician_id, visit.starts_at
    with pytest.raises(SlotTaken):
        move(
            course.world.dispatcher,
            visit_id,
            Choice(clinician_id, before - timedelta(1)),
            None,
            "x",
        )
    assert course.visit(series_id, 2).starts_at == before


def test_cancelling_a_visit_keeps_its_place_and_its_history(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    cancel(course.world.dispatcher, course.visit(series_id, 1).id, "patient is ill")
    rows = queries.attempts_of_series(course.world.session, series_id)
    assert [row.state for row in rows if row.number == 1] == [
        AttemptState.DEFERRED,
        AttemptState.ELIGIBLE,
    ]
    assert course.attempt(series_id, 1).mg_sealed is None


def test_a_series_is_not_accepted_past_the_order(course: Course) -> None:
    course.order(days=6)
    offers = propose_series(course.world.dispatcher, course.request_id)
    choices = [Choice(offer.clinician_id, offer.starts_at) for offer in offers]
    with pytest.raises(OrderMissing):
        accept_series(course.world.dispatcher, course.request_id, choices)
    assert course.world.session.scalars(select(VisitRow)).all() == []


def test_nothing_is_offered_without_an_order(course: Course) -> None:
    with pytest.raises(NotYetBookable, match="order is needed"):
        offers_for(course.world.dispatcher, course.request_id)


def test_a_dosed_service_is_not_booked_visit_by_visit(course: Course) -> None:
    course.order()
    someone = course.prescriber.actor.person_id or uuid4()
    with pytest.raises(SchedulingError, match="whole series"):
        reserve(course.world.dispatcher, course.request_id, Choice(someone, NOW))


def test_an_example_is_never_ordered(course: Course) -> None:
    with transaction(course.world.session) as session:
        row = queries.get(session, ProtocolRow, course.protocol_id, "protocol")
        row.status = ProtocolStatus.EXAMPLE
    with pytest.raises(NotApproved, match="example"):
        course.order()


def test_a_minor_waits_for_a_prescriber(session: Session) -> None:
    course = Course.begin(session, born=date(2010, 1, 1))
    with pytest.raises(NotYetBookable, match="prescriber must look"):
        offers_for(course.world.dispatcher, course.request_id)
    with pytest.raises(IllegalTransition):
        course.order()
    with pytest.raises(NotAllowed):
        review_request(course.world.dispatcher, course.request_id, clear=True, reason="x")
    review_request(course.prescriber, course.request_id, clear=True, reason="seen in person")
    course.order()
    assert propose_series(course.world.dispatcher, course.request_id)


def test_of_two_authorisations_at_once_one_wins(database: Database) -> None:
    with Session(database.engine) as session:
        course = Course.begin(session)
        series_id = course.plan()
        person = course.prescriber.actor.person_id
    answers: list[object] = []
    start = threading.Barrier(2)

    def authorise() -> None:
        with Session(database.engine) as own:
            world = World(own, FixedClock(NOW))
            start.wait()
            try:
                answers.append(sign_dose(world.desk(Role.PRESCRIBER, person), series_id, 1))
            except SchedulingError as refused:
                answers.append(refused.code)

    threads = [threading.Thread(target=authorise) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [Decimal(18), "illegal_transition"]


def test_a_visit_is_not_begun_days_before_its_time(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    course.give(series_id, 1, "18")
    sign_dose(course.prescriber, series_id, 2)
    visit = course.visit(series_id, 2)
    nurse = course.world.desk(Role.CLINICIAN, visit.clinician_id)
    with pytest.raises(IllegalTransition, match="another time"):
        progress(nurse, visit.id, VisitEvent.SET_OUT)
    assert course.visit(series_id, 2).state is VisitState.BOOKED


def test_a_weight_changed_after_the_sign_off_stops_the_visit(course: Course) -> None:
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    course.weigh("66")
    visit = course.visit(series_id, 1)
    nurse = course.world.desk(Role.CLINICIAN, visit.clinician_id)
    course.world.clock.instant = visit.starts_at
    with pytest.raises(DoseNotReleased) as refused:
        progress(nurse, visit.id, VisitEvent.SET_OUT)
    assert rules(refused) == {5}


def test_the_first_dose_is_judged_by_the_weight_of_the_order(course: Course) -> None:
    series_id = course.plan()
    course.weigh("160")
    with pytest.raises(DoseNotReleased, match="looks like pounds"):
        sign_dose(course.prescriber, series_id, 1)


def test_a_newer_intake_that_waits_for_a_prescriber_stops_the_series(course: Course) -> None:
    series_id = course.plan()
    patient = queries.get(course.world.session, SeriesRow, series_id, "series").patient_id
    home = course.visit(series_id, 1).address_id
    course.world.request((patient, home), "infusion", pregnant=True)
    with pytest.raises(DoseNotReleased) as refused:
        sign_dose(course.prescriber, series_id, 1)
    assert rules(refused) == {8}


def test_a_later_visit_does_not_jump_an_open_place(course: Course) -> None:
    series_id = course.plan()
    third = course.visit(series_id, 3)
    choice = Choice(third.clinician_id, third.starts_at)
    cancel(course.world.dispatcher, course.visit(series_id, 2).id, "patient is ill")
    with pytest.raises(IllegalTransition, match="earlier visit"):
        move(course.world.dispatcher, third.id, choice, None, "sooner")


def test_a_run_out_order_is_replaced_by_one_that_points_back(course: Course) -> None:
    course.order(days=1)
    course.world.clock.pass_time(days=2)
    course.order()
    orders = course.world.session.scalars(select(OrderRow).order_by(OrderRow.signed_at)).all()
    assert [order.previous_order_id for order in orders] == [None, orders[0].id]


def test_only_the_patient_and_dispatch_move_a_visit(course: Course) -> None:
    visit = course.visit(course.plan(), 1)
    for role in set(Role) - {Role.PATIENT, Role.DISPATCHER}:
        with pytest.raises(NotAllowed):
            cancel(course.world.desk(role), visit.id, "mischief")


def test_moving_a_signed_dose_to_where_the_guard_refuses_takes_the_sign_off_back(
    course: Course,
) -> None:
    """Since the sign-off, newer answers of the patient wait for a prescriber."""
    series_id = course.plan()
    sign_dose(course.prescriber, series_id, 1)
    world, desk, visit = course.world, course.world.dispatcher, course.visit(series_id, 1)
    visit_id, ids = visit.id, (visit.patient_id, visit.address_id)
    world.request(ids, "infusion", (NOW, NOW + timedelta(days=4)), pregnant=True)
    other = offers_to_move(desk, visit_id).offers[-1]
    move(desk, visit_id, Choice(other.clinician_id, other.starts_at), reason="asked for it")
    assert course.visit(series_id, 1).state is VisitState.TENTATIVE
    attempt = course.attempt(series_id, 1)
    held = (attempt.state, attempt.mg_sealed, attempt.signed_hash)
    assert held == (AttemptState.ELIGIBLE, None, None)


def test_a_calendar_whose_days_have_passed_is_refused_in_words(course: Course) -> None:
    course.order()
    offers = propose_series(course.world.dispatcher, course.request_id)
    choices = [Choice(offer.clinician_id, offer.starts_at) for offer in offers]
    course.world.clock.pass_time(days=6)
    with pytest.raises(SeriesDoesNotFit):
        propose_series(course.world.dispatcher, course.request_id)
    with pytest.raises(SeriesDoesNotFit):
        accept_series(course.world.dispatcher, course.request_id, choices)
    assert course.world.session.scalars(select(SeriesRow)).all() == []
