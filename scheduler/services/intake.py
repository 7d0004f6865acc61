"""Patients arrive: who they are, where they live, what they ask for, and a prescriber's review."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import IllegalTransition, InvalidInput, NotFound
from scheduler.domain.geography import Place, Point, PostalAddress
from scheduler.domain.questionnaires import Answers
from scheduler.domain.timing import local_day
from scheduler.services.desk import Desk
from scheduler.services.repeats import answered, digest_of, remember
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.locking import lock_patient
from scheduler.store.people import (
    AddressRow,
    ConsentKind,
    ConsentRow,
    PatientNameRow,
    PatientRow,
    Role,
    name_words,
)
from scheduler.store.treatment import Clearance, IntakeRow, WeightRow
from scheduler.store.visits import RequestState, VisitRequestRow

REVIEW_WITHIN = timedelta(hours=24)
"""How soon a prescriber looks at a request that needs supervision; shown to the patient."""

ADULT_AGE = 18
SEED_GROUPS = {
    "pregnant": "pregnancy",
    "dementia_symptoms": "symptoms of dementia",
    "addiction_history": "history of substance use",
}
"""Answers that always need a prescriber's clearance (03, intake and clearance)."""

MAX_WISH = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A person to register; `phone` in E.164 or None, `sms_consent` their recorded yes."""

    name: str
    birth_date: date
    phone: str | None
    address: PostalAddress
    access: str = ""
    sms_consent: bool = False


def register_patient(desk: Desk, new: NewPatient, repeat_key: str = "") -> tuple[UUID, UUID]:
    """Add a patient with a first address; return both ids.

    The same act sent again under the same `repeat_key` gets the first answer.
    """
    desk.allow(Role.DISPATCHER, Role.ADMINISTRATOR)
    located = locate(desk, new)
    digest = digest_of("register", keys().blind_index(repr(new), "patient"))
    with transaction(desk.session) as session:
        already = answered(desk, repeat_key, digest)
        if already is not None:
            return already, _first_address(session, already)
        patient, address = add_patient(desk, new, located)
        remember(desk, repeat_key, digest, patient.id)
        return patient.id, address.id


def _first_address(session: Session, patient_id: UUID) -> UUID:
    mine = select(AddressRow.id).where(AddressRow.patient_id == patient_id)
    return session.scalars(mine.order_by(AddressRow.created_at).limit(1)).one()


def locate(desk: Desk, new: NewPatient) -> tuple[Place, Point]:
    """Return where a new patient lives, exactly and by ZIP; raises for what cannot be.

    Raises:
        UnknownZip, StateMismatch: the address names no place.
        InvalidInput: the birth date lies in the future.
    """
    located = _locate(desk, new.address)
    if new.birth_date > local_day(desk.now(), located[0].timezone):
        raise InvalidInput({"birth_date": "must not lie in the future"})
    return located


def add_patient(
    desk: Desk, new: NewPatient, located: tuple[Place, Point]
) -> tuple[PatientRow, AddressRow]:
    """Add a patient with a first address to the transaction under way."""
    now = desk.now()
    patient = PatientRow(
        name=new.name,
        birth_date=new.birth_date.isoformat(),
        timezone=located[0].timezone,
        created_at=now,
    )
    if new.phone:
        patient.phone = new.phone
        patient.phone_index = keys().blind_index(new.phone, "phone")
    desk.session.add(patient)
    desk.session.flush()
    address = _address_row(patient.id, "home", new.address, located, now)
    if new.access:
        address.access = new.access
    desk.session.add(address)
    desk.session.add_all(
        PatientNameRow(patient_id=patient.id, word_index=word) for word in name_words(new.name)
    )
    if new.sms_consent:
        desk.session.add(_consent(patient.id, ConsentKind.SMS, now))
    desk.record("register", "patient", patient.id, patient.id)
    return patient, address


def add_address(
    desk: Desk, patient_id: UUID, label: str, address: PostalAddress, repeat_key: str = ""
) -> UUID:
    """Add a visit address; licence, scope, travel and zone of visits there follow it.

    The same act sent again under the same `repeat_key` gets the first answer.
    """
    desk.allow_to_act_for(patient_id)
    located = _locate(desk, address)
    digest = digest_of("address", patient_id, keys().blind_index(f"{label}|{address}", "address"))
    with transaction(desk.session) as session:
        lock_patient(session, patient_id)
        already = answered(desk, repeat_key, digest)
        if already is not None:
            return already
        row = _address_row(patient_id, label, address, located, desk.now())
        session.add(row)
        remember(desk, repeat_key, digest, row.id)
        desk.record("add address", "address", row.id, patient_id)
    return row.id


def _locate(desk: Desk, address: PostalAddress) -> tuple[Place, Point]:
    place = desk.ports.geocoder.locate(address)
    return place, desk.ports.geocoder.find_zip(place.zip_code).point


def _address_row(
    patient_id: UUID,
    label: str,
    address: PostalAddress,
    located: tuple[Place, Point],
    now: datetime,
) -> AddressRow:
    place, zip_point = located
    line = ", ".join(part for part in (address.street, address.unit, address.city) if part)
    return AddressRow(
        patient_id=patient_id,
        label=label,
        street=line,
        exact_point=json.dumps([place.point.latitude, place.point.longitude]),
        state=place.state,
        zip_code=place.zip_code,
        zip_latitude=zip_point.latitude,
        zip_longitude=zip_point.longitude,
        precision=place.precision.value,
        timezone=place.timezone,
        created_at=now,
    )


CONSENT_WORDING = {
    ConsentKind.SMS: "I agree to get texts about my visits. I can stop them at any time.",
    ConsentKind.TREATMENT: (
        "I want a licensed clinician to come to my home and give me the care that I ask for here. "
        "What I have said about my health is true. I may ask questions first, and I may say no at "
        "any time, also at the visit."
    ),
}
"""What a patient agrees to, word for word; it is kept with each agreement."""


def _consent(patient_id: UUID, kind: ConsentKind, now: datetime) -> ConsentRow:
    return ConsentRow(
        patient_id=patient_id,
        kind=kind,
        wording=CONSENT_WORDING[kind],
        source="intake",
        given_at=now,
    )


@dataclass(frozen=True, slots=True)
class Intake:
    """A patient's answers. `flags` maps the screening questions to yes or no.

    `answers` are those to a questionnaire, kept with their wording and its version.
    """

    condition: str
    weight_kg: Decimal
    flags: Mapping[str, bool] = field(default_factory=dict)
    treatment_consent: bool = False
    sms_consent: bool = False
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A wish for a visit; arrival between two instants."""

    patient_id: UUID
    address_id: UUID
    service_code: str
    wanted_from: datetime
    wanted_until: datetime
    intake: Intake
    preferred_clinician_id: UUID | None = None


