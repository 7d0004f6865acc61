"""The whole journey in JSON, and a clear answer for everyone who cannot be helped."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from scheduler.store.clinicians import BlockedPairRow
from scheduler.store.database import transaction
from scheduler.store.people import Role
from tests.web.site import (
    DOSED,
    IN_TEN_DAYS,
    NOW,
    PROBLEM,
    TOMORROW,
    Clinic,
    Site,
    address,
    as_choice,
    first_offer,
    intake,
    made,
    new_patient,
    ok,
    problem,
)


def test_a_patient_is_registered_with_addresses(clinic: Clinic) -> None:
    body = ok(clinic.as_dispatcher.post("/patients", new_patient()), 201)
    assert body.keys() == {"id", "address_id"}
    further = address(label="work")
    made(clinic.as_dispatcher.post(f"/patients/{body['id']}/addresses", further))
    assert clinic.site.audited("register", body["id"]) == 1
    cy = clinic.site.sign_in(Role.PATIENT, UUID(body["id"]))
    wish = clinic.wish(patient_id=body["id"], address_id=body["address_id"])
    assert ok(cy.post("/requests", wish), 201)["state"] == "OPEN"


def test_a_visit_goes_from_request_to_completion(clinic: Clinic) -> None:
    request_id = clinic.request()
    asked = ok(clinic.as_pat.get(f"/requests/{request_id}"))
    assert (asked["state"], asked["service_code"]) == ("OPEN", "checkup")
    offers = ok(clinic.as_pat.get(f"/requests/{request_id}/offers"))
    assert (offers["cause"], offers["excluded"]) == (None, [])
    assert offers["offers"][0]["clinician"] in {"Ada, RN", "Bea, RN"}
    visit_id = clinic.reserved(request_id, clinic.ada)
    reserved = ok(clinic.as_pat.get(f"/visits/{visit_id}"))
    assert (reserved["state"], reserved["timezone"]) == ("RESERVED", "America/Chicago")
    assert reserved["reserved_until"] is not None
    booked = ok(clinic.as_pat.post(f"/visits/{visit_id}/confirmation"))
    assert (booked["state"], booked["reserved_until"]) == ("BOOKED", None)
    assert ok(clinic.as_pat.get(f"/requests/{request_id}"))["state"] == "BOOKED"
    clinic.site.world.clock.pass_time(days=1)
    for event, state in (("set out", "EN_ROUTE"), ("arrive", "ARRIVED"), ("start", "STARTED")):
        gone_on = clinic.as_ada.post(f"/visits/{visit_id}/progress", {"event": event})
        assert ok(gone_on)["state"] == state
    for _ in range(2):  # sent again without a signal, it is taken as done
        assert ok(clinic.as_ada.post(f"/visits/{visit_id}/completion"))["state"] == "COMPLETED"
    assert clinic.site.audited("complete", visit_id) == 1


def test_a_confirmation_sent_twice_books_once(clinic: Clinic) -> None:
    visit_id = clinic.booked()
    assert ok(clinic.as_pat.post(f"/visits/{visit_id}/confirmation"))["state"] == "BOOKED"
    assert clinic.site.audited("book", visit_id) == 1


def test_a_reservation_is_over_after_ten_minutes(clinic: Clinic) -> None:
    visit_id = clinic.reserved()
    clinic.site.world.clock.pass_time(minutes=10)
    refusal = problem(clinic.as_pat.post(f"/visits/{visit_id}/confirmation"), 409)
    assert refusal["code"] == "reservation_expired"


def test_a_visit_is_moved_to_another_offer(clinic: Clinic) -> None:
    visit_id = clinic.booked(clinic.ada)
    before = ok(clinic.as_pat.get(f"/visits/{visit_id}"))
    other = first_offer(clinic.as_pat.get(f"/visits/{visit_id}/offers"), clinic.bea)
    moved = ok(clinic.as_pat.post(f"/visits/{visit_id}/move", other))
    assert (moved["clinician_id"], moved["state"]) == (str(clinic.bea), "BOOKED")
    assert moved["promise_version"] == before["promise_version"] + 1


def test_staff_move_and_cancel_only_with_a_reason(clinic: Clinic) -> None:
    visit_id = clinic.booked()
    other = first_offer(clinic.as_dispatcher.get(f"/visits/{visit_id}/offers"))
    for path, body in (("move", other), ("cancellation", {})):
        refusal = problem(clinic.as_dispatcher.post(f"/visits/{visit_id}/{path}", body), 422)
        assert refusal["errors"] == {"reason": "must say why"}
    with_reason = other | {"reason": "the patient called"}
    ok(clinic.as_dispatcher.post(f"/visits/{visit_id}/move", with_reason))


def test_a_cancelled_visit_frees_its_time_and_closes_its_request(clinic: Clinic) -> None:
    visit_id = clinic.booked()
    cancelled = ok(clinic.as_pat.post(f"/visits/{visit_id}/cancellation"))
    assert cancelled["state"] == "CANCELLED"
    assert ok(clinic.as_pat.get(f"/requests/{cancelled['request_id']}"))["state"] == "CLOSED"
    trail = ok(clinic.as_dispatcher.get(f"/visits/{visit_id}/messages"))["messages"]
    assert {each["template"]: each["state"] for each in trail}["cancelled"] == "PENDING"
    assert {each["state"] for each in trail if each["template"] != "cancelled"} == {"CANCELLED"}


def test_people_list_their_own_visits_and_dispatch_lists_a_day(clinic: Clinic) -> None:
    visit_id = clinic.booked(clinic.ada)
    on = ok(clinic.as_pat.get(f"/visits/{visit_id}"))["starts_at"][:10]
    for caller, path in (
        (clinic.as_pat, "/visits"),
        (clinic.as_ada, "/visits"),
        (clinic.as_dispatcher, f"/visits?on={on}"),
    ):
        assert [each["id"] for each in ok(caller.get(path))["visits"]] == [visit_id]
    assert ok(clinic.as_quinn.get("/visits")) == {"visits": []}


def test_a_request_that_needs_supervision_waits_for_a_prescriber(clinic: Clinic) -> None:
    wish = clinic.wish(intake=intake(pregnant=True))
    asked = ok(clinic.as_pat.post("/requests", wish), 201)
    assert (asked["state"], bool(asked["review_due_at"])) == ("AWAITING_REVIEW", True)
    path = f"/requests/{asked['id']}"
    refusal = problem(clinic.as_pat.get(f"{path}/offers"), 409)
    assert refusal["code"] == "not_yet_bookable"
    assert refusal["detail"] == "A prescriber must look at this request first."
    cleared = clinic.as_prescriber.post(f"{path}/review", {"clear": True, "reason": "seen"})
    assert ok(cleared)["state"] == "OPEN"
    assert ok(clinic.as_pat.get(f"{path}/offers"))["offers"]
    again = clinic.as_prescriber.post(f"{path}/review", {"clear": False, "reason": "seen"})
    assert problem(again, 409)["code"] == "illegal_transition"


def test_a_series_goes_from_order_to_the_second_dose(clinic: Clinic) -> None:
    series = clinic.series()
    steps = series["administrations"]
    assert [(each["number"], each["state"], each["mg"]) for each in steps] == [
        *((1, "ELIGIBLE", None), (2, "LOCKED", None), (3, "LOCKED", None))
    ]
    path, first = f"/series/{series['id']}", steps[0]
    early = clinic.as_prescriber.post(f"{path}/administrations/2/authorisation", {"mg": "29"})
    assert problem(early, 409)["code"] == "dose_not_released"
    dose = ok(clinic.as_prescriber.get(f"{path}/administrations/1/dose"))
    assert (dose["kg"], dose["mg_per_kg"], dose["mg"]) == ("72.4", "0.25", "18")
    other = clinic.as_prescriber.post(f"{path}/administrations/1/authorisation", {"mg": "180"})
    refusal = problem(other, 409)
    assert (refusal["code"], refusal["errors"].keys()) == ("dose_changed", {"mg"})
    released = clinic.as_prescriber.post(f"{path}/administrations/1/authorisation", {"mg": "18"})
    assert ok(released) == {"mg": "18"}
    assert ok(clinic.as_quinn.get(path))["administrations"][0]["mg"] == "18"
    give(clinic, first["visit_id"], "18")
    after = ok(clinic.as_quinn.get(path))["administrations"]
    assert [each["state"] for each in after] == ["OUTCOME_RECORDED", "ELIGIBLE", "LOCKED"]
    second = clinic.as_prescriber.post(f"{path}/administrations/2/authorisation", {"mg": "29"})
    assert ok(second) == {"mg": "29"}


def give(clinic: Clinic, visit_id: str, mg: str) -> None:
    """Let the visit's clinician give the dose in full."""
    visit = ok(clinic.as_dispatcher.get(f"/visits/{visit_id}"))
    caller = clinic.as_ada if visit["clinician_id"] == str(clinic.ada) else clinic.as_bea
    clock = clinic.site.world.clock
    clock.instant = datetime.fromisoformat(visit["starts_at"])
    for event in ("set out", "arrive", "start"):
        ok(caller.post(f"/visits/{visit_id}/progress", {"event": event}))
    clock.pass_time(hours=2)
    nothing_said = caller.post(f"/visits/{visit_id}/completion")
    assert problem(nothing_said, 422)["errors"] == {"outcome": "must say what was given"}
    outcome = {
        "given_mg": mg,
        "started_at": visit["starts_at"],
        "ended_at": (clock.now() - timedelta(hours=1)).isoformat(),
    }
    less = clinic_outcome(outcome, given_mg="1")
    refusal = problem(caller.post(f"/visits/{visit_id}/completion", less), 422)
    assert refusal["errors"].keys() == {"aborted"}
    ok(caller.post(f"/visits/{visit_id}/completion", clinic_outcome(outcome)))


