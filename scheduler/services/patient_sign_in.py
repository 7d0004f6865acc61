"""Patients sign in: a one-time code proves the phone, the birth date says whose it is.

A phone is a contact, not an identity: it may belong to several patients or to none yet. Until the
code is right, nothing that is answered or done depends on whether the phone is known.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import exists, select, update

from scheduler.domain.errors import InvalidInput, NotAllowed, SchedulingError
from scheduler.ports import SendLater, SendRefused, SendUnknown
from scheduler.services import browsers
from scheduler.services.browsers import Browser
from scheduler.services.desk import Actor, Desk
from scheduler.services.intake import NewPatient, add_patient, locate
from scheduler.services.throttle import Limit, count_try
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.messages import OptOutRow
from scheduler.store.people import AccountRow, PatientRow, Role
from scheduler.store.sign_in import SignInCodeRow, WebSessionRow

_LOG = structlog.get_logger("sign-in")

CODE_DIGITS = 6
CODE_GOOD_FOR = timedelta(minutes=10)
CODE_TRIES = 5
PERSON_TRIES = 5

CODES_BY_PHONE = Limit("code by phone", 5, timedelta(minutes=30))
CODES_BY_PHONE_A_DAY = Limit("code by phone a day", 15, timedelta(days=1))
CODES_BY_ADDRESS = Limit("code by address", 30, timedelta(hours=1))
TRIES_BY_ADDRESS = Limit("code try by address", 60, timedelta(hours=1))


class WrongCode(SchedulingError):
    """The code is wrong, used, run out, or was tried too often: one answer for all of them."""

    code = "wrong_code"
    field = "code"


class WrongPerson(SchedulingError):
    """The birth date is not that of the chosen person."""

    code = "wrong_person"
    field = "birth_date"


@dataclass(frozen=True, slots=True)
class PersonOnPhone:
    """Somebody who may be the one that signs in: just enough of a name to be recognised by."""

    patient_id: UUID
    first_name: str


def send_code(desk: Desk, phone: str, address: str) -> str | None:
    """Send a one-time code to a phone; return its text where nothing leaves this machine.

    The caller answers alike whatever happens. A phone that opted out gets no text: staff can read
    a code to its owner. Nothing is sent beyond the limits by phone and by network `address`.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    index = keys().blind_index(phone, "phone")
    with transaction(desk.session) as session:
        now = desk.now()
        counted = [
            count_try(session, now, CODES_BY_PHONE, index),
            count_try(session, now, CODES_BY_PHONE_A_DAY, index),
            count_try(session, now, CODES_BY_ADDRESS, address),
        ]
        opted_out = session.scalar(
            select(exists().where(OptOutRow.recipient_index == index, OptOutRow.ended_at.is_(None)))
        )
        session.add(_code_row(desk, index, code, issued_by=None))
    if not all(counted) or opted_out:
        return None
    _hand_over(desk, phone, code)
    return code if desk.ports.sms.name == "outbox" else None


def _hand_over(desk: Desk, phone: str, code: str) -> None:
    text = (
        f"{code} is your code to sign in at {desk.practice.name}. It is good for 10 minutes. "
        "We will never ask you for it."
    )
    try:
        desk.ports.sms.send(phone, text, ref="")
    except (SendLater, SendRefused, SendUnknown) as error:
        _LOG.warning("sign-in code not sent", reason=error.code)


def read_code_aloud(desk: Desk, patient_id: UUID) -> str:
    """Make a code that staff read to a patient on the phone, who cannot get texts."""
    desk.allow(Role.DISPATCHER)
    patient = queries.patient_of(desk.session, patient_id)
    if patient.phone_index is None:
        raise InvalidInput({"phone": "this patient has no phone number on record"})
    index = patient.phone_index
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    with transaction(desk.session) as session:
        session.add(_code_row(desk, index, code, issued_by=desk.actor.account_id))
        desk.record("read sign-in code", "patient", patient_id, patient_id)
    return code


def _code_row(desk: Desk, index: str, code: str, issued_by: UUID | None) -> SignInCodeRow:
    row_id, now = uuid4(), desk.now()
    return SignInCodeRow(
        id=row_id,
        phone_index=index,
        digest=_digest(row_id, code),
        issued_by=issued_by,
        tries=0,
        created_at=now,
        expires_at=now + CODE_GOOD_FOR,
    )


def _digest(row_id: UUID, code: str) -> str:
    return keys().blind_index(f"{row_id}|{code}", "sign-in code")


