"""The application on a database, with a clock that stands still and a small practice."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import Settings
from scheduler.app import create_app
from scheduler.ports import TravelTimes
from scheduler.services.sign_in import issue_token
from scheduler.store.audit import AuditRow
from scheduler.store.database import db
from scheduler.store.people import Role
from tests.clocks import FixedClock
from tests.conftest import TEST_KEY, Database
from tests.world import World

NOW = datetime(2026, 10, 20, 15, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in Kansas City."""

TOMORROW, IN_TEN_DAYS = NOW + timedelta(days=1), NOW + timedelta(days=10)
PROBLEM = "application/problem+json"
DOSED = "iv_series"


QUICK_HASHES = {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}
"""The same algorithm as is shipped, without its price: it would be most of what tests do."""


class CompiledTemplates(BytecodeCache):
    """Compiles each template once for all applications of a test run's process."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template that was compiled before."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = CompiledTemplates()


@dataclass
class Site:
    """The application, the practice behind it, and sign-ins for people in it."""

    app: Flask
    world: World
    tokens: dict[tuple[Role, UUID | None], str] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The tests' own look at the database."""
        return self.world.session

    def sign_in(self, role: Role, person_id: UUID | None = None) -> "Caller":
        """Return a caller with a token; the same person gets the same one."""
        key = (role, person_id)
        if key not in self.tokens:
            self.tokens[key] = self.token(role, person_id)
        return Caller(self.app, self.tokens[key])

    def token(
        self, role: Role, person_id: UUID | None = None, good_for: timedelta = timedelta(days=90)
    ) -> str:
        """Return a token of somebody new."""
        account = self.world.account(role, person_id)
        return issue_token(self.session, self.world.clock, account, good_for)

    @property
    def dispatcher(self) -> "Caller":
        """A dispatcher."""
        return self.sign_in(Role.DISPATCHER)

    @property
    def stranger(self) -> "Caller":
        """Somebody without a token."""
        return Caller(self.app, None)

    def audited(self, action: str, subject_id: UUID | str) -> int:
        """Return how often an act on something was recorded."""
        self.session.rollback()
        query = select(AuditRow).where(
            AuditRow.action == action, AuditRow.subject_id == UUID(str(subject_id))
        )
        return len(self.session.scalars(query).all())


