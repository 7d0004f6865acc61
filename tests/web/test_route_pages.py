"""The clinician's pages: the day in order, each step, the weight, the outcome, the shut door."""

from collections.abc import Mapping
from datetime import time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scheduler.domain.series import AttemptState
from scheduler.domain.visits import VisitState
from scheduler.services.booking import confirm, reserve
from scheduler.services.placing import Choice
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import AddressRow, Role
from scheduler.store.treatment import AdministrationRow, WeightRow
from scheduler.store.visits import VisitRow
from tests.web.care import Care
from tests.web.rubbish import TEXT_IS_RIGHT, assert_rubbish_is_refused, forms_of
from tests.web.site import NOW, Clinic
from tests.web.visitor import Visitor, staff_visitor


@pytest.fixture
def care(clinic: Clinic) -> Care:
    """Dr. Sol, Ada and Quinn, on each database in turn."""
    return Care(clinic)


@pytest.fixture
def lone_care(lone_clinic: Clinic) -> Care:
    """Dr. Sol, Ada and Quinn, on SQLite."""
    return Care(lone_clinic)


def booked(care: Care, hours: int = 3, zip_code: str = "66101") -> UUID:
    """Book a checkup of somebody new with Ada, that many hours ahead on the test's first day."""
    count = len(care.site.session.scalars(select(VisitRow.id)).all())
    care.site.session.rollback()
    person = care.world.patient(zip_code, "KS", phone=f"+1816555017{count}")
    request_id = care.world.request(person, "checkup", (NOW, NOW + timedelta(days=2)))
    desk = care.world.dispatcher
    choice = Choice(care.clinic.ada, NOW + timedelta(hours=hours))
    visit_id = reserve(desk, request_id, choice)
    confirm(desk, visit_id)
    return visit_id


def state(care: Care, visit_id: UUID) -> VisitState:
    """Return where a visit stands."""
    care.site.session.rollback()
    return care.site.session.get_one(VisitRow, visit_id).state


def arrived(care: Care, series_id: UUID, number: int = 1) -> UUID:
    """Let Ada stand at the door of a series' visit."""
    visit = care.visit(series_id, number)
    visit_id, starts_at = visit.id, visit.starts_at
    care.world.clock.instant = starts_at
    care.at_work()
    for event in ("set out", "arrive"):
        assert care.step(visit_id, event).status_code == 303, care.ada.text()
    return visit_id


def test_the_day_is_shown_in_order_with_leave_by_times_and_the_way_home(lone_care: Care) -> None:
    with transaction(lone_care.site.session) as session:
        ada = queries.clinician_with_all(session, lone_care.clinic.ada)
        ada.break_minutes, ada.break_opens, ada.break_closes = 30, time(12), time(14)
    booked(lone_care, hours=5, zip_code="66012")  # 3 PM, half an hour from the start
    booked(lone_care, hours=2)  # noon, at the ZIP of the start
    lone_care.ada.get("/route")
    words = lone_care.ada.text()
    assert "Today, Tue, Oct 20" in words
    assert words.index("12:00 PM") < words.index("3:00 PM")
    assert "Leave by 11:52 AM CDT for Pat Example, 8 minutes of driving." in words
    assert "Leave by 2:17 PM CDT Drive 43 min Planned arrival 3:00 PM CDT" in words
    assert "Break of 30 minutes, about 1:30 PM (it may start from 12:00 PM to 2:00 PM)" in words
    assert "49 minutes of driving back from Pat Example, leaving about 4:30 PM." in words
    assert "12 Fiction Street, Testville, KS 66012" in words


def test_a_directions_link_names_the_address_and_nobody(lone_care: Care) -> None:
    booked(lone_care)
    page = lone_care.ada.get("/route").get_data(as_text=True)
    assert 'href="geo:0,0?q=12%20Fiction%20Street%2C%20Testville%2C%20KS%2066101"' in page
    assert "?q=Pat" not in page