def prove_phone(desk: Desk, phone: str, code: str, address: str) -> str:
    """Take the code of a phone; return the token of the browser that now has this phone proven.

    Raises:
        WrongCode: the try is counted before the code is compared, and stays counted.
    """
    index = keys().blind_index(phone, "phone")
    with transaction(desk.session) as session:
        now = desk.now()
        within = count_try(session, now, TRIES_BY_ADDRESS, address)
        newest = (
            select(SignInCodeRow.id)
            .where(SignInCodeRow.phone_index == index)
            .order_by(SignInCodeRow.created_at.desc(), SignInCodeRow.id)
            .limit(1)
            .scalar_subquery()
        )
        row = session.execute(
            update(SignInCodeRow)
            .where(
                SignInCodeRow.id == newest,
                SignInCodeRow.used_at.is_(None),
                SignInCodeRow.expires_at > now,
                SignInCodeRow.tries < CODE_TRIES,
            )
            .values(tries=SignInCodeRow.tries + 1)
            .returning(SignInCodeRow.id, SignInCodeRow.digest)
        ).first()
        row_id, digest = row or (uuid4(), "")
        right = hmac.compare_digest(_digest(row_id, code), digest)
        if right and within:
            session.execute(
                update(SignInCodeRow).where(SignInCodeRow.id == row_id).values(used_at=now)
            )
            return browsers.begin(session, now, account_id=None, phone_index=index)
    raise WrongCode("This code is not right or has run out. Check it, or ask for a new one.")


def people_on_phone(desk: Desk, browser: Browser) -> list[PersonOnPhone]:
    """Return who may be signing in with the proven phone, by first name."""
    rows = desk.session.scalars(
        select(PatientRow).where(PatientRow.phone_index == browser.phone_index)
    )
    people = [PersonOnPhone(row.id, row.name.split()[0]) for row in rows]
    return sorted(people, key=lambda person: (person.first_name, person.patient_id))


def choose_person(desk: Desk, browser: Browser, patient_id: UUID, birth_date: date) -> str:
    """Say whose visit it is; return the token of a fresh browser session of that patient.

    Raises:
        WrongPerson: not a person of this phone, or not their birth date; the try is counted.
        NotAllowed: it was tried too often; the code must be asked for anew.
    """
    with transaction(desk.session) as session:
        tries = session.scalar(
            update(WebSessionRow)
            .where(WebSessionRow.id == browser.id, WebSessionRow.account_id.is_(None))
            .values(person_tries=WebSessionRow.person_tries + 1)
            .returning(WebSessionRow.person_tries)
        )
        within = tries is not None and tries <= PERSON_TRIES
        patient = session.get(PatientRow, patient_id)
        if within and patient is not None and _is_theirs(patient, browser, birth_date):
            return _let_in(desk, browser, patient)
    if not within:
        raise NotAllowed("That was tried too often. Please ask for a new code.")
    raise WrongPerson("This is not the birth date that we have for this person.")


def _is_theirs(patient: PatientRow, browser: Browser, birth_date: date) -> bool:
    return patient.phone_index == browser.phone_index and hmac.compare_digest(
        patient.birth_date, birth_date.isoformat()
    )


def register_myself(desk: Desk, browser: Browser, new: NewPatient) -> str:
    """Register the person at a proven phone as a new patient; return the token of their session.

    `new.phone` is the proven phone.
    """
    if new.phone is None or keys().blind_index(new.phone, "phone") != browser.phone_index:
        raise NotAllowed("Please sign in with this phone number first.")
    located = locate(desk, new)
    with transaction(desk.session):
        patient, _ = add_patient(desk, new, located)
        return _let_in(desk, browser, patient)


def _let_in(desk: Desk, browser: Browser, patient: PatientRow) -> str:
    session, now = desk.session, desk.now()
    session.execute(
        update(WebSessionRow).where(WebSessionRow.id == browser.id).values(ended_at=now)
    )
    account = session.scalar(
        select(AccountRow).where(
            AccountRow.person_id == patient.id,
            AccountRow.role == Role.PATIENT,
            AccountRow.ended_at.is_(None),
        )
    )
    if account is None:
        account = AccountRow(role=Role.PATIENT, display_name="Patient", person_id=patient.id)
        session.add(account)
        session.flush()
    actor = Actor(account.id, Role.PATIENT, patient.id)
    own = Desk(session, desk.ports, desk.practice, actor)
    own.record("sign in", "patient", patient.id, patient.id)
    return browsers.begin(session, now, account_id=account.id, phone_index=browser.phone_index)