def clinic_outcome(outcome: dict[str, str], **changes: str) -> dict[str, object]:
    return {"outcome": outcome | changes}


def test_a_series_takes_all_its_times_or_none(clinic: Clinic) -> None:
    request_id = clinic.ordered()
    calendar = ok(clinic.as_quinn.get(f"/requests/{request_id}/series"))["visits"]
    two = {"visits": [as_choice(each) for each in calendar[:2]]}
    refusal = problem(clinic.as_quinn.post(f"/requests/{request_id}/series", two), 422)
    assert refusal["errors"].keys() == {"visits"}
    last = as_choice(calendar[2]) | {"starts_at": calendar[1]["starts_at"]}
    clash = {"visits": [*two["visits"], last]}
    problem(clinic.as_quinn.post(f"/requests/{request_id}/series", clash), 409)
    assert ok(clinic.as_quinn.get("/visits")) == {"visits": []}
    alone = clinic.as_quinn.post(f"/requests/{request_id}/reservation", as_choice(calendar[0]))
    assert problem(alone, 409)["code"] == "planned_as_series"


def test_time_off_waits_until_visits_are_moved(clinic: Clinic) -> None:
    visit_id = clinic.booked(clinic.ada)
    on = ok(clinic.as_pat.get(f"/visits/{visit_id}"))["starts_at"][:10]
    off = {"first_day": on, "last_day": on}
    path = f"/clinicians/{clinic.ada}/time-off"
    refusal = problem(clinic.as_ada.post(path, off), 409)
    assert refusal["code"] == "visits_in_the_way"
    ok(clinic.as_pat.post(f"/visits/{visit_id}/cancellation"))
    made(clinic.as_ada.post(path, off))


