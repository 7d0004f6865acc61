"""Patients ask, choose, plan, move and cancel, through the pages alone and without JavaScript."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from scheduler.domain.visits import VisitState
from scheduler.services.practice import POLICY
from scheduler.store.audit import AuditRow
from scheduler.store.database import transaction
from scheduler.store.people import ConsentKind, ConsentRow
from scheduler.store.rules import CareServiceRow
from scheduler.store.treatment import AttemptRow, IntakeRow, WeightRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow
from tests.web.patient_pages import (
    answers,
    asked,
    booked,
    choices_of,
    id_in,
    kept,
    once_of,
    ordered,
    plan_of,
    planned,
    wish,
)
from tests.web.site import DOSED, NOW, Clinic
from tests.web.visitor import Visitor, patient_visitor
from tests.world import sign_dose

SIX = [1, 1, 2, 2, 3, 3]


@pytest.fixture
def pat(clinic: Clinic) -> Visitor:
    """Pat, signed in."""
    return patient_visitor(clinic.site, clinic.pat)


@pytest.fixture
def quinn(clinic: Clinic) -> Visitor:
    """Quinn, signed in."""
    return patient_visitor(clinic.site, clinic.quinn)


def count(clinic: Clinic, kind: type) -> int:
    """Return how many rows of a kind there are."""
    clinic.site.session.rollback()
    found = clinic.site.session.scalar(select(func.count()).select_from(kind))
    return int(found or 0)


def visit_row(clinic: Clinic, path: str) -> VisitRow:
    """Return the visit of a page."""
    clinic.site.session.rollback()
    return clinic.site.session.get_one(VisitRow, id_in(path))


# Asking


def test_from_the_first_question_to_a_booked_visit(clinic: Clinic, pat: Visitor) -> None:
    assert "You have no visits yet." in (pat.get("/my"), pat.text())[1]
    request = asked(pat, clinic)
    assert "You can choose a time now." in pat.text()
    confirm = kept(pat, request)
    assert "This time is kept for you until 10:10 AM." in pat.text()
    assert POLICY in pat.text()
    visit = pat.follow(pat.post(confirm, policy="yes")).request.path
    assert "Wed, Oct 21, 8:15 AM to 9:15 AM CDT" in pat.text()
    assert "✓ booked" in pat.text()
    assert re.search(r"(Ada|Bea), RN \(registered nurse\)", pat.text())
    assert visit_row(clinic, visit).state is VisitState.BOOKED
    pat.get("/my")
    assert "Your next visit Wed, Oct 21, 8:15 AM to 9:15 AM CDT" in pat.text()


def test_answers_are_kept_with_wording_and_version_and_the_weight_in_kilograms(
    clinic: Clinic, pat: Visitor
) -> None:
    request = asked(pat, clinic, q_reason="a long cold", q_addiction_history="yes")
    session = clinic.site.session
    session.rollback()
    row = session.get_one(VisitRequestRow, id_in(request))
    assert row.state is RequestState.AWAITING_REVIEW
    kept_answers = json.loads(session.get_one(IntakeRow, row.intake_id).answers)
    assert kept_answers["questionnaire"] == "general-1"
    assert kept_answers["condition"] == "a long cold"
    assert kept_answers["flags"]["addiction_history"] is True
    assert kept_answers["flags"]["pregnant"] is False
    flagged = [each["id"] for each in kept_answers["answers"] if each["flagged"]]
    assert flagged == ["addiction_history"]
    assert session.scalars(select(WeightRow)).one().kg == "72.57"
    kinds = [each.kind for each in session.scalars(select(ConsentRow))]
    assert kinds.count(ConsentKind.TREATMENT) == 1


def test_the_check_page_says_the_weight_in_both_units_and_sends_nothing(
    clinic: Clinic, pat: Visitor
) -> None:
    every = wish(clinic) | answers(weight="72.5", weight_unit="kg")
    pat.get("/my/requests/new")
    assert pat.post("/my/requests/new/check", **every).status_code == 200
    assert "160 pounds (72.5 kilograms)" in pat.text()
    assert "a cold" in pat.text()
    assert count(clinic, VisitRequestRow) == 0


def test_a_weight_in_the_wrong_unit_is_asked_about(clinic: Clinic, pat: Visitor) -> None:
    asked(pat, clinic)
    every = wish(clinic) | answers(weight="160", weight_unit="kg")
    assert pat.post("/my/requests/new/check", **every).status_code == 422
    assert "Last time it was 72.57 kg (160 lb). Pounds or kilograms?" in pat.text()


def test_going_back_loses_nothing(clinic: Clinic, pat: Visitor) -> None:
    every = wish(clinic) | answers(q_reason="a very special reason")
    pat.get("/my/requests/new")
    pat.post("/my/requests/new/check", **every)
    page = pat.post("/my/requests/new", **every).get_data(as_text=True)
    assert 'name="q_reason" value="a very special reason"' in page
    page = pat.post("/my/requests/new/intake", **every).get_data(as_text=True)
    assert ">a very special reason</textarea>" in page
    assert 'name="service_code" value="checkup"' in page


def test_the_cookie_holds_no_answers(clinic: Clinic, pat: Visitor) -> None:
    every = wish(clinic) | answers(q_reason="unmistakable")
    pat.get("/my/requests/new")
    before = pat.client.get_cookie("visit_session")
    pat.post("/my/requests/new/check", **every)
    after = pat.client.get_cookie("visit_session")
    assert before is not None
    assert after is not None
    assert len(after.value) <= len(before.value) + 200
    assert "unmistakable" not in str(after.decoded_value)


def test_the_same_page_sent_twice_makes_one_request(clinic: Clinic, pat: Visitor) -> None:
    every = wish(clinic) | answers()
    pat.get("/my/requests/new")
    pat.post("/my/requests/new/check", **every)
    once = once_of(pat)
    sent = [pat.post("/my/requests/new/send", **every, once=once) for _ in range(3)]
    assert {each.status_code for each in sent} == {303}
    assert len({each.headers["Location"] for each in sent}) == 1
    assert count(clinic, VisitRequestRow) == 1
    assert count(clinic, WeightRow) == 1


def test_only_what_is_given_at_the_address_can_be_asked_for(clinic: Clinic, pat: Visitor) -> None:
    far = str(clinic.site.world.address(clinic.pat, "90012", "CA"))
    pat.get(f"/my/requests/new?address={far}")
    assert "We cannot come to this address now." in pat.text()
    wrong = wish(clinic, address_id=far)
    assert pat.post("/my/requests/new/intake", **wrong).status_code == 422
    assert "Choose one of the treatments that we give there." in pat.text()


def test_another_address_is_added_once_and_chosen(clinic: Clinic, pat: Visitor) -> None:
    pat.get("/my/addresses/new")
    hotel = {
        "label": "hotel",
        "street": "1 Made-Up Road",
        "city": "Kansas City",
        "state": "Kansas",
        "zip_code": "66101",
        "once": once_of(pat),
    }
    answers_ = [pat.post("/my/addresses/new", **hotel) for _ in range(2)]
    assert len({each.headers["Location"] for each in answers_}) == 1
    page = pat.follow(answers_[0]).get_data(as_text=True)
    assert re.search(r'aria-current="true">1 Made-Up Road', page)
    pat.get("/my/addresses/new")
    hotel |= {"state": "MO", "once": once_of(pat)}
    assert pat.post("/my/addresses/new", **hotel).status_code == 422


def test_the_same_clinician_as_last_time_can_be_asked_for(clinic: Clinic, pat: Visitor) -> None:
    pat.get("/my/requests/new")
    assert "who came last time" not in pat.text()
    visit_id = clinic.booked(clinic.bea)
    clinic.site.world.clock.instant = NOW + timedelta(days=1)
    for event in ("set out", "arrive", "start"):
        clinic.as_bea.post(f"/visits/{visit_id}/progress", {"event": event})
    assert clinic.as_bea.post(f"/visits/{visit_id}/completion").status_code == 200
    pat = patient_visitor(clinic.site, clinic.pat)
    pat.get("/my/requests/new")
    assert "Bea, RN, who came last time, if possible" in pat.text()
    every = wish(clinic, first_day="2026-10-22", clinician="same") | answers()
    pat.post("/my/requests/new/check", **every)
    assert "Who comes Bea, RN" in pat.text()
    request = pat.post("/my/requests/new/send", **every, once=once_of(pat)).headers["Location"]
    pat.get(f"{request}/times?who=same")
    assert "Same clinician: Bea, RN" in pat.text()
    assert all(each.startswith(str(clinic.bea)) for each in choices_of(pat))
    assert choices_of(pat)


# The review


def test_the_review_is_said_in_plain_words_with_its_time(clinic: Clinic, quinn: Visitor) -> None:
    request = asked(quinn, clinic, DOSED)
    expected = "A prescriber looks at your answers, by Wed, Oct 21, 10:00 AM CDT at the latest."
    assert expected in quinn.text()
    quinn.get("/my")
    assert expected in quinn.text()
    assert "AWAITING" not in quinn.text()
    assert quinn.get(f"{request}/times").status_code == 303
    assert quinn.get(f"{request}/plan").status_code == 303
    clinic.site.world.clock.instant = NOW + timedelta(hours=25)
    quinn = patient_visitor(clinic.site, clinic.quinn)
    quinn.get(request)
    assert "This takes longer than we said." in quinn.text()


def test_what_a_prescriber_declined_is_said_kindly(clinic: Clinic, pat: Visitor) -> None:
    request = asked(pat, clinic, q_pregnant="yes")
    word = {"clear": False, "reason": "a clinical reason"}
    answer = clinic.as_prescriber.post(f"/requests/{id_in(request)}/review", word)
    assert answer.status_code == 200
    pat.get("/my")
    assert "this treatment is not right for you now" in pat.text()
    assert "a clinical reason" not in pat.text()


# Choosing a time


def test_the_first_day_with_offers_is_shown_and_other_days_are_links(
    clinic: Clinic, pat: Visitor
) -> None:
    request = asked(pat, clinic)
    page = pat.get(f"{request}/times").get_data(as_text=True)
    assert 'aria-current="date">Wed, Oct 21</a>' in page
    assert re.search(r'role="status">Wed, Oct 21: \d arrival times<', page)
    page = pat.get(f"{request}/times?day=2026-10-28").get_data(as_text=True)
    assert 'aria-current="date">Wed, Oct 28</a>' in page
    assert all("2026-10-28" in each for each in choices_of(pat))


def test_a_time_that_is_gone_is_answered_with_fresh_ones(clinic: Clinic, pat: Visitor) -> None:
    request = asked(pat, clinic)
    pat.get(f"{request}/times")
    choice, once = choices_of(pat)[0], once_of(pat)
    other = patient_visitor(clinic.site, clinic.quinn)
    theirs = other.post(
        "/my/requests/new/check",
        **(wish(clinic, address_id=str(clinic.flat)) | answers()),
    )
    assert theirs.status_code == 200
    every = wish(clinic, address_id=str(clinic.flat)) | answers()
    their_request = other.post("/my/requests/new/send", **every, once=once_of(other))
    other.get(f"{their_request.headers['Location']}/times")
    taken = {"choice": choice, "once": once_of(other)}
    assert other.post(f"{their_request.headers['Location']}/times", **taken).status_code == 303
    answer = pat.post(f"{request}/times", choice=choice, once=once)
    assert answer.status_code == 409
    assert "Somebody else has just taken this time." in pat.text()
    assert choice not in choices_of(pat)
    assert choices_of(pat)


def test_a_kept_time_is_shown_as_kept_runs_out_and_is_not_booked_late(
    clinic: Clinic, pat: Visitor
) -> None:
    request = asked(pat, clinic)
    confirm = kept(pat, request)
    pat.get("/my")
    assert "A time is kept for you until 10:10 AM." in pat.text()
    clinic.site.world.clock.instant = NOW + timedelta(minutes=11)
    assert pat.get(confirm).status_code == 409
    assert "This time is not kept any more" in pat.text()
    assert pat.post(confirm, policy="yes").status_code == 409
    assert visit_row(clinic, confirm).state is not VisitState.BOOKED
    pat.get(f"{request}/times")
    assert choices_of(pat)


def test_keeping_and_confirming_twice_is_once(clinic: Clinic, pat: Visitor) -> None:
    request = asked(pat, clinic)
    pat.get(f"{request}/times")
    data = {"choice": choices_of(pat)[0], "once": once_of(pat)}
    first, second = (pat.post(f"{request}/times", **data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    for _ in range(2):
        assert pat.post(first.headers["Location"], policy="yes").status_code == 303
    assert count(clinic, VisitRow) == 1


def test_another_time_on_the_same_old_page_is_another_act(clinic: Clinic, pat: Visitor) -> None:
    request = asked(pat, clinic)
    pat.get(f"{request}/times")
    once, (one, other, *_) = once_of(pat), choices_of(pat)
    answers_ = [pat.post(f"{request}/times", choice=each, once=once) for each in (one, other)]
    assert [each.status_code for each in answers_] == [303, 303]
    assert answers_[0].headers["Location"] != answers_[1].headers["Location"]


def test_the_policy_that_was_agreed_to_is_kept_word_for_word(clinic: Clinic, pat: Visitor) -> None:
    visit = booked(pat, clinic)
    session = clinic.site.session
    session.rollback()
    query = select(AuditRow).where(AuditRow.action == "book", AuditRow.subject_id == id_in(visit))
    assert session.scalars(query).one().reason == POLICY


def test_an_empty_list_says_why_and_what_to_do(clinic: Clinic, pat: Visitor) -> None:
    request = asked(pat, clinic)
    for clinician in (clinic.ada, clinic.bea):
        off = {"first_day": "2026-10-20", "last_day": "2026-11-20"}
        path = f"/clinicians/{clinician}/time-off"
        assert clinic.as_administrator.post(path, off).status_code == 201
    assert pat.get(f"{request}/times").status_code == 200
    assert "Nobody who could come works on these days." in pat.text()
    assert "Try other days, try again later, or call us." in pat.text()
    days = {"first_day": "2026-11-25", "last_day": "2026-11-27"}
    pat.follow(pat.post(f"{request}/days", **days))
    assert "Wed, Nov 25 to Fri, Nov 27" in pat.text()
    pat.get(f"{request}/times")
    assert "You can choose a time from Wed, Nov 11 on" in pat.text()


# A plan of six visits


@pytest.fixture
def six(clinic: Clinic) -> dict[str, object]:
    """An order for six visits."""
    protocol = clinic.site.world.protocol(code="six", administrations=SIX)
    return {
        "protocol_id": str(protocol),
        "max_administrations": 6,
        "max_cumulative_mg": "300",
    }


def test_from_the_first_question_to_a_plan_of_six_visits(
    clinic: Clinic, quinn: Visitor, six: dict[str, object]
) -> None:
    request = ordered(quinn, clinic, **six)
    quinn.get("/my")
    assert "You can look at the plan of all visits now." in quinn.text()
    assert quinn.get(f"{request}/times").status_code == 303
    quinn.get(f"{request}/plan")
    assert "6 visits, from Wed, Oct 21 to" in quinn.text()
    choices = plan_of(quinn)
    assert len(choices) == 6
    planned(quinn, request)
    assert quinn.text().count("○ planned") == 6
    assert " mg" not in quinn.text()
    session = clinic.site.session
    session.rollback()
    rows = session.scalars(select(VisitRow).order_by(VisitRow.number)).all()
    assert [row.state for row in rows] == [VisitState.TENTATIVE] * 6
    assert [f"{row.clinician_id}~{row.starts_at.isoformat()}" for row in rows] == choices


def test_a_signed_off_dose_makes_its_visit_booked_and_is_shown_to_its_patient(
    clinic: Clinic, quinn: Visitor, six: dict[str, object]
) -> None:
    planned(quinn, ordered(quinn, clinic, **six))
    session = clinic.site.session
    session.rollback()
    attempt = session.scalars(select(AttemptRow).where(AttemptRow.number == 1)).one()
    sol = clinic.site.world.prescriber("66101", "KS")
    assert sign_dose(sol, attempt.series_id, 1) == Decimal(18)
    quinn.get("/my")
    assert quinn.text().count("○ planned") == 6  # five visits, and what the word means
    assert "18 mg" in quinn.text()
    quinn.get(
        f"/my/visits/{session.scalars(select(VisitRow.id).where(VisitRow.number == 1)).one()}"
    )
    assert "18 mg, signed off by the prescriber" in quinn.text()


def test_a_plan_taken_twice_is_one_series(
    clinic: Clinic, quinn: Visitor, six: dict[str, object]
) -> None:
    request = ordered(quinn, clinic, **six)
    quinn.get(f"{request}/plan")
    data = {"visits": plan_of(quinn), "policy": "yes", "once": once_of(quinn)}
    for _ in range(2):
        assert quinn.post(f"{request}/plan", **data).status_code == 303
    assert count(clinic, VisitRow) == 6


def test_another_first_day_gives_another_plan(
    clinic: Clinic, quinn: Visitor, six: dict[str, object]
) -> None:
    request = ordered(quinn, clinic, **six)
    quinn.get(f"{request}/plan?first_day=2026-10-27")
    assert "6 visits, from Tue, Oct 27 to" in quinn.text()
    quinn.get(f"{request}/plan?first_day=2026-11-15")
    assert "There is no free time for the first visit on these days." in quinn.text()
    assert quinn.get(f"{request}/plan?first_day=rubbish").status_code == 200


def test_a_plan_with_a_time_that_is_gone_books_nothing_and_shows_another(
    clinic: Clinic, quinn: Visitor, six: dict[str, object]
) -> None:
    request = ordered(quinn, clinic, **six)
    quinn.get(f"{request}/plan")
    choices, once = plan_of(quinn), once_of(quinn)
    who, _, when = choices[3].partition("~")
    off = {"first_day": when[:10], "last_day": when[:10]}
    assert clinic.as_administrator.post(f"/clinicians/{who}/time-off", off).status_code == 201
    answer = quinn.post(f"{request}/plan", visits=choices, policy="yes", once=once)
    assert answer.status_code == 409
    assert "One of these times has just been taken. Nothing is booked." in quinn.text()
    assert choices[3] not in plan_of(quinn)
    assert count(clinic, VisitRow) == 0


# Changing


def test_a_visit_is_moved_and_the_calendar_follows(clinic: Clinic, pat: Visitor) -> None:
    visit = booked(pat, clinic)
    before = event(pat, f"{visit}/calendar.ics")
    pat.get(f"{visit}/move?day=2026-10-27")
    choice = choices_of(pat)[0]
    data = {"choice": choice, "address_id": str(clinic.home)}
    for _ in range(2):
        assert pat.post(f"{visit}/move", **data).status_code == 303
    row = visit_row(clinic, visit)
    assert row.starts_at.isoformat() == choice.partition("~")[2]
    assert row.promise_version == 2
    after = event(pat, f"{visit}/calendar.ics")
    assert after["UID"] == before["UID"]
    assert (int(before["SEQUENCE"]), int(after["SEQUENCE"])) == (1, 2)


def event(visitor: Visitor, path: str) -> dict[str, str]:
    """Return the one event of a calendar file as plain text."""
    answer = visitor.client.get(path)
    assert answer.mimetype == "text/calendar"
    book = Calendar.from_ical(answer.get_data())
    assert [each.name for each in book.subcomponents].count("VTIMEZONE") == 1
    (found,) = book.walk("VEVENT")
    return {name: value.to_ical().decode() for name, value in found.items()}


def test_the_calendar_file_says_when_and_where_and_nothing_of_health(
    clinic: Clinic, pat: Visitor
) -> None:
    visit = booked(pat, clinic)
    found = event(pat, f"{visit}/calendar.ics")
    assert found["SUMMARY"] == "Home visit"
    assert (found["DTSTART"], found["DTEND"]) == ("20261021T081500", "20261021T091500")
    assert found["STATUS"] == "CONFIRMED"
    said = " ".join(found.values()).lower()
    assert not any(word in said for word in ("checkup", "dose", " mg", "infusion", "prescri"))
    pat.post(f"{visit}/cancel")
    assert event(pat, f"{visit}/calendar.ics")["STATUS"] == "CANCELLED"
    assert event(pat, "/my/calendar.ics")["STATUS"] == "CANCELLED"


def test_a_visit_is_cancelled_once_and_says_so(clinic: Clinic, pat: Visitor) -> None:
    visit = booked(pat, clinic)
    pat.get(f"{visit}/cancel")
    assert "Nobody comes, and the time goes to somebody else." in pat.text()
    for _ in range(2):
        assert pat.post(f"{visit}/cancel", reason="feeling better").status_code == 303
    row = visit_row(clinic, visit)
    assert (row.state, row.ended_reason) == (VisitState.CANCELLED, "feeling better")
    pat.get(visit)
    assert "■ canceled" in pat.text()
    assert "Move this visit" not in pat.text()
    assert pat.get(f"{visit}/move").status_code == 409
    assert "A visit that is cancelled cannot be moved." in pat.text()


def test_a_visit_of_a_plan_moves_only_inside_its_days_and_keeps_its_place_when_cancelled(
    clinic: Clinic, quinn: Visitor
) -> None:
    planned(quinn, ordered(quinn, clinic))
    session = clinic.site.session
    session.rollback()
    rows = session.scalars(select(VisitRow).order_by(VisitRow.number)).all()
    days, second = [row.on_day for row in rows], f"/my/visits/{rows[1].id}"
    quinn.get(f"{second}/move")
    assert "only times that keep the days between your visits" in quinn.text()
    assert quinn.page is not None
    shown = re.findall(r"day=(\d{4}-\d\d-\d\d)", quinn.page.get_data(as_text=True))
    assert shown
    assert all(days[0] < date.fromisoformat(each) < days[2] for each in shown)
    quinn.get(f"{second}/cancel")
    assert "Its place in your plan is kept open" in quinn.text()
    quinn.post(f"{second}/cancel")
    quinn.get("/my")
    assert "No time yet We call you to find a new time." in quinn.text()
    third = f"/my/visits/{rows[2].id}"
    assert quinn.get(f"{third}/move").status_code == 409
    assert "An earlier visit of the series has no time yet." in quinn.text()


def test_a_visit_moves_to_another_address_only_where_somebody_may_come(
    clinic: Clinic, pat: Visitor
) -> None:
    visit = booked(pat, clinic)
    far = clinic.site.world.address(clinic.pat, "90012", "CA")
    near = clinic.site.world.address(clinic.pat, "66102", "KS")
    pat.get(f"{visit}/move?address={far}")
    assert choices_of(pat) == []
    assert "We cannot give this treatment in the state of this address yet." in pat.text()
    pat.get(f"{visit}/move?address={near}")
    data = {"choice": choices_of(pat)[0], "address_id": str(near)}
    assert pat.post(f"{visit}/move", **data).status_code == 303
    assert visit_row(clinic, visit).address_id == near


# Whose


def test_what_belongs_to_somebody_else_looks_like_nothing(
    clinic: Clinic, pat: Visitor, quinn: Visitor
) -> None:
    request = asked(pat, clinic)
    visit = kept(pat, request).removesuffix("/confirm")
    nobody = "00000000-0000-4000-8000-00000000beef"
    quinn.get(f"/my/visits/{nobody}")
    missing = {quinn.text()}
    reads = [
        *(f"{request}{part}" for part in ("", "/times", "/plan", "/days")),
        *(f"{visit}{part}" for part in ("", "/confirm", "/move", "/cancel", "/calendar.ics")),
        f"/my/requests/new?address={clinic.home}",
    ]
    for path in reads:
        answer = quinn.get(path)
        assert answer.status_code == 404, path
        missing.add(quinn.text())
        assert quinn.get(path.replace(str(id_in(visit)), nobody)).status_code == 404
    assert len(missing) == 1
    choice = f"{clinic.ada}~2026-10-22T15:00:00+00:00"
    posts = {
        f"{request}/times": {"choice": choice, "once": "a" * 32},
        f"{request}/plan": {"visits": choice, "policy": "yes", "once": "a" * 32},
        f"{request}/days": {"first_day": "2026-10-22", "last_day": "2026-10-23"},
        f"{visit}/confirm": {"policy": "yes"},
        f"{visit}/move": {"choice": choice, "address_id": str(clinic.flat)},
        f"{visit}/cancel": {"reason": "mischief"},
    }
    for path, data in posts.items():
        assert quinn.post(path, **data).status_code == 404, path
        assert quinn.post(path).status_code in {404, 422}, path
    assert visit_row(clinic, visit).state is VisitState.RESERVED


def test_a_visit_is_not_moved_to_somebody_elses_address(clinic: Clinic, pat: Visitor) -> None:
    visit = booked(pat, clinic)
    choice = f"{clinic.ada}~2026-10-22T15:00:00+00:00"
    answer = pat.post(f"{visit}/move", choice=choice, address_id=str(clinic.flat))
    assert answer.status_code == 404
    assert pat.get(f"{visit}/move?address={clinic.flat}").status_code == 404


def test_looks_leave_a_record_each(clinic: Clinic, pat: Visitor) -> None:
    visit = booked(pat, clinic)
    seen = clinic.site.audited("view", id_in(visit))
    pat.get(visit)
    assert clinic.site.audited("view", id_in(visit)) == seen + 1
    before = clinic.site.audited("view my visits", clinic.pat)
    pat.get("/my")
    assert clinic.site.audited("view my visits", clinic.pat) == before + 1


def test_strangers_and_staff_do_not_get_in(clinic: Clinic) -> None:
    stranger = Visitor(clinic.site.app)
    assert stranger.get("/my").headers["Location"].startswith("/sign-in?next=")
    assert stranger.post("/my/requests/new/send").status_code == 303


def test_a_treatment_that_is_no_longer_offered_cannot_be_asked_for(
    clinic: Clinic, pat: Visitor
) -> None:
    session = clinic.site.session
    with transaction(session):
        session.scalars(
            select(CareServiceRow).where(CareServiceRow.code == "checkup")
        ).one().active = False
    pat.get("/my/requests/new")
    assert "Checkup" not in pat.text()
    assert pat.post("/my/requests/new/intake", **wish(clinic)).status_code == 422