def test_only_today_and_tomorrow_are_shown(lone_care: Care) -> None:
    visit_id = booked(lone_care, hours=24)
    lone_care.ada.get("/route")
    assert "You have no visits today." in lone_care.ada.text()
    lone_care.ada.get("/route?day=tomorrow")
    assert "You can set out from Wed, Oct 21, 6:00 AM CDT." in lone_care.ada.text()
    assert lone_care.ada.get(f"/route/visits/{visit_id}").status_code == 200
    lone_care.world.clock.pass_time(days=3)
    lone_care.at_work()
    assert lone_care.ada.get(f"/route/visits/{visit_id}").status_code == 404


def test_the_card_tells_how_to_get_in_and_what_to_read_to_911(lone_care: Care) -> None:
    visit_id = booked(lone_care)
    with transaction(lone_care.site.session) as session:
        address_id = session.get_one(VisitRow, visit_id).address_id
        session.get_one(AddressRow, address_id).access = '{"gate_code": "1234", "pets": "a dog"}'
    lone_care.ada.get(f"/route/visits/{visit_id}")
    words = lone_care.ada.text()
    assert "Gate code: 1234 Pets: a dog" in words
    assert "Read this address to 911: 12 Fiction Street, Testville, KS 66101" in words
    assert "Then call the practice:" in words


def test_a_dose_card_shows_what_was_signed_and_without_it_nothing_starts(care: Care) -> None:
    series_id = care.series()
    visit = care.visit(series_id, 1)
    visit_id, starts_at = visit.id, visit.starts_at
    care.world.clock.instant = starts_at
    care.at_work()
    care.ada.get(f"/route/visits/{visit_id}")
    assert "No dose is signed off: do not start." in care.ada.text()
    assert "On my way" not in care.ada.text()
    assert care.step(visit_id, "set out").status_code == 409
    care.released(series_id, 1, "18")
    care.ada.get(f"/route/visits/{visit_id}")
    words = care.ada.text()
    assert "0.25 mg/kg × 72.4 kg = 18 mg" in words  # noqa: RUF001
    assert "Signed off by Dr. Sol Example, MD" in words
    assert "On my way" in words


def test_a_dosed_visit_from_setting_out_to_its_outcome(care: Care) -> None:
    series_id = care.series()
    care.released(series_id, 1, "18")
    visit_id = care.given(series_id, 1, "18", notes="calm")
    assert state(care, visit_id) is VisitState.COMPLETED
    assert [row.state for row in care.attempts(series_id, 2)] == [AttemptState.ELIGIBLE]
    assert care.recorded(visit_id, "18", notes="calm").status_code == 303
    assert care.recorded(visit_id, "17", stopped_early="yes").status_code == 409
    assert "What was recorded stands." in care.ada.text()
    care.site.session.rollback()
    row = care.site.session.scalars(select(AdministrationRow)).one()
    assert (row.given_mg, row.aborted) == ("18", False)
    assert row.ended_at - row.started_at == timedelta(minutes=40)


def test_steps_out_of_order_or_twice_change_nothing(care: Care) -> None:
    visit_id = booked(care)
    assert care.step(visit_id, "start").status_code == 409
    assert care.step(visit_id, "set out").status_code == 303
    assert care.step(visit_id, "set out").status_code == 303
    assert state(care, visit_id) is VisitState.EN_ROUTE
    assert care.looks("set out") == 1
    assert care.ada.post(f"/route/visits/{visit_id}/outcome", note="x").status_code == 409
    for event in ("arrive", "start"):
        assert care.step(visit_id, event).status_code == 303
    care.ada.get(f"/route/visits/{visit_id}/outcome")
    for _ in range(2):
        done = care.ada.post(f"/route/visits/{visit_id}/outcome", note="all well")
        assert done.status_code == 303
    assert care.looks("complete") == 1
    assert care.step(visit_id, "set out").status_code == 409


