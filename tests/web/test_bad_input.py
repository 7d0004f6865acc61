"""Whatever is sent, nothing breaks: rubbish gets a clear 4xx that names the field at fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from sqlalchemy import create_engine

from scheduler.store.database import prepare_engine
from scheduler.store.encryption import KeyRing, use_keys
from scheduler.store.models import METADATA
from scheduler.web.api.guard import PUBLIC_ENDPOINTS
from tests.conftest import TEST_KEY, Database
from tests.web.site import (
    PROBLEM,
    Caller,
    Clinic,
    Site,
    address,
    intake,
    new_patient,
    ok,
    problem,
    site_on,
)

SHARES = 4
AS_DESCRIBED = [content_type_conformance, status_code_conformance]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """One practice for all that is made up by machine."""
    folder = tmp_path_factory.mktemp("fuzzed")
    use_keys(KeyRing((TEST_KEY,)))
    url = f"sqlite:///{folder / 'visits.db'}"
    engine = create_engine(url)
    prepare_engine(engine)
    METADATA.create_all(engine)
    with site_on(Database(url, engine), folder) as site:
        yield Clinic(site)
    engine.dispose()


@pytest.fixture(scope="module")
def ids(fuzzed: Clinic) -> dict[str, str]:
    """Records that exist, by the names of the paths' parts."""
    visit_id = fuzzed.booked(fuzzed.ada)
    return {
        "visit_id": visit_id,
        "request_id": fuzzed.request(),
        "series_id": str(fuzzed.series()["id"]),
        "patient_id": str(fuzzed.pat),
        "address_id": str(fuzzed.home),
        "clinician_id": str(fuzzed.ada),
        "licence_id": str(fuzzed.licence),
        "protocol_id": str(fuzzed.protocol),
        "preferred_clinician_id": str(fuzzed.bea),
    }


def caller_for(clinic: Clinic, path: str) -> Caller:
    """Return somebody who may, so that the call gets far."""
    for part, caller in (
        *(("/review", clinic.as_prescriber), ("/order", clinic.as_prescriber)),
        *(("/authorisation", clinic.as_prescriber), ("/dose", clinic.as_prescriber)),
        ("/licenses", clinic.as_administrator),
        *(("/progress", clinic.as_ada), ("/completion", clinic.as_ada)),
    ):
        if part in path:
            return caller
    return clinic.as_dispatcher


def with_real_ids(found: Any, ids: dict[str, str]) -> None:
    """Replace made-up ids by ids that exist, in half of the cases."""
    if not isinstance(found, dict):
        return
    for name, value in found.items():
        if name in ids and isinstance(value, str) and len(value) and ord(value[-1]) % 2:
            found[name] = ids[name]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.soak)])
def test_no_made_up_call_breaks_the_api(
    fuzzed: Clinic, ids: dict[str, str], share: int, examples: int
) -> None:
    loaded = schemathesis.openapi.from_wsgi("/api/openapi.json", fuzzed.site.app)
    found = [each.ok() for each in loaded.get_all_operations() if isinstance(each, Ok)]
    assert len(found) > 20
    for operation in found[share::SHARES]:
        try_out(operation, fuzzed, ids, examples)


def try_out(operation: Operation, clinic: Clinic, ids: dict[str, str], examples: int) -> None:
    """Call one operation with whatever its description allows, and with what it forbids."""
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    token = caller_for(clinic, operation.path).token
    for mode in modes:

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: schemathesis.Case[Any]) -> None:
            with_real_ids(case.path_parameters, ids)
            with_real_ids(case.body, ids)
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            assert_no_break(answer)
            case.validate_response(answer, checks=AS_DESCRIBED)

        call()


def assert_no_break(answer: schemathesis.Response) -> None:
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == [PROBLEM]
        found = json.loads(answer.content)
        assert found["status"] == answer.status_code
        assert found["code"]


