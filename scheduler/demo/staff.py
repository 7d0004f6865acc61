"""Clinicians, scope rules, accounts and the approved protocol of the demonstration."""

from datetime import date, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.demo.clinicians import CLINICIANS, PHYSICIAN, SIGN_IN_NURSE, ClinicianPlan
from scheduler.demo.story import Story
from scheduler.domain.care import WayOfGiving
from scheduler.domain.geography import ZipArea
from scheduler.domain.licensure import Credential
from scheduler.domain.protocols import ProtocolStatus
from scheduler.services.desk import Actor
from scheduler.services.orders import approve_protocol, copy_protocol
from scheduler.services.staffing import add_time_off
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, SkillRow
from scheduler.store.database import transaction
from scheduler.store.people import AccountRow, Role
from scheduler.store.rules import ScopeRuleRow
from scheduler.store.treatment import ProtocolRow

PROTOCOL_CODE = "demo-iv-ascending-6"
VERIFIED_BY = "Demonstration (fictitious)"
SCOPE_CITATION = "EXAMPLE for the demonstration: not checked against the law of the state"
_HANDS_ON = (Credential.RN, Credential.NP, Credential.PA, Credential.MD)
_SCOPE = {
    WayOfGiving.IV_INFUSION: _HANDS_ON,
    WayOfGiving.IM: _HANDS_ON,
    WayOfGiving.LOZENGE_SL: _HANDS_ON,
    WayOfGiving.NONE: (Credential.NP, Credential.PA, Credential.MD),
}
SCOPE_STATES = ("KS", "MO", "CO", "TN")
SOON_DAYS = 25
OFF_DAYS = 7
_OFFICE = {
    Role.DISPATCHER: "Dana Example",
    Role.ADMINISTRATOR: "Alex Example",
    Role.MEDICAL_DIRECTOR: "Dr. Max Example",
}


def clinician_id(name: str) -> UUID:
    """Return the id that a demonstration clinician always has."""
    return uuid5(NAMESPACE_URL, f"visit-scheduler/demo/clinician/{name}")


def add_staff(story: Story, today: date) -> UUID:
    """Add clinicians, rules, accounts and the protocol; return the approved protocol's id."""
    with transaction(story.session) as session:
        _add_scope(session, today)
        for plan in CLINICIANS:
            area = story.ports.geocoder.find_zip(plan.zip_code)
            _add_clinician(session, plan, area, today)
            story.accounts[clinician_id(plan.name)] = _add_account(
                session, Role.CLINICIAN, plan.name, clinician_id(plan.name)
            )
        for role, name in _OFFICE.items():
            story.actors[role] = Actor(_add_account(session, role, name), role)
        physician = clinician_id(PHYSICIAN)
        signer = _add_account(session, Role.PRESCRIBER, PHYSICIAN, physician)
        story.actors[Role.PRESCRIBER] = Actor(signer, Role.PRESCRIBER, physician)
    nurse = clinician_id(SIGN_IN_NURSE)
    story.actors[Role.CLINICIAN] = Actor(story.accounts[nurse], Role.CLINICIAN, nurse)
    _add_time_off(story, today)
    return _approve_copy(story)


def _add_account(session: Session, role: Role, name: str, person_id: UUID | None = None) -> UUID:
    row = AccountRow(role=role, display_name=name, person_id=person_id)
    session.add(row)
    return row.id


def _add_scope(session: Session, today: date) -> None:
    for state in SCOPE_STATES:
        for way, credentials in _SCOPE.items():
            for credential in credentials:
                session.add(
                    ScopeRuleRow(
                        state=state,
                        credential=credential,
                        way_of_giving=way,
                        needs_prescriber_on_site=False,
                        needs_second_person=False,
                        citation=SCOPE_CITATION,
                        verified_by=VERIFIED_BY,
                        verified_on=today - timedelta(days=60),
                    )
                )


def _add_clinician(session: Session, plan: ClinicianPlan, area: ZipArea, today: date) -> None:
    row = ClinicianRow(
        id=clinician_id(plan.name),
        name=plan.name,
        credential=plan.credential,
        home_state=plan.home_state,
        start_latitude=area.point.latitude,
        start_longitude=area.point.longitude,
        home_city=area.place,
        home_zip=area.zip_code,
        timezone=area.timezone,
        max_visits=4,
        max_travel_minutes=180,
        break_minutes=30,
        break_opens=time(11),
        break_closes=time(14, 30),
    )
    session.add(row)
    session.flush()
    for number, word in enumerate(plan.licences.split()):
        session.add(_licence(row, word, number, today))
    session.add_all(SkillRow(clinician_id=row.id, skill=skill) for skill in plan.skills.split())
    session.add_all(
        ShiftRow(
            clinician_id=row.id,
            weekday=weekday,
            opens=plan.week.opens,
            closes=plan.week.closes,
            from_day=today - timedelta(days=90),
            through_day=today + timedelta(days=365),
        )
        for weekday in plan.week.weekdays
    )


def _licence(row: ClinicianRow, word: str, number: int, today: date) -> LicenceRow:
    days_left = {"-": -20, "~": SOON_DAYS}.get(word[2:], 500)
    return LicenceRow(
        clinician_id=row.id,
        state=word[:2],
        credential=row.credential,
        number=f"DEMO-{word[:2]}-{row.id.hex[:6]}-{number}",
        multistate=word[2:] == "*",
        valid_from=today - timedelta(days=700),
        valid_through=today + timedelta(days=days_left),
    )


def _add_time_off(story: Story, today: date) -> None:
    desk = story.desk(Role.DISPATCHER)
    days = (today, today + timedelta(days=OFF_DAYS))
    for plan in CLINICIANS:
        if plan.off:
            add_time_off(desk, clinician_id(plan.name), days, "on vacation")


def _approve_copy(story: Story) -> UUID:
    example = story.session.scalars(
        select(ProtocolRow.id).where(
            ProtocolRow.code == PROTOCOL_CODE, ProtocolRow.status == ProtocolStatus.EXAMPLE
        )
    ).one()
    director = story.desk(Role.MEDICAL_DIRECTOR)
    title = "Rising IV series of six (fictitious, for the demonstration)"
    copied = copy_protocol(director, example, title)
    approve_protocol(director, copied, "Fictitious approval for the demonstration")
    return copied