def test_a_given_dose_is_checked_field_by_field(lone_care: Care) -> None:
    series_id = lone_care.series()
    lone_care.released(series_id, 1, "18")
    visit_id = lone_care.begun(series_id, 1)
    lone_care.world.clock.pass_time(minutes=15)
    for changes, field in (
        ({"ended_at": "23:59"}, "ended_at"),
        ({"given_mg": "-1"}, "given_mg"),
        ({"given_mg": "2"}, "ended_at"),  # forty minutes have not passed
        ({"started_at": "25:00"}, "started_at"),
    ):
        answer = lone_care.recorded(visit_id, "18", **changes)
        assert answer.status_code == 422, changes
        assert f'href="#{field}"' in answer.get_data(as_text=True), changes
    lone_care.world.clock.pass_time(minutes=70)
    lone_care.at_work()
    answer = lone_care.recorded(visit_id, "12")
    assert answer.status_code == 422
    assert 'href="#stopped_early"' in answer.get_data(as_text=True)
    assert state(lone_care, visit_id) is VisitState.STARTED


def test_a_weight_far_from_the_last_is_asked_about_and_stops_the_start(care: Care) -> None:
    series_id = care.series()
    care.released(series_id, 1, "18")
    visit_id = arrived(care, series_id)
    path = f"/route/visits/{visit_id}/weight"
    care.ada.get(path)
    assert care.ada.post(path, weight="160", unit="kg").status_code == 422
    assert "160 kg after 72.4 kg: pounds?" in care.ada.text()
    assert "I have read the scale again" in care.ada.text()
    for _ in range(2):
        assert care.ada.post(path, weight="160", unit="lb").status_code == 303
    care.site.session.rollback()
    weights = care.site.session.scalars(select(WeightRow).order_by(WeightRow.recorded_at)).all()
    assert [row.kg for row in weights][-1] == "72.57"  # 160 lb
    assert care.looks("record weight") == 1
    care.world.clock.pass_time(minutes=1)
    assert care.ada.post(path, weight="66", unit="kg").status_code == 303
    answer = care.step(visit_id, "start")
    assert answer.status_code == 409
    assert "The weight changed by 8.8 %: the prescriber must look." in care.ada.text()
    assert care.ada.post(path, weight="150", unit="kg", confirmed="yes").status_code == 303


def test_a_shut_door_keeps_the_place_open_and_asks_for_a_call(care: Care) -> None:
    series_id = care.series()
    care.released(series_id, 1, "18")
    visit_id = arrived(care, series_id)
    path = f"/route/visits/{visit_id}/door"
    care.ada.get(path)
    for _ in range(2):
        assert care.ada.post(path, outcome="no_answer").status_code == 303
    assert state(care, visit_id) is VisitState.NO_SHOW
    assert [(row.state, row.mg_sealed is None) for row in care.attempts(series_id, 1)] == [
        (AttemptState.DEFERRED, False),
        (AttemptState.ELIGIBLE, True),
    ]
    assert [row.state for row in care.attempts(series_id, 2)] == [AttemptState.LOCKED]
    tasks = care.site.session.scalars(
        select(CallTaskRow.what).where(CallTaskRow.dedupe_key == f"door|{visit_id}")
    ).all()
    assert tasks == ["Nobody answered the door. Call and find a new time."]
    assert care.step(visit_id, "start").status_code in {404, 409}
    care.sol.get("/prescriber/doses")
    assert "The visit has no time yet: dispatch must find one." in care.sol.text()


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        ("wrong_address", VisitState.NO_SHOW),
        ("refused", VisitState.CANCELLED),
        ("unsafe", VisitState.CANCELLED),
        ("clinician_unable", VisitState.CANCELLED),
    ],
)
def test_a_checkup_that_ends_at_the_door_can_be_planned_again(
    lone_care: Care, outcome: str, ended: VisitState
) -> None:
    visit_id = booked(lone_care)
    path = f"/route/visits/{visit_id}/door"
    lone_care.ada.get(f"/route/visits/{visit_id}")
    assert lone_care.ada.post(path, outcome=outcome, note="a word").status_code == 409
    for event in ("set out", "arrive"):
        lone_care.step(visit_id, event)
    if outcome == "unsafe":
        assert lone_care.ada.post(path, outcome=outcome).status_code == 422
    assert lone_care.ada.post(path, outcome=outcome, note="a word").status_code == 303
    assert state(lone_care, visit_id) is ended
    request_id = lone_care.site.session.get_one(VisitRow, visit_id).request_id
    assert lone_care.request_state(request_id) == "OPEN"


