"""Who may do what to whose record: a table written by hand, held against every route (I8)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.store.database import db, transaction
from scheduler.store.people import AccountRow, Role
from scheduler.web.api.guard import PUBLIC_ENDPOINTS
from tests.web.site import NOW, Caller, Clinic, Site, address, intake, ok, problem

YES, NO, HIDDEN = None, 403, 404
"""Allowed (whatever else may be wrong with the call), refused, and not there for this person."""

WHO = ("pat", "quinn", "dispatcher", "ada", "bea", "prescriber", "director", "administrator")
"""The records are Pat's and Ada's; Quinn and Bea are the others of their kind."""

PATIENT_DATA = (YES, HIDDEN, YES, NO, NO, YES, NO, YES)
PATIENTS_ACT = (YES, HIDDEN, YES, NO, NO, NO, NO, NO)
VISIT = (YES, HIDDEN, YES, YES, HIDDEN, YES, NO, YES)
ON_THE_WAY = (NO, NO, NO, YES, HIDDEN, HIDDEN, NO, NO)
STAFF_ONLY = (NO, NO, YES, NO, NO, NO, NO, YES)
PRESCRIBER_ONLY = (NO, NO, NO, NO, NO, YES, NO, NO)

TABLE: dict[str, tuple[int | None, ...]] = {
    "POST /patients": STAFF_ONLY,
    "POST /patients/{patient}/addresses": PATIENTS_ACT,
    "POST /requests": PATIENTS_ACT,
    "GET /requests/{request}": PATIENT_DATA,
    "POST /requests/{request}/review": PRESCRIBER_ONLY,
    "POST /requests/{request}/order": PRESCRIBER_ONLY,
    "GET /requests/{request}/offers": PATIENT_DATA,
    "POST /requests/{request}/reservation": PATIENTS_ACT,
    "GET /requests/{request}/series": PATIENT_DATA,
    "POST /requests/{request}/series": PATIENTS_ACT,
    "GET /series/{series}": (HIDDEN, YES, YES, NO, NO, YES, NO, YES),
    "GET /series/{series}/administrations/1/dose": PRESCRIBER_ONLY,
    "POST /series/{series}/administrations/1/authorisation": PRESCRIBER_ONLY,
    "GET /visits": (YES, YES, HIDDEN, YES, YES, YES, HIDDEN, HIDDEN),
    "GET /visits?on=2026-10-21": STAFF_ONLY,
    "GET /visits/{visit}": VISIT,
    "POST /visits/{visit}/confirmation": PATIENTS_ACT,
    "GET /visits/{visit}/offers": PATIENT_DATA,
    "POST /visits/{visit}/move": PATIENTS_ACT,
    "POST /visits/{visit}/cancellation": PATIENTS_ACT,
    "POST /visits/{visit}/progress": ON_THE_WAY,
    "POST /visits/{visit}/completion": ON_THE_WAY,
    "GET /visits/{visit}/messages": STAFF_ONLY,
    "POST /clinicians/{clinician}/time-off": (NO, NO, YES, YES, HIDDEN, HIDDEN, NO, YES),
    "POST /licenses/{licence}/end": (NO, NO, NO, NO, NO, NO, NO, YES),
}


@dataclass(frozen=True)
class Records:
    """Pat's request and visit with Ada, and Quinn's series."""

    clinic: Clinic
    ids: dict[str, str]

    @property
    def callers(self) -> dict[str, Caller]:
        """Everyone of the table."""
        return {name: getattr(self.clinic, f"as_{name}") for name in WHO}

    def call(self, caller: Caller, act: str) -> int:
        """Do an act of the table and return the status."""
        method, _, path = act.partition(" ")
        if method == "GET":
            return caller.get(path.format(**self.ids)).status_code
        return caller.post(path.format(**self.ids), self._body(path)).status_code

    def _body(self, path: str) -> dict[str, object]:
        choice: dict[str, object] = {
            "clinician_id": self.ids["clinician"],
            "starts_at": "2026-10-22T15:00:00Z",
        }
        bodies: dict[str, dict[str, object]] = {
            "patients": {"name": "Cy", "birth_date": "1980-01-01", "address": address()},
            "addresses": address(label="work"),
            "requests": self.clinic.wish(intake=intake()),
            "review": {"clear": True, "reason": "seen"},
            "order": self.clinic.order(),
            "reservation": choice,
            "series": {"visits": [choice]},
            "move": choice | {"reason": "asked"},
            "cancellation": {"reason": "asked"},
            "progress": {"event": "set out"},
            "completion": {},
            "authorisation": {"mg": "18"},
            "time-off": {"first_day": "2027-01-01", "last_day": "2027-01-02"},
            "end": {"through": "2030-01-01", "reason": "ends"},
        }
        return bodies.get(path.rpartition("/")[2], {})


@pytest.fixture
def records(lone_clinic: Clinic) -> Records:
    clinic = lone_clinic
    visit_id = clinic.booked(clinic.ada)
    ids = {
        "visit": visit_id,
        "request": str(ok(clinic.as_pat.get(f"/visits/{visit_id}"))["request_id"]),
        "series": str(clinic.series()["id"]),
        "patient": str(clinic.pat),
        "clinician": str(clinic.ada),
        "licence": str(clinic.licence),
    }
    return Records(clinic, ids)


@pytest.mark.parametrize("act", TABLE)
def test_each_may_do_what_the_table_says(records: Records, act: str) -> None:
    expected = dict(zip(WHO, TABLE[act], strict=True))
    # Who is refused acts first: an allowed act may end what the others ask for.
    for name, caller in sorted(records.callers.items(), key=lambda pair: expected[pair[0]] is YES):
        status = records.call(caller, act)
        wanted = expected[name]
        found = status if status in {401, NO, HIDDEN} or status >= 500 else YES
        assert (name, found) == (name, wanted), status


def test_the_table_names_every_route(lone_site: Site) -> None:
    names = {"patient_id", "request_id", "series_id", "visit_id", "clinician_id", "licence_id"}
    told = set()
    for rule in lone_site.app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint not in PUBLIC_ENDPOINTS:
            path = rule.rule.removeprefix("/api/v1").replace("<int:number>", "1")
            for name in names:
                path = path.replace(f"<uuid:{name}>", "{" + name.removesuffix("_id") + "}")
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            told |= {f"{method} {path}" for method in methods}
    assert told == {act.partition("?")[0] for act in TABLE}


@pytest.mark.parametrize("act", [act for act in TABLE if "{" in act])
def test_what_does_not_exist_looks_as_what_is_hidden(records: Records, act: str) -> None:
    nothing = Records(records.clinic, dict.fromkeys(records.ids, str(uuid4())))
    for name, caller in records.callers.items():
        if name not in {"pat", "quinn"} or dict(zip(WHO, TABLE[act], strict=True))[name] != NO:
            assert nothing.call(caller, act) in {NO, HIDDEN, 422}


def test_a_patient_cannot_tell_a_strangers_visit_from_none(records: Records) -> None:
    quinn = records.clinic.as_quinn
    hidden = problem(quinn.get(f"/visits/{records.ids['visit']}"), 404)
    absent = problem(quinn.get(f"/visits/{uuid4()}"), 404)
    assert (hidden["code"], hidden["errors"]) == (absent["code"], absent["errors"])
    assert hidden["detail"] == absent["detail"]


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer unknown", "Basic abc", "Token x", "Bearer \xe9"),
        f"Bearer {'x' * 4000}",
    ],
)
def test_without_a_token_that_stands_nothing_is_answered(lone_site: Site, header: str) -> None:
    caller = lone_site.stranger
    refusal = caller.call("GET", "/visits", headers={"Authorization": header})
    assert problem(refusal, 401)["code"] == "not_signed_in"
    assert refusal.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_runs_out(lone_site: Site) -> None:
    caller = Caller(lone_site.app, lone_site.token(Role.DISPATCHER, good_for=timedelta(hours=1)))
    ok(caller.get(f"/visits?on={NOW.date()}"))
    lone_site.world.clock.pass_time(hours=1)
    assert problem(caller.get("/visits"), 401)["code"] == "not_signed_in"


def test_an_account_that_ended_is_out_at_once(lone_site: Site) -> None:
    caller = lone_site.dispatcher
    ok(caller.get(f"/visits?on={NOW.date()}"))
    with transaction(lone_site.session) as session:
        for row in session.scalars(select(AccountRow)):
            row.ended_at = NOW
    assert problem(caller.get("/visits"), 401)["code"] == "not_signed_in"


def test_values_of_rows_stay_out_of_the_text_of_errors(lone_site: Site) -> None:
    with lone_site.app.app_context():
        assert db.engine.hide_parameters


def test_patients_do_not_see_who_was_excluded(records: Records) -> None:
    clinic = records.clinic
    path = f"/visits/{records.ids['visit']}/offers"
    clinic.site.world.clinician("Cy", "66101", "KS")
    assert ok(clinic.as_pat.get(path))["excluded"] == []
    assert ok(clinic.as_dispatcher.get(path))["excluded"] != []