def test_the_end_of_a_license_cancels_what_it_no_longer_covers(clinic: Clinic) -> None:
    visit_id = clinic.booked(clinic.ada)
    ends = {"through": NOW.date().isoformat(), "reason": "expired"}
    answer = clinic.as_administrator.post(f"/licenses/{clinic.licence}/end", ends)
    assert ok(answer) == {"cancelled_visits": 1}
    visit = ok(clinic.as_pat.get(f"/visits/{visit_id}"))
    assert visit["state"] == "CANCELLED"
    assert ok(clinic.as_pat.get(f"/requests/{visit['request_id']}"))["state"] == "OPEN"
    excluded = ok(clinic.as_dispatcher.get(f"/requests/{visit['request_id']}/offers"))["excluded"]
    words = {each["clinician"]: each["words"] for each in excluded}
    assert words["Ada, RN"] == "Kansas license expired 10-20"


def test_every_look_at_a_patients_record_is_recorded(lone_clinic: Clinic) -> None:
    clinic, site = lone_clinic, lone_clinic.site
    visit_id, series = clinic.booked(), clinic.series()
    request_id = ok(clinic.as_pat.get(f"/visits/{visit_id}"))["request_id"]
    for path, subject in (
        (f"/requests/{request_id}", request_id),
        (f"/visits/{visit_id}", visit_id),
        (f"/series/{series['id']}", series["id"]),
    ):
        before = site.audited("view", subject)
        ok(clinic.as_dispatcher.get(path))
        assert site.audited("view", subject) == before + 1
    ok(clinic.as_dispatcher.get(f"/visits/{visit_id}/messages"))
    assert site.audited("view messages", visit_id) == 1
    ok(clinic.as_pat.get("/visits"))
    assert site.audited("view visits", clinic.pat) == 1