def test_nobody_else_sees_or_touches_a_visit(lone_care: Care) -> None:
    visit_id = booked(lone_care)
    bea = staff_visitor(lone_care.site, Role.CLINICIAN, lone_care.clinic.bea)
    pages = ("", "/weight", "/outcome", "/door")
    acts = {
        "/step": {"event": "set out"},
        "/weight": {"weight": "70", "unit": "kg"},
        "/outcome": {"note": "x"},
        "/door": {"outcome": "no_answer"},
    }
    gone = f"/route/visits/{uuid4()}"
    for who, path, status in _others(lone_care, bea, f"/route/visits/{visit_id}", gone):
        assert {who.get(f"{path}{page}").status_code for page in pages} == {status}
        assert {who.post(f"{path}{act}", **acts[act]).status_code for act in acts} == {status}
    assert bea.get("/route").status_code == 200
    assert "Pat Example" not in bea.text()
    assert state(lone_care, visit_id) is VisitState.BOOKED


def _others(care: Care, bea: Visitor, path: str, gone: str) -> list[tuple[Visitor, str, int]]:
    dispatcher = staff_visitor(care.site, Role.DISPATCHER)
    return [(bea, path, 404), (care.sol, path, 404), (dispatcher, path, 403), (care.ada, gone, 404)]


def test_each_look_at_the_route_leaves_a_record(lone_care: Care) -> None:
    visit_id = booked(lone_care)
    lone_care.ada.get("/route")
    assert lone_care.looks("view route") == 1
    for page in ("", "/weight", "/outcome", "/door"):
        lone_care.ada.get(f"/route/visits/{visit_id}{page}")
    assert lone_care.site.audited("view", visit_id) == 4


@pytest.mark.parametrize("form", ["weight", "outcome", "door"])
def test_rubbish_is_refused_by_name(lone_care: Care, form: str) -> None:
    series_id = lone_care.series()
    lone_care.released(series_id, 1, "18")
    visit_id = arrived(lone_care, series_id)
    if form == "outcome":
        lone_care.step(visit_id, "start")
        lone_care.world.clock.instant = lone_care.visit(series_id, 1).ends_at
        lone_care.at_work()
    path = f"/route/visits/{visit_id}/{form}"
    all_good: dict[str, Mapping[str, str | list[str]]] = {
        "weight": {"weight": "70", "unit": "kg"},
        "outcome": lone_care.outcome_fields(visit_id, "18"),
        "door": {"outcome": "no_answer"},
    }
    good = dict(all_good[form])
    found = forms_of(lone_care.ada.get(path), path)[0]
    text = {"notes": TEXT_IS_RIGHT | {"nothing"}, "note": TEXT_IS_RIGHT | {"nothing"}}
    assert assert_rubbish_is_refused(lone_care.ada, found, good, text) > 15


def test_an_unknown_step_is_refused(lone_care: Care) -> None:
    visit_id = booked(lone_care)
    for event in ("", "complete", "no show", "cancel", "x" * 5000):
        assert lone_care.step(visit_id, event).status_code == 422
    assert state(lone_care, visit_id) is VisitState.BOOKED
