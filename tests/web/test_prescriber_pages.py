"""The prescriber's pages: review, order, sign-off, and what becomes of a stopped series."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.domain.series import AttemptState
from scheduler.domain.visits import VisitState
from scheduler.store.database import transaction
from scheduler.store.messages import MessageRow
from scheduler.store.people import Role
from scheduler.store.treatment import IntakeRow, OrderRow
from tests.web.care import Care
from tests.web.rubbish import TEXT_IS_RIGHT, FoundForm, assert_rubbish_is_refused, forms_of
from tests.web.site import Clinic
from tests.web.visitor import PASSWORD, staff_visitor


@pytest.fixture
def care(clinic: Clinic) -> Care:
    """Dr. Sol, Ada and Quinn, on each database in turn."""
    return Care(clinic)


@pytest.fixture
def lone_care(lone_clinic: Clinic) -> Care:
    """Dr. Sol, Ada and Quinn, on SQLite."""
    return Care(lone_clinic)


def test_from_the_review_to_the_second_dose(care: Care) -> None:
    request_id = care.asked(pregnant=True)
    assert care.sol.get("/prescriber").status_code == 200
    assert "Pregnancy" in care.sol.text()
    page = f"/prescriber/requests/{request_id}"
    care.sol.get(page)
    assert "72.4 kg (159.6 lb)" in care.sol.text()
    assert "⚑ Pregnancy" in care.sol.text()
    answer = care.sol.post(page, decision="clear", reason="seen in person")
    assert answer.headers["Location"].endswith("/order")
    care.sol.follow(answer)
    assert "29 mg" in care.sol.text()  # 72.4 x 0.4 = 28.96
    assert care.sign(request_id).status_code == 303
    series_id = care.planned(request_id)
    care.sol.get("/prescriber/doses")
    assert "can be signed off" in care.sol.text()
    dose = f"/prescriber/series/{series_id}/doses/1"
    care.sol.get(dose)
    assert "0.25 mg/kg × 72.4 kg = 18 mg" in care.sol.text()  # noqa: RUF001
    assert care.sol.post(dose, mg="19", password=PASSWORD).status_code == 422
    assert care.sol.post(dose, mg="18", password="not this one").status_code == 422
    assert care.visit(series_id, 1).state is VisitState.TENTATIVE
    assert care.sol.post(dose, mg="18", password=PASSWORD).status_code == 303
    assert care.visit(series_id, 1).state is VisitState.BOOKED
    care.given(series_id, 1, "18")
    dose = f"/prescriber/series/{series_id}/doses/2"
    care.sol.get(dose)
    assert "Doses by date" in care.sol.text()
    assert care.sol.post(dose, mg="29", password=PASSWORD).status_code == 303
    assert care.visit(series_id, 2).state is VisitState.BOOKED


def test_a_sign_off_sent_twice_is_one(care: Care) -> None:
    series_id = care.series()
    dose = f"/prescriber/series/{series_id}/doses/1"
    care.sol.get(dose)
    for _ in range(2):
        assert care.sol.post(dose, mg="18", password=PASSWORD).status_code == 303
    assert care.looks("authorise dose") == 1


def test_an_order_sent_twice_is_one(care: Care) -> None:
    request_id = care.asked()
    fields = care.order_fields()
    path = f"/prescriber/requests/{request_id}/order"
    care.sol.get(path)
    for _ in range(2):
        assert care.sol.post(path, **fields).status_code == 303
    assert care.sol.post(path, **(fields | {"max_cumulative_mg": "200"})).status_code == 409
    care.site.session.rollback()
    assert len(care.site.session.scalars(select(OrderRow)).all()) == 1


def test_an_order_stands_through_its_last_day_where_the_patient_lives(care: Care) -> None:
    care.sign(care.asked(), expires_on="2026-12-31")
    care.site.session.rollback()
    order = care.site.session.scalars(select(OrderRow)).one()
    assert order.expires_at == care.world.at(2027, 1, 1, 6)  # midnight in Kansas City, CST


def test_a_review_said_twice_is_one_and_another_is_refused(care: Care) -> None:
    request_id = care.asked(pregnant=True)
    page = f"/prescriber/requests/{request_id}"
    care.sol.get(page)
    for _ in range(2):
        assert care.sol.post(page, decision="decline", reason="not at home").status_code == 303
    assert care.request_state(request_id) == "DECLINED"
    assert care.sol.post(page, decision="clear", reason="after all").status_code == 409
    assert "This request is not waiting for a review." in care.sol.text()
    assert care.looks("review") == 1


def test_a_stopped_dose_waits_for_a_decision_and_the_series_goes_on(care: Care) -> None:
    series_id = care.series()
    care.released(series_id, 1, "18")
    care.given(series_id, 1, "12", stopped_early="yes", tolerance="poor", notes="felt unwell")
    assert care.state(series_id) == "AWAITING_REVIEW"
    care.sol.get("/prescriber")
    assert "stopped early" in care.sol.text()
    care.sol.get("/prescriber/doses")
    assert "A prescriber must decide first" in care.sol.text()
    page = f"/prescriber/series/{series_id}"
    care.sol.get(page)
    assert "12 mg ! stopped early badly felt unwell" in care.sol.text()
    for _ in range(2):
        answer = care.sol.post(page, decision="go_on", reason="spoke with the patient")
        assert answer.status_code == 303
    assert care.looks("let series go on") == 1
    care.released(series_id, 2, "29")


def test_a_stopped_series_can_be_ended_and_its_visits_are_called_off(care: Care) -> None:
    series_id = care.series()
    care.released(series_id, 1, "18")
    care.given(series_id, 1, "12", stopped_early="yes")
    page = f"/prescriber/series/{series_id}"
    care.sol.get(page)
    for _ in range(2):
        assert care.sol.post(page, decision="end", reason="too strong").status_code == 303
    assert care.state(series_id) == "STOPPED"
    assert [care.visit(series_id, number).state for number in (2, 3)] == [VisitState.CANCELLED] * 2
    for number in (2, 3):
        assert [row.state for row in care.attempts(series_id, number)] == [AttemptState.OMITTED]
    rows = care.site.session.scalars(select(MessageRow)).all()
    assert sum(row.template.value == "cancelled" for row in rows) == 2
    assert care.sol.post(page, decision="go_on", reason="no").status_code == 409


def test_who_may_not_prescribe_in_the_state_is_told_so(lone_care: Care) -> None:
    lone_care.world.scope("MO")
    pat = lone_care.world.patient("64108", "MO", phone="+18165550177")
    request_id = lone_care.world.request(pat, "iv_series")
    path = f"/prescriber/requests/{request_id}/order"
    lone_care.sol.get(path)
    assert "You may not prescribe in Missouri today." in lone_care.sol.text()
    assert lone_care.sol.post(path, **lone_care.order_fields()).status_code == 403
    assert "You may not prescribe in Missouri today." in lone_care.sol.text()


def test_what_is_missing_before_a_dose_is_said_in_words(lone_care: Care) -> None:
    series_id = lone_care.series()
    lone_care.sol.get(f"/prescriber/series/{series_id}/doses/2")
    assert "The outcome of the visit before is not recorded." in lone_care.sol.text()
    answer = lone_care.sol.post(
        f"/prescriber/series/{series_id}/doses/2", mg="29", password=PASSWORD
    )
    assert answer.status_code == 409


def test_an_overdue_review_is_marked(lone_care: Care) -> None:
    lone_care.asked(addiction_history=True)
    lone_care.sol.get("/prescriber")
    assert "overdue" not in lone_care.sol.text()
    lone_care.world.clock.pass_time(hours=25)
    lone_care.at_work()
    lone_care.sol.get("/prescriber")
    assert "overdue" in lone_care.sol.text()


def test_answers_of_any_age_are_shown(lone_care: Care) -> None:
    request_id = lone_care.asked(pregnant=True)
    page = f"/prescriber/requests/{request_id}"
    lone_care.sol.get(page)
    assert "before questions had versions" in lone_care.sol.text()
    newer = {
        "questionnaire": "general-3",
        "answers": [{"id": "a", "question": "Are you well?", "answer": "No", "flagged": True}],
        "supervision": ["pregnancy"],
    }
    with transaction(lone_care.site.session) as session:
        session.scalars(select(IntakeRow)).one().answers = json.dumps(newer)
    lone_care.sol.get(page)
    assert "Are you well? ⚑ No (look at this)" in lone_care.sol.text()
    assert "Questions: version 3." in lone_care.sol.text()


def test_looks_leave_a_record(lone_care: Care) -> None:
    series_id = lone_care.series()
    request_id = lone_care.asked(pregnant=True)
    for path, action in (
        ("/prescriber", "view reviews"),
        ("/prescriber/doses", "view doses"),
        (f"/prescriber/requests/{request_id}", "view intake"),
        (f"/prescriber/series/{series_id}", "view series"),
        (f"/prescriber/series/{series_id}/doses/1", "view dose"),
    ):
        before = lone_care.looks(action)
        assert lone_care.sol.get(path).status_code == 200
        assert lone_care.looks(action) == before + 1


def test_only_prescribers_come_in(lone_care: Care) -> None:
    series_id, request_id = lone_care.series(), lone_care.asked()
    paths = (
        "/prescriber",
        "/prescriber/doses",
        f"/prescriber/requests/{request_id}",
        f"/prescriber/requests/{request_id}/order",
        f"/prescriber/series/{series_id}",
        f"/prescriber/series/{series_id}/doses/1",
    )
    for role in (Role.DISPATCHER, Role.MEDICAL_DIRECTOR, Role.ADMINISTRATOR):
        visitor = staff_visitor(lone_care.site, role)
        assert {visitor.get(path).status_code for path in paths} == {403}
    assert {lone_care.ada.get(path).status_code for path in paths} == {403}
    gone = uuid4()
    for path in (f"requests/{gone}", f"requests/{gone}/order", f"series/{gone}/doses/1"):
        assert lone_care.sol.get(f"/prescriber/{path}").status_code == 404
    assert lone_care.sol.get(f"/prescriber/series/{series_id}/doses/99").status_code == 404


def _draft(care: Care, title: str) -> str:
    path = f"/protocols/{care.clinic.protocol}/copy"
    answer = care.sol.post(path, title=title)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_protocol_is_copied_once_and_approved_by_the_director(care: Care) -> None:
    assert care.sol.get("/protocols").status_code == 200
    draft = _draft(care, "Ours")
    assert _draft(care, "Ours") == draft
    care.sol.get(draft)
    assert "draft, not approved" in care.sol.text()
    refused = care.sol.post(f"{draft}/approval", reason="read", password=PASSWORD)
    assert refused.status_code == 403
    director = staff_visitor(care.site, Role.MEDICAL_DIRECTOR)
    director.get(draft)
    assert director.post(f"{draft}/approval", reason="", password="x").status_code == 422
    assert director.post(f"{draft}/approval", reason="read", password="x").status_code == 422
    for _ in range(2):
        answer = director.post(f"{draft}/approval", reason="read", password=PASSWORD)
        assert answer.status_code == 303
    director.get(draft)
    assert "0.25 mg/kg over 40 minutes" in director.text()
    again = director.post(f"/protocols/{care.clinic.protocol}/approval", reason="x", password="y")
    assert again.status_code in {409, 422}


def form_on(care: Care, path: str, action: str = "") -> FoundForm:
    """Return the form of a page of the prescriber's."""
    return forms_of(care.sol.get(path), action or path)[0]


