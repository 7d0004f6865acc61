"""A small practice with named people, built through the tables and worked through the services."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.adapters.sms import OutboxPageSender
from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.care import WayOfGiving
from scheduler.domain.geography import PostalAddress
from scheduler.domain.licensure import Credential
from scheduler.domain.protocols import ProtocolStatus, content_hash
from scheduler.ports import Ports
from scheduler.services.desk import Actor, Desk
from scheduler.services.dose_review import dose_to_authorise
from scheduler.services.intake import (
    Intake,
    NewPatient,
    NewRequest,
    add_address,
    register_patient,
    request_visit,
)
from scheduler.services.practice import Practice
from scheduler.services.release import authorise_dose
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, SkillRow
from scheduler.store.database import transaction
from scheduler.store.mapping import read_protocol
from scheduler.store.people import AccountRow, Role
from scheduler.store.rules import CareServiceRow, CompactMemberRow, ScopeRuleRow
from scheduler.store.treatment import ProtocolRow
from tests.clocks import FixedClock

ZIPS = ZipGeocoder()
PRACTICE = Practice("Oak Home Visits", "816-555-0100", "http://127.0.0.1:8000")
LONG_AGO, FAR_AHEAD = date(2026, 1, 1), date(2030, 12, 31)
LADDER = {
    "code": "test-ladder",
    "title": "Rising doses for tests",
    "way_of_giving": "iv_infusion",
    "escalation": "scheduled_ascending",
    "levels": [
        {"number": 1, "mg_per_kg": "0.25", "minutes": 40},
        {"number": 2, "mg_per_kg": "0.4", "minutes": 40},
        {"number": 3, "mg_per_kg": "0.5", "minutes": 40},
    ],
    "administrations": [1, 2, 3],
    "gap": {"unit": "elapsed_hours", "minimum": 72, "maximum": 120},
    "rounding_step_mg": "1",
    "absolute_max_mg": "100",
    "max_rate_mg_per_kg_h": "1",
    "weight": {"max_age_days": 30, "max_change_percent": "5"},
    "observation_minutes": 60,
    "citation": "FICTITIOUS, for tests",
    "source_kind": "demo",
}


@dataclass
class World:
    """A session, a clock that stands still, and the ports of a small practice."""

    session: Session
    clock: FixedClock
    ports: Ports = field(init=False)

    def __post_init__(self) -> None:
        self.ports = Ports(self.clock, ZIPS, GeodesicTravel(), OutboxPageSender())

    def desk(self, role: Role, person_id: UUID | None = None) -> Desk:
        """Return a desk for somebody in a role."""
        return Desk(self.session, self.ports, PRACTICE, Actor(uuid4(), role, person_id))

    @property
    def dispatcher(self) -> Desk:
        """A dispatcher's desk."""
        return self.desk(Role.DISPATCHER)

    def at(self, *parts: int) -> datetime:
        """Return an instant in UTC."""
        return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]

    def account(self, role: Role, person_id: UUID | None = None) -> UUID:
        """Add somebody who can sign in."""
        row = AccountRow(role=role, display_name=role.value, person_id=person_id)
        with transaction(self.session):
            self.session.add(row)
        return row.id

    def service(self, code: str = "checkup", **changes: object) -> str:
        """Add a service: an infusion that needs no order unless told otherwise."""
        values: dict[str, object] = {
            "code": code,
            "name": code.replace("_", " ").capitalize(),
            "way_of_giving": WayOfGiving.IV_INFUSION,
            "skills": "",
            "needs_order": False,
            "dosed": False,
            "preparation_minutes": 30,
            "care_minutes": 45,
            "pack_down_minutes": 15,
            "arrival_window_minutes": 60,
        }
        with transaction(self.session):
            self.session.add(CareServiceRow(**(values | changes)))
        return code

    def scope(
        self,
        *states: str,
        credential: Credential = Credential.RN,
        way: WayOfGiving = WayOfGiving.IV_INFUSION,
    ) -> None:
        """Add scope rules that allow a credential to give care in states."""
        with transaction(self.session):
            for state in states:
                self.session.add(
                    ScopeRuleRow(
                        state=state,
                        credential=credential,
                        way_of_giving=way,
                        needs_prescriber_on_site=False,
                        needs_second_person=False,
                        citation="example row for tests",
                        verified_by="tests",
                        verified_on=LONG_AGO,
                    )
                )

    def compact(self, *states: str) -> None:
        """Add members of a nurse licence compact."""
        with transaction(self.session):
            for state in states:
                self.session.add(
                    CompactMemberRow(
                        compact="NLC",
                        state=state,
                        credentials="RN LPN",
                        privilege_from=LONG_AGO,
                        issues_from=LONG_AGO,
                        source="tests",
                        checked_on=LONG_AGO,
                    )
                )

    def clinician(self, name: str, zip_code: str, home_state: str, **changes: object) -> UUID:
        """Add an RN who works every day from 8 to 6 local time, with no licence yet."""
        area = ZIPS.find_zip(zip_code)
        values: dict[str, object] = {
            "name": name,
            "credential": Credential.RN,
            "home_state": home_state,
            "start_latitude": area.point.latitude,
            "start_longitude": area.point.longitude,
            "timezone": area.timezone,
            "max_visits": 6,
            "max_travel_minutes": 240,
        }
        opens = changes.pop("opens", time(8))
        closes = changes.pop("closes", time(18))
        row = ClinicianRow(**(values | changes))
        with transaction(self.session) as session:
            session.add(row)
            session.flush()
            for weekday in range(7):
                session.add(
                    ShiftRow(
                        clinician_id=row.id,
                        weekday=weekday,
                        opens=opens,
                        closes=closes,
                        from_day=LONG_AGO,
                        through_day=FAR_AHEAD,
                    )
                )
        return row.id

    def licence(self, clinician_id: UUID, state: str, **changes: object) -> UUID:
        """Add a single-state RN licence that is valid for years."""
        values: dict[str, object] = {
            "clinician_id": clinician_id,
            "state": state,
            "credential": Credential.RN,
            "number": uuid4().hex[:10],
            "multistate": False,
            "valid_from": LONG_AGO,
            "valid_through": FAR_AHEAD,
        }
        row = LicenceRow(**(values | changes))
        with transaction(self.session):
            self.session.add(row)
        return row.id

    def skill(self, clinician_id: UUID, skill: str) -> None:
        """Give a clinician a skill."""
        with transaction(self.session):
            self.session.add(SkillRow(clinician_id=clinician_id, skill=skill))

    def patient(
        self,
        zip_code: str,
        state: str,
        *,
        born: date = date(1980, 5, 17),
        phone: str | None = "+18165550142",
    ) -> tuple[UUID, UUID]:
        """Register a patient at an address; return both ids."""
        address = PostalAddress("12 Fiction Street", "Testville", state, zip_code)
        new = NewPatient("Pat Example", born, phone, address, sms_consent=phone is not None)
        return register_patient(self.dispatcher, new)

    def address(self, patient_id: UUID, zip_code: str, state: str) -> UUID:
        """Add a further address."""
        address = PostalAddress("9 Invented Avenue", "Testville", state, zip_code)
        return add_address(self.dispatcher, patient_id, "other", address)

    def request(
        self,
        ids: tuple[UUID, UUID],
        service: str,
        span: tuple[datetime, datetime] | None = None,
        **flags: bool,
    ) -> UUID:
        """Ask for a visit between two instants, by default in the next ten days."""
        now = self.clock.now()
        wanted = span or (now, now + timedelta(days=10))
        intake = Intake("example", Decimal("72.4"), flags, treatment_consent=True)
        return request_visit(self.dispatcher, NewRequest(*ids, service, *wanted, intake))

    def protocol(self, **changes: object) -> UUID:
        """Add an approved protocol."""
        content = LADDER | changes
        hashed = content_hash(read_protocol(content, 1, ProtocolStatus.APPROVED))
        row = ProtocolRow(
            code=str(content["code"]),
            version=1,
            status=ProtocolStatus.APPROVED,
            content=json.dumps(content),
            content_hash=hashed,
            approved_hash=hashed,
            approved_by=self.account(Role.MEDICAL_DIRECTOR),
            approved_at=self.clock.now(),
        )
        with transaction(self.session):
            self.session.add(row)
        return row.id

    def prescriber(self, zip_code: str, *states: str) -> Desk:
        """Add a physician licensed in states and return their desk."""
        person = self.clinician("Dr. Sol Example", zip_code, states[0], credential=Credential.MD)
        for state in states:
            self.licence(person, state, credential=Credential.MD)
        return self.desk(Role.PRESCRIBER, person)


def local(day: date, hour: int, minute: int, offset_hours: int) -> datetime:
    """Return an instant given by a wall clock and its distance from UTC in hours."""
    wall = datetime.combine(day, time(hour, minute), tzinfo=UTC)
    return wall - timedelta(hours=offset_hours)


def sign_dose(prescriber: Desk, series_id: UUID, number: int) -> Decimal:
    """Let a prescriber read a dose and sign off what was read."""
    mg = dose_to_authorise(prescriber, series_id, number).mg
    return authorise_dose(prescriber, series_id, number, mg or Decimal(0))