LONE, NUL = "\ud800", "\x00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": f"Cy{NUL}"}, "name"),
        ({"name": LONE}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": ["Cy"]}, "name"),
        ({"birth_date": "1899-12-31"}, "birth_date"),
        ({"birth_date": "9999-12-31"}, "birth_date"),
        ({"birth_date": "2026-10-21"}, "birth_date"),
        ({"birth_date": "31.12.1980"}, "birth_date"),
        ({"birth_date": 1e20}, "birth_date"),
        ({"birth_date": float("nan")}, "birth_date"),
        ({"phone": "911"}, "phone"),
        ({"phone": "+44 20 7946 0958"}, "phone"),
        ({"phone": "+1816555\u0660\u0661\u0662\u0663"}, "phone"),
        ({"phone": LONE}, "phone"),
        ({"address": None}, "address"),
        ({"address": "12 Fiction Street"}, "address"),
        ({"address": address(zip_code="6610")}, "address.zip_code"),
        ({"address": address(zip_code="\u0666\u0666\u0661\u0660\u0661")}, "address.zip_code"),
        ({"address": address(state="Atlantis")}, "address.state"),
        ({"address": address(state=LONE)}, "address.state"),
        ({"address": address(street=NUL)}, "address.street"),
        ({"address": address(planet="Mars")}, "address.planet"),
        ({"sms_consent": "perhaps"}, "sms_consent"),
        ({"role": "administrator"}, "role"),
        ({LONE: "x"}, None),
    ],
)
def test_a_patient_with_rubbish_is_refused_by_field(
    lone_site: Site, changes: dict[str, object], field: str | None
) -> None:
    refusal = problem(lone_site.dispatcher.post("/patients", new_patient(**changes)), 422)
    assert len(refusal["errors"]) == 1
    if field is not None:
        assert refusal["errors"].keys() == {field}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"wanted_from": "2026-10-21T10:00:00"}, "wanted_from"),
        ({"wanted_from": "9999-12-31T23:59:59Z"}, "wanted_from"),
        ({"wanted_from": "0001-01-01T00:00:00+14:00"}, "wanted_from"),
        ({"wanted_until": "9999-12-31T23:59:59-14:00"}, "wanted_until"),
        ({"wanted_from": 1e300}, "wanted_from"),
        ({"wanted_from": "tomorrow"}, "wanted_from"),
        ({"patient_id": "7"}, "patient_id"),
        ({"service_code": NUL}, "service_code"),
        ({"intake": intake(weight_kg="NaN")}, "intake.weight_kg"),
        ({"intake": intake(weight_kg=float("inf"))}, "intake.weight_kg"),
        ({"intake": intake(weight_kg=-1)}, "intake.weight_kg"),
        ({"intake": intake(weight_kg=10**300)}, "intake.weight_kg"),
        ({"intake": intake(weight_kg="1e400")}, "intake.weight_kg"),
        ({"intake": intake(pregnant="maybe")}, "intake.pregnant"),
        ({"intake": intake(condition="x" * 2001)}, "intake.condition"),
        ({"intake": intake(condition=LONE)}, "intake.condition"),
    ],
)
def test_a_request_with_rubbish_is_refused_by_field(
    lone_clinic: Clinic, changes: dict[str, object], field: str
) -> None:
    answer = lone_clinic.as_pat.post("/requests", lone_clinic.wish(**changes))
    assert problem(answer, 422)["errors"].keys() == {field}


@pytest.mark.parametrize(
    "starts_at",
    [
        *("2026-10-22T10:00:00", "2100-12-31T23:59:59Z", "2026-10-22T15:00:30Z", "9999-01-01"),
        *("2026-10-22T15:00:00.5Z", -1, 1e18, "", None, "2000-01-01T00:00:00Z"),
    ],
)
def test_no_instant_breaks_a_reservation(lone_clinic: Clinic, starts_at: object) -> None:
    path = f"/requests/{lone_clinic.request()}/reservation"
    body = {"clinician_id": str(lone_clinic.ada), "starts_at": starts_at}
    answer = lone_clinic.as_pat.post(path, body)
    assert answer.status_code in {409, 422}
    assert problem(answer, answer.status_code)["errors"].keys() == {"starts_at"}


@pytest.mark.parametrize("day", ["9999-12-31", "9999-01-01", "1900-01-01", "2100-01-01"])
def test_no_day_breaks_the_practice(clinic: Clinic, day: str) -> None:
    off = {"first_day": day, "last_day": day}
    end = {"through": day, "reason": "ends"}
    for answer in (
        clinic.as_dispatcher.get(f"/visits?on={day}"),
        clinic.as_dispatcher.post(f"/clinicians/{clinic.ada}/time-off", off),
        clinic.as_administrator.post(f"/licenses/{clinic.licence}/end", end),
    ):
        assert answer.status_code in {200, 201, 422}
    assert clinic.as_pat.get(f"/requests/{clinic.request()}/offers").status_code == 200


@pytest.mark.parametrize("number", ["0", "4", "99999999999", "9" * 30, "-1", "x"])
def test_no_number_of_a_dose_breaks_a_series(clinic: Clinic, number: str) -> None:
    series_id = clinic.series()["id"]
    path = f"/series/{series_id}/administrations/{number}/authorisation"
    answer = clinic.as_prescriber.post(path, {"mg": "18"})
    assert answer.status_code in {404, 409}
    problem(answer, answer.status_code)