@dataclass
class Caller:
    """Calls the API as one person."""

    app: Flask
    token: str | None

    def get(self, path: str) -> TestResponse:
        """Ask."""
        return self.call("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        """Act."""
        return self.call("POST", path, json.dumps({} if body is None else body), headers)

    def call(
        self,
        method: str,
        path: str,
        data: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send anything."""
        sent = {"Content-Type": "application/json"} if method == "POST" else {}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        with self.app.test_client() as client:
            return client.open(f"/api/v1{path}", method=method, data=data, headers=sent)


@contextmanager
def site_on(
    database: Database, folder: Path, now: datetime = NOW, travel: TravelTimes | None = None
) -> Iterator[Site]:
    """Give the application on a database that has the schema; `travel`: instead of the estimate."""
    settings = Settings.from_env(
        {
            "DATABASE_URL": database.url,
            "INSTANCE_PATH": str(folder),
            "DEMO": "1",
            "ENCRYPTION_KEYS": TEST_KEY.hex(),
        }
    )
    clock = FixedClock(now)
    with Session(database.engine) as session:
        world = World(session, clock)
        if travel is not None:
            world.ports = replace(world.ports, travel=travel)
        app = create_app(settings, world.ports)
        app.jinja_env.bytecode_cache = TEMPLATES
        app.extensions["security"].pwd_context.update(**QUICK_HASHES)
        yield Site(app, world)
        with app.app_context():
            db.engine.dispose()


class Clinic:
    """Ada and Bea in Kansas; Pat wants a checkup, Quinn a series; Sol prescribes."""

    def __init__(self, site: Site) -> None:
        self.site, world = site, site.world
        world.service()
        world.service(DOSED, needs_order=True, dosed=True, care_minutes=100)
        world.scope("KS")
        self.ada, self.bea = (world.clinician(name, "66101", "KS") for name in ("Ada", "Bea"))
        self.licence = world.licence(self.ada, "KS")
        world.licence(self.bea, "KS")
        self.pat, self.home = world.patient("66101", "KS")
        self.quinn, self.flat = world.patient("66101", "KS", phone="+18165550143")
        self.protocol = world.protocol()
        sol = world.prescriber("66101", "KS").actor.person_id
        self.as_prescriber = site.sign_in(Role.PRESCRIBER, sol)
        self.as_pat = site.sign_in(Role.PATIENT, self.pat)
        self.as_quinn = site.sign_in(Role.PATIENT, self.quinn)
        self.as_ada = site.sign_in(Role.CLINICIAN, self.ada)
        self.as_bea = site.sign_in(Role.CLINICIAN, self.bea)
        self.as_dispatcher = site.dispatcher
        self.as_director = site.sign_in(Role.MEDICAL_DIRECTOR)
        self.as_administrator = site.sign_in(Role.ADMINISTRATOR)

    def wish(self, service: str = "checkup", /, **changes: object) -> dict[str, object]:
        """Return a request of Pat's, or of Quinn's for the series."""
        dosed = service == DOSED
        return {
            "patient_id": str(self.quinn if dosed else self.pat),
            "address_id": str(self.flat if dosed else self.home),
            "service_code": service,
            "wanted_from": TOMORROW.isoformat(),
            "wanted_until": IN_TEN_DAYS.isoformat(),
            "intake": intake(),
        } | changes

    def request(self, service: str = "checkup") -> str:
        """Ask for a visit as the patient."""
        caller = self.as_quinn if service == DOSED else self.as_pat
        return made(caller.post("/requests", self.wish(service)))

    def reserved(self, request_id: str | None = None, clinician: UUID | None = None) -> str:
        """Reserve an offer for Pat, Ada's unless told otherwise."""
        request_id = request_id or self.request()
        choice = first_offer(self.as_pat.get(f"/requests/{request_id}/offers"), clinician)
        return made(self.as_pat.post(f"/requests/{request_id}/reservation", choice))

    def booked(self, clinician: UUID | None = None) -> str:
        """Book a visit for Pat."""
        visit_id = self.reserved(clinician=clinician)
        assert self.as_pat.post(f"/visits/{visit_id}/confirmation").status_code == 200
        return visit_id

    def order(self, **changes: object) -> dict[str, object]:
        """Return an order for the series."""
        return {
            "indication": "fictitious",
            "expires_at": (NOW + timedelta(days=120)).isoformat(),
            "max_administrations": 3,
            "protocol_id": str(self.protocol),
            "max_mg_per_administration": "60",
            "max_cumulative_mg": "150",
        } | changes

    def ordered(self) -> str:
        """Ask for a series as Quinn and let the prescriber sign."""
        request_id = self.request(DOSED)
        made(self.as_prescriber.post(f"/requests/{request_id}/order", self.order()))
        return request_id

    def calendar(self, request_id: str) -> dict[str, object]:
        """Return the choices of the proposed calendar."""
        proposed = ok(self.as_quinn.get(f"/requests/{request_id}/series"))
        return {"visits": [as_choice(each) for each in proposed["visits"]]}

    def series(self) -> dict[str, Any]:
        """Take the proposed calendar of a new series."""
        request_id = self.ordered()
        answer = self.as_quinn.post(f"/requests/{request_id}/series", self.calendar(request_id))
        return ok(answer, 201)


def intake(**changes: object) -> dict[str, object]:
    """Return answers that need no supervision."""
    return {
        "weight_kg": "72.4",
        "pregnant": False,
        "dementia_symptoms": False,
        "addiction_history": False,
        "treatment_consent": True,
    } | changes


def new_patient(**changes: object) -> dict[str, object]:
    """Return a patient to register."""
    return {
        "name": "Cy Example",
        "birth_date": date(1980, 5, 17).isoformat(),
        "phone": "+1 (816) 555-0144",
        "address": address(),
        "sms_consent": True,
    } | changes


def address(zip_code: str = "66101", state: str = "KS", **changes: object) -> dict[str, object]:
    """Return a postal address."""
    return {
        "street": "12 Fiction Street",
        "city": "Testville",
        "state": state,
        "zip_code": zip_code,
    } | changes


def ok(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that must have the status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def made(answer: TestResponse) -> str:
    """Return the id of what was made."""
    return str(ok(answer, 201)["id"])


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return the problem document of a refusal that must have the status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == PROBLEM
    found: dict[str, Any] = json.loads(answer.get_data())
    assert found["status"] == status
    assert found.keys() >= {"type", "title", "code", "detail", "errors"}
    return found


def as_choice(offer: dict[str, Any]) -> dict[str, object]:
    """Return what takes an offer."""
    return {"clinician_id": offer["clinician_id"], "starts_at": offer["starts_at"]}


def first_offer(answer: TestResponse, clinician: UUID | None = None) -> dict[str, object]:
    """Return the first offer as a choice; another clinician who is as free may be named."""
    choice = as_choice(ok(answer)["offers"][0])
    return choice | ({"clinician_id": str(clinician)} if clinician else {})