WRONG = "not my password"
TEXT = {"reason": TEXT_IS_RIGHT, "indication": TEXT_IS_RIGHT, "title": TEXT_IS_RIGHT}
"""Kinds of rubbish that are right in a field for free text; the wrong password stops the act."""


def test_rubbish_in_a_review_is_refused_by_name(lone_care: Care) -> None:
    form = form_on(lone_care, f"/prescriber/requests/{lone_care.asked(pregnant=True)}")
    good = {"decision": "decline", "reason": "because"}
    assert assert_rubbish_is_refused(lone_care.sol, form, good, TEXT) > 15


def test_rubbish_in_an_order_is_refused_by_name(lone_care: Care) -> None:
    request_id = lone_care.asked()
    form = form_on(lone_care, f"/prescriber/requests/{request_id}/order")
    good = lone_care.order_fields(password=WRONG)
    assert assert_rubbish_is_refused(lone_care.sol, form, good, TEXT) > 80
    assert lone_care.request_state(request_id) == "AWAITING_ORDER"
    empty = lone_care.sol.post(form.action).get_data(as_text=True)
    assert all(f'href="#{name}"' in empty for name in good)


def test_rubbish_in_a_sign_off_is_refused_by_name(lone_care: Care) -> None:
    series_id = lone_care.series()
    form = form_on(lone_care, f"/prescriber/series/{series_id}/doses/1")
    assert assert_rubbish_is_refused(lone_care.sol, form, {"mg": "18", "password": WRONG}) > 30
    assert lone_care.visit(series_id, 1).state is VisitState.TENTATIVE


def test_rubbish_in_a_decision_is_refused_by_name(lone_care: Care) -> None:
    series_id = lone_care.series()
    lone_care.released(series_id, 1, "18")
    lone_care.given(series_id, 1, "12", stopped_early="yes")
    form = form_on(lone_care, f"/prescriber/series/{series_id}")
    good = {"decision": "go_on", "reason": "because"}
    assert assert_rubbish_is_refused(lone_care.sol, form, good, TEXT) > 15


def test_rubbish_in_a_protocols_forms_is_refused_by_name(lone_care: Care) -> None:
    path = f"/protocols/{lone_care.clinic.protocol}"
    form = form_on(lone_care, path, f"{path}/copy")
    assert assert_rubbish_is_refused(lone_care.sol, form, {"title": "Ours"}, TEXT) > 3
    draft = _draft(lone_care, "Ours")
    director = staff_visitor(lone_care.site, Role.MEDICAL_DIRECTOR)
    form = forms_of(director.get(draft), f"{draft}/approval")[0]
    good = {"reason": "read", "password": WRONG}
    assert assert_rubbish_is_refused(director, form, good, TEXT) > 15