def test_what_is_no_json_is_said_so(lone_site: Site) -> None:
    post = lone_site.dispatcher.call
    deep = "[" * 20_000 + "]" * 20_000
    for content in ("", "{", "nothing", b"\xff\xfe", deep, "1" * 5000, '{"a":' * 9000):
        refusal = post("POST", "/patients", content)
        assert problem(refusal, 400)["code"] == "bad_request"
    for content in ("[]", "null", "7", '"text"', "NaN"):
        assert problem(post("POST", "/patients", content), 422)["errors"]


def test_only_json_is_taken(lone_site: Site) -> None:
    body = json.dumps(new_patient())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = lone_site.dispatcher.call("POST", "/patients", body, {"Content-Type": kind})
        assert problem(answer, 415)["code"] == "unsupported_media_type"


def test_a_body_beyond_the_limit_is_not_read(lone_site: Site) -> None:
    answer = lone_site.dispatcher.post("/patients", new_patient(access="x" * 100_000))
    assert problem(answer, 413)


def test_unknown_queries_and_paths_are_refused(lone_site: Site) -> None:
    refusal = problem(lone_site.stranger.get("/coverage?zip_code=66101&zip=1"), 422)
    assert refusal["errors"].keys() == {"zip"}
    assert problem(lone_site.stranger.get("/coverage"), 422)["errors"].keys() == {"zip_code"}
    assert problem(lone_site.dispatcher.get("/visits?on=never"), 422)["errors"].keys() == {"on"}
    problem(lone_site.dispatcher.get("/nothing"), 404)
    problem(lone_site.dispatcher.get("/visits/not-an-id"), 404)
    problem(lone_site.dispatcher.call("DELETE", "/visits"), 405)


def test_the_description_is_valid_and_names_every_route(lone_site: Site) -> None:
    with lone_site.app.test_client() as client:
        told = ok(client.get("/api/openapi.json"))
    loaded = schemathesis.openapi.from_dict(told)
    loaded.validate()
    described = {
        (path, method.upper()) for path, methods in told["paths"].items() for method in methods
    }
    routes = set()
    for rule in lone_site.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = rule.rule.replace("<uuid:", "{").replace("<int:", "{").replace(">", "}")
            routes |= {(path, each) for each in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert described == routes


def test_every_route_but_coverage_refuses_without_a_token(lone_site: Site) -> None:
    public = set()
    with lone_site.app.test_client() as client:
        for rule in lone_site.app.url_map.iter_rules():
            if not rule.rule.startswith("/api/v1/"):
                continue
            values = dict.fromkeys(rule.arguments, "00000000-0000-0000-0000-000000000000")
            if "number" in values:
                values["number"] = "1"
            path = rule.rule.replace("<uuid:", "{").replace("<int:", "{").replace(">", "}")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                answer = client.open(path.format(**values), method=method, json={})
                if answer.status_code != 401:
                    public.add(rule.endpoint)
    assert public == PUBLIC_ENDPOINTS == {"api.patients.coverage"}


def page(site: Site, query: str) -> tuple[int, str]:
    with site.app.test_client() as client:
        answer = client.get(f"/{query}")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.status_code, answer.get_data(as_text=True)


def test_the_first_page_answers_for_a_zip(lone_clinic: Clinic) -> None:
    site = lone_clinic.site
    assert page(site, "")[0] == 200
    status, text = page(site, "?zip_code=66101")
    assert (status, "Yes, we come to Kansas City, KS 66101" in text) == (200, True)
    assert "A prescriber decides whether a treatment is right for you." in text
    status, text = page(site, "?zip_code=90012")
    assert (status, "We do not come to Los Angeles, CA 90012 yet" in text) == (200, True)
    assert "crosses a state line (KY and TN)" in page(site, "?zip_code=42223")[1]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("00000", 'value="00000"'),
        ("6610", 'value="6610"'),
        ("%3Cscript%3Ealert(1)%3C/script%3E", 'value="&lt;script&gt;alert(1)&lt;/script&gt;"'),
        ("%22%20autofocus%20onfocus=%22x", 'value="&#34; autofocus onfocus=&#34;x"'),
        ("%00%ff", "value="),
        ("9" * 5000, "value="),
        ("", 'value=""'),
    ],
)
def test_the_first_page_shows_the_problem_and_keeps_what_was_typed(
    lone_clinic: Clinic, typed: str, kept: str
) -> None:
    status, text = page(lone_clinic.site, f"?zip_code={typed}")
    assert status == 422
    assert kept in text
    assert '<p class="problem" id="zip_code-problem">' in text
    assert "<script" not in text


def test_a_page_that_does_not_exist_says_so(lone_site: Site) -> None:
    status, text = page(lone_site, "nothing-here")
    assert (status, "This page does not exist" in text) == (404, True)