def coverage(site: Site, zip_code: str) -> dict[str, object]:
    return ok(site.stranger.get(f"/coverage?zip_code={zip_code}"))


def test_coverage_says_where_the_practice_comes(clinic: Clinic) -> None:
    covered = coverage(clinic.site, "66101")
    assert (covered["served"], covered["ask_address"]) == (True, False)
    assert (covered["place"], covered["state"]) == ("Kansas City", "KS")
    far = coverage(clinic.site, "90012")
    assert far["served"] is False


def test_an_unknown_zip_is_named(clinic: Clinic) -> None:
    refusal = problem(clinic.site.stranger.get("/coverage?zip_code=00000"), 422)
    assert refusal["errors"].keys() == {"zip_code"}
    nowhere = address("00000")
    path = f"/patients/{clinic.pat}/addresses"
    refusal = problem(clinic.as_dispatcher.post(path, nowhere | {"label": "other"}), 422)
    assert refusal["errors"].keys() == {"zip_code"}


def test_a_zip_over_a_state_line_asks_for_the_address_and_takes_both_states(
    clinic: Clinic,
) -> None:
    assert coverage(clinic.site, "42223")["ask_address"] is True
    path = f"/patients/{clinic.pat}/addresses"
    for state in ("KY", "TN"):
        made(clinic.as_dispatcher.post(path, address("42223", state, label=state)))


def test_an_address_in_a_state_that_its_zip_does_not_touch_is_refused(clinic: Clinic) -> None:
    body = new_patient(address=address("66101", "CA"))
    refusal = problem(clinic.as_dispatcher.post("/patients", body), 422)
    assert refusal["errors"].keys() == {"state"}


def offers_at(clinic: Clinic, zip_code: str, state: str) -> dict[str, object]:
    place = clinic.site.world.address(clinic.pat, zip_code, state)
    request_id = made(clinic.as_pat.post("/requests", clinic.wish(address_id=str(place))))
    return ok(clinic.as_dispatcher.get(f"/requests/{request_id}/offers"))


def test_nobody_near_is_said_so(clinic: Clinic) -> None:
    clinic.site.world.scope("AK")
    found = offers_at(clinic, "99501", "AK")
    assert (found["offers"], found["cause"]) == ([], "nobody_near")
    assert found["words"] == "Nobody of the practice is near enough to the address."


def test_a_state_without_rules_is_said_so(clinic: Clinic) -> None:
    found = offers_at(clinic, "64108", "MO")
    assert (found["offers"], found["cause"]) == ([], "not_verified_state")


def test_an_expired_license_leaves_nobody(lone_site: Site) -> None:
    clinic = Clinic(lone_site)
    clinic.site.world.scope("MO")
    cy = clinic.site.world.clinician("Cy", "64108", "MO")
    clinic.site.world.licence(cy, "MO", valid_through=date(2026, 10, 1))
    found = offers_at(clinic, "64108", "MO")
    assert (found["offers"], found["cause"]) == ([], "nobody_licensed")
    excluded = found["excluded"]
    assert isinstance(excluded, list)
    words = {each["clinician"]: each["words"] for each in excluded}
    assert words["Cy, RN"] == "Missouri license expired 10-01"


def test_a_minor_waits_for_a_prescriber(clinic: Clinic) -> None:
    child = new_patient(birth_date="2012-01-01")
    body = ok(clinic.as_dispatcher.post("/patients", child), 201)
    wish = clinic.wish(patient_id=body["id"], address_id=body["address_id"])
    asked = ok(clinic.as_dispatcher.post("/requests", wish), 201)
    assert asked["state"] == "AWAITING_REVIEW"