def request_visit(desk: Desk, new: NewRequest, repeat_key: str = "") -> UUID:
    """Take a visit request and say where it goes next: review, order, or straight to offers.

    What needs supervision is never dropped and never booked unseen: it waits for a prescriber.
    The same request sent again under the same `repeat_key` gets the first answer.
    """
    desk.allow_to_act_for(new.patient_id)
    _check_wish(new, desk.now())
    digest = _digest(new)
    with transaction(desk.session) as session:
        lock_patient(session, new.patient_id)
        already = answered(desk, repeat_key, digest)
        if already is not None:
            return already
        row = _add_request(desk, new)
        remember(desk, repeat_key, digest, row.id)
        return row.id


def _digest(new: NewRequest) -> str:
    """Return the digest of a request; what was answered cannot be guessed from it."""
    wish = (new.patient_id, new.address_id, new.service_code, new.preferred_clinician_id)
    times = (new.wanted_from.isoformat(), new.wanted_until.isoformat())
    return digest_of(*wish, *times, keys().blind_index(repr(new.intake), "intake"))


def _add_request(desk: Desk, new: NewRequest) -> VisitRequestRow:
    session, now = desk.session, desk.now()
    patient = queries.patient_of(session, new.patient_id)
    address = queries.get(session, AddressRow, new.address_id, "address")
    if address.patient_id != patient.id:
        raise NotFound("There is no such address.")
    service = queries.find_offered_service(session, new.service_code)
    if new.preferred_clinician_id is not None:
        queries.get(session, ClinicianRow, new.preferred_clinician_id, "clinician")
    today = local_day(now, address.timezone)
    reasons = supervision_reasons(date.fromisoformat(patient.birth_date), new.intake, today)
    intake = _intake_row(new, now, reasons)
    session.add(intake)
    session.flush()
    row = VisitRequestRow(
        patient_id=patient.id,
        address_id=address.id,
        service_code=service.code,
        state=_first_state(needs_order=service.needs_order, reasons=reasons),
        wanted_from=new.wanted_from,
        wanted_until=new.wanted_until,
        preferred_clinician_id=new.preferred_clinician_id,
        intake_id=intake.id,
        review_due_at=now + REVIEW_WITHIN if reasons or service.needs_order else None,
        created_at=now,
        created_by=desk.actor.account_id,
    )
    session.add(row)
    _add_weight_and_consent(desk, new, now, today)
    desk.record("request", "visit_request", row.id, patient.id)
    return row


