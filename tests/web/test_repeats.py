"""An Idempotency-Key is described, and makes an act that is sent again happen once."""

from typing import Any

import pytest

from tests.web.site import Clinic, Site, first_offer, ok, problem

REPEATABLE = {"/api/v1/requests/{request_id}/reservation", "/api/v1/requests/{request_id}/series"}


def test_the_description_names_the_key_where_it_is_taken(lone_site: Site) -> None:
    document = ok(lone_site.app.test_client().get("/api/openapi.json"))
    keys = {
        path: each
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for each in operation.get("parameters", [])
        if each["in"] == "header"
    }
    assert keys.keys() == REPEATABLE
    for key in keys.values():
        assert (key["name"], key["required"]) == ("Idempotency-Key", False)
        assert key["schema"]["maxLength"] == 80


@pytest.fixture
def acts(lone_clinic: Clinic) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Acts that take a key: the path, what to send, and something else to send."""
    clinic = lone_clinic
    request_id, ordered = clinic.request(), clinic.ordered()
    one = first_offer(clinic.as_dispatcher.get(f"/requests/{request_id}/offers"), clinic.ada)
    calendar = clinic.calendar(ordered)
    visits = calendar["visits"]
    assert isinstance(visits, list)
    return {
        "reservation": (
            f"/requests/{request_id}/reservation",
            one,
            one | {"clinician_id": str(clinic.bea)},
        ),
        "series": (f"/requests/{ordered}/series", calendar, {"visits": visits[::-1]}),
    }


@pytest.mark.parametrize("act", ["reservation", "series"])
def test_an_act_sent_again_gets_its_first_answer(
    lone_clinic: Clinic, acts: dict[str, tuple[str, dict[str, Any], dict[str, Any]]], act: str
) -> None:
    path, body, other = acts[act]
    caller = lone_clinic.as_dispatcher
    first = ok(caller.post(path, body, Idempotency_Key="once"), 201)
    assert ok(caller.post(path, body, Idempotency_Key="once"), 201) == first
    refusal = problem(caller.post(path, other, Idempotency_Key="once"), 409)
    assert refusal["code"] == "changed_meanwhile"
    assert "Idempotency-Key" in refusal["detail"]


def test_a_series_taken_again_without_a_key_is_refused(
    lone_clinic: Clinic, acts: dict[str, tuple[str, dict[str, Any], dict[str, Any]]]
) -> None:
    path, body, _ = acts["series"]
    ok(lone_clinic.as_dispatcher.post(path, body), 201)
    assert problem(lone_clinic.as_dispatcher.post(path, body), 409)["code"] == "not_yet_bookable"


@pytest.mark.parametrize("act", ["reservation", "series"])
def test_a_key_is_short_and_printable(
    lone_clinic: Clinic, acts: dict[str, tuple[str, dict[str, Any], dict[str, Any]]], act: str
) -> None:
    path, body, _ = acts[act]
    for key in ("k" * 81, "tab\there"):
        refusal = problem(lone_clinic.as_dispatcher.post(path, body, Idempotency_Key=key), 422)
        assert refusal["errors"].keys() == {"Idempotency-Key"}