def test_a_full_calendar_is_said_so(clinic: Clinic) -> None:
    """Both clinicians are booked in the only hour that is wanted."""
    opens = TOMORROW + timedelta(hours=2)
    span = {"wanted_from": opens.isoformat()}
    span |= {"wanted_until": (opens + timedelta(hours=1)).isoformat()}
    for _ in range(2):
        ids = clinic.site.world.patient("66101", "KS", phone=None)
        wish = clinic.wish(patient_id=str(ids[0]), address_id=str(ids[1]), **span)
        request_id = made(clinic.as_dispatcher.post("/requests", wish))
        choice = first_offer(clinic.as_dispatcher.get(f"/requests/{request_id}/offers"))
        visit_id = made(clinic.as_dispatcher.post(f"/requests/{request_id}/reservation", choice))
        ok(clinic.as_dispatcher.post(f"/visits/{visit_id}/confirmation"))
    request_id = made(clinic.as_pat.post("/requests", clinic.wish(**span)))
    found = ok(clinic.as_pat.get(f"/requests/{request_id}/offers"))
    assert (found["offers"], found["cause"]) == ([], "no_free_time")
    assert found["words"] == "Everybody who could come is taken at these times."
    late = problem(clinic.as_pat.post(f"/requests/{request_id}/reservation", choice), 409)
    assert (late["code"], late["offers"]) == ("slot_taken", [])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"wanted_until": TOMORROW.isoformat()}, "wanted_until"),
        ({"wanted_until": (IN_TEN_DAYS + timedelta(days=60)).isoformat()}, "wanted_until"),
        (
            {"wanted_from": "2026-10-01T00:00:00Z", "wanted_until": "2026-10-02T00:00:00Z"},
            "wanted_until",
        ),
    ],
)
def test_a_wish_that_cannot_be_names_the_field(
    lone_clinic: Clinic, changes: dict[str, object], fault: str
) -> None:
    refusal = problem(lone_clinic.as_pat.post("/requests", lone_clinic.wish(**changes)), 422)
    assert refusal["errors"].keys() == {fault}


@pytest.mark.parametrize(
    "changes",
    [
        {"address_id": str(uuid4())},
        {"service_code": "no such service"},
        {"preferred_clinician_id": str(uuid4())},
    ],
)
def test_a_wish_for_what_does_not_exist_is_refused(
    clinic: Clinic, changes: dict[str, object]
) -> None:
    assert problem(clinic.as_pat.post("/requests", clinic.wish(**changes)), 404)


def test_a_series_needs_its_order(lone_clinic: Clinic) -> None:
    request_id = lone_clinic.request(DOSED)
    refusal = problem(lone_clinic.as_quinn.get(f"/requests/{request_id}/series"), 409)
    assert refusal["detail"] == "A prescriber's order is needed first."


def test_every_refusal_is_described_as_a_problem_document(lone_site: Site) -> None:
    document = ok(lone_site.app.test_client().get("/api/openapi.json"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for code, response in operation["responses"].items():
                kinds = set(response.get("content", {}))
                expected = {PROBLEM} if int(code) >= 400 else {"application/json"}
                assert kinds == expected, f"{method} {path} {code}"


def test_who_is_not_to_meet_a_clinician_is_not_told_so(clinic: Clinic) -> None:
    request_id = clinic.request()
    choice = first_offer(clinic.as_pat.get(f"/requests/{request_id}/offers"), clinic.ada)
    with transaction(clinic.site.session) as session:
        session.add(BlockedPairRow(clinician_id=clinic.ada, patient_id=clinic.pat))
    told = problem(clinic.as_pat.post(f"/requests/{request_id}/reservation", choice), 409)
    assert (told["code"], told["detail"]) == ("slot_taken", "This time is not free any more.")
    assert all(each["clinician_id"] != str(clinic.ada) for each in told["offers"])
    office = clinic.as_dispatcher.post(f"/requests/{request_id}/reservation", choice)
    assert problem(office, 409)["code"] == "not_eligible"


def test_a_long_reason_for_time_off_is_named(clinic: Clinic) -> None:
    off = {"first_day": "2027-01-01", "last_day": "2027-01-02", "reason": "x" * 81}
    told = problem(clinic.as_ada.post(f"/clinicians/{clinic.ada}/time-off", off), 422)
    assert set(told["errors"]) == {"reason"}