def _check_wish(new: NewRequest, now: datetime) -> None:
    problems = {}
    if new.wanted_until <= new.wanted_from:
        problems["wanted_until"] = "must be after wanted_from"
    elif new.wanted_until <= now:
        problems["wanted_until"] = "must lie in the future"
    elif new.wanted_until - new.wanted_from > MAX_WISH:
        problems["wanted_until"] = "must be within 60 days of wanted_from"
    if problems:
        raise InvalidInput(problems)


def supervision_reasons(birth: date, intake: Intake, today: date) -> list[str]:
    """Return why a prescriber must look at a request before anything is booked."""
    had_birthday = (today.month, today.day) >= (birth.month, birth.day)
    age = today.year - birth.year - (0 if had_birthday else 1)
    reasons = ["under 18"] if age < ADULT_AGE else []
    return reasons + [words for flag, words in SEED_GROUPS.items() if intake.flags.get(flag)]


def _first_state(*, needs_order: bool, reasons: list[str]) -> RequestState:
    if reasons:
        return RequestState.AWAITING_REVIEW
    return RequestState.AWAITING_ORDER if needs_order else RequestState.OPEN


def _intake_row(new: NewRequest, now: datetime, reasons: list[str]) -> IntakeRow:
    answers: dict[str, object] = {
        "condition": new.intake.condition,
        "flags": dict(new.intake.flags),
        "supervision": reasons,
    }
    if new.intake.answers is not None:
        answers["questionnaire"] = new.intake.answers.questionnaire
        answers["answers"] = [asdict(each) for each in new.intake.answers.answers]
    return IntakeRow(
        patient_id=new.patient_id,
        answers=json.dumps(answers),
        clearance=Clearance.WAITING if reasons else Clearance.NOT_NEEDED,
        created_at=now,
    )


def _add_weight_and_consent(desk: Desk, new: NewRequest, now: datetime, today: date) -> None:
    desk.session.add(
        WeightRow(
            patient_id=new.patient_id,
            kg=str(new.intake.weight_kg),
            measured_on=today,
            recorded_by=desk.actor.account_id,
            recorded_at=now,
        )
    )
    if new.intake.treatment_consent:
        desk.session.add(_consent(new.patient_id, ConsentKind.TREATMENT, now))
    agreed = queries.has_consent(desk.session, new.patient_id, ConsentKind.SMS)
    if new.intake.sms_consent and not agreed:
        desk.session.add(_consent(new.patient_id, ConsentKind.SMS, now))


def review_request(desk: Desk, request_id: UUID, *, clear: bool, reason: str) -> RequestState:
    """Clear or decline a request that needs supervision: a prescriber's act, with a reason.

    What the same prescriber said once more is taken as said.
    """
    desk.allow(Role.PRESCRIBER)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    with transaction(desk.session) as session:
        row = queries.get(session, VisitRequestRow, request_id, "request")
        lock_patient(session, row.patient_id)
        session.refresh(row)
        if row.intake_id is None:
            raise IllegalTransition("This request is not waiting for a review.")
        intake = queries.get(session, IntakeRow, row.intake_id, "intake")
        said = Clearance.CLEARED if clear else Clearance.DECLINED
        if (intake.clearance, intake.decided_by) == (said, desk.actor.person_id):
            return row.state
        if row.state is not RequestState.AWAITING_REVIEW:
            raise IllegalTransition("This request is not waiting for a review.")
        service = queries.find_service(session, row.service_code)
        intake.clearance = said
        intake.decided_by = desk.actor.person_id
        intake.decided_at = desk.now()
        intake.reason = reason
        if clear:
            row.state = _first_state(needs_order=service.needs_order, reasons=[])
        else:
            row.state = RequestState.DECLINED
        desk.record("review", "visit_request", row.id, row.patient_id, reason)
        return row.state
