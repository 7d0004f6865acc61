"""Staff accounts: made, ended, and who was let in."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.errors import InvalidInput, NotFound
from scheduler.services import browsers
from scheduler.services.desk import Actor, Desk
from scheduler.services.throttle import Limit, count_try
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.database import transaction
from scheduler.store.people import AccountRow, Role, email_index

PASSWORDS_BY_ACCOUNT = Limit("password by account", 10, timedelta(minutes=15))
PASSWORDS_BY_ADDRESS = Limit("password by address", 30, timedelta(minutes=15))
SECOND_FACTORS_BY_ACCOUNT = Limit("second factor by account", 10, timedelta(minutes=15))

STAFF = frozenset(Role) - {Role.PATIENT}
CLINICAL = frozenset({Role.CLINICIAN, Role.PRESCRIBER})


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A staff account to make; `person_id` is the clinician they are, for clinical roles."""

    role: Role
    display_name: str
    email: str
    password_hash: str
    person_id: UUID | None = None


def may_try_password(session: Session, desk: Desk, email: str, address: str) -> bool:
    """Count one more password for an account and a network address; False beyond the limits.

    An e-mail address that nobody has is counted in just the same way.
    """
    now = desk.now()
    by_account = count_try(session, now, PASSWORDS_BY_ACCOUNT, email_index(email))
    by_address = count_try(session, now, PASSWORDS_BY_ADDRESS, address)
    return by_account and by_address


def open_account(desk: Desk, new: NewAccount) -> UUID:
    """Make a staff account; an administrator's act.

    Raises:
        InvalidInput: the e-mail address is taken, or a clinical role names no clinician.
    """
    desk.allow(Role.ADMINISTRATOR)
    _check_account(desk, new)
    with transaction(desk.session) as session:
        taken = session.scalar(
            select(AccountRow.id).where(AccountRow.email_index == email_index(new.email))
        )
        if taken is not None:
            raise InvalidInput({"email": "belongs to another account already"})
        row = AccountRow(
            role=new.role,
            display_name=new.display_name,
            person_id=new.person_id,
            password=new.password_hash,
        )
        row.set_email(new.email)
        session.add(row)
        desk.record("open account", "account", row.id)
    return row.id


def _check_account(desk: Desk, new: NewAccount) -> None:
    if new.role not in STAFF:
        raise InvalidInput({"role": "patients sign in by phone"})
    if (new.person_id is None) == (new.role in CLINICAL):
        raise InvalidInput({"person_id": "must name the clinician, for clinical roles only"})
    if new.person_id is not None:
        queries.get(desk.session, ClinicianRow, new.person_id, "clinician")


def end_account(desk: Desk, account_id: UUID, reason: str) -> None:
    """Close an account; whoever is signed in with it is out at once. It is never deleted."""
    desk.allow(Role.ADMINISTRATOR)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    if account_id == desk.actor.account_id:
        raise InvalidInput({"reason": "nobody closes their own account"})
    with transaction(desk.session) as session:
        row = _staff_account(desk, account_id)
        if row.ended_at is None:
            row.ended_at = desk.now()
        _end_browsers(desk, row)
        session.flush()
        desk.record("end account", "account", account_id, reason=reason)


def end_sessions(desk: Desk, account_id: UUID) -> None:
    """Sign an account out everywhere: an administrator's act, or the holder's own."""
    if account_id != desk.actor.account_id:
        desk.allow(Role.ADMINISTRATOR)
    with transaction(desk.session):
        _end_browsers(desk, queries.get(desk.session, AccountRow, account_id, "account"))
        desk.record("end sessions", "account", account_id)


def reset_second_factor(desk: Desk, account_id: UUID, reason: str) -> None:
    """Take a lost second factor off an account, so that another is set up at the next sign-in."""
    desk.allow(Role.ADMINISTRATOR)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    with transaction(desk.session):
        row = _staff_account(desk, account_id)
        row.tf_primary_method = row.tf_totp_secret = row.recovery_codes = None
        row.totp_counter = None
        _end_browsers(desk, row)
        desk.record("reset second factor", "account", account_id, reason=reason)


def set_password(desk: Desk, account_id: UUID, password_hash: str) -> None:
    """Give an account a new first password; its second factor stays, its sessions end."""
    desk.allow(Role.ADMINISTRATOR)
    with transaction(desk.session):
        row = _staff_account(desk, account_id)
        row.password = password_hash
        _end_browsers(desk, row)
        desk.record("set password", "account", account_id)


def _staff_account(desk: Desk, account_id: UUID) -> AccountRow:
    row = queries.get(desk.session, AccountRow, account_id, "account")
    if row.role is Role.PATIENT:
        raise NotFound("There is no such account.")
    return row


def _end_browsers(desk: Desk, row: AccountRow) -> None:
    row.fs_uniquifier = uuid4().hex
    browsers.end_all(desk.session, desk.now(), row.id)


def staff_accounts(desk: Desk) -> list[AccountRow]:
    """Return every staff account, open ones first."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(AccountRow)
        .where(AccountRow.role != Role.PATIENT)
        .order_by(AccountRow.ended_at.is_not(None), AccountRow.display_name)
    )
    return list(rows)


def let_in(desk: Desk, account: AccountRow) -> str:
    """Write down a sign-in in the transaction under way; return the browser's token."""
    own = Desk(
        desk.session,
        desk.ports,
        desk.practice,
        Actor(account.id, account.role, account.person_id),
    )
    own.record("sign in", "account", account.id)
    return browsers.begin(desk.session, desk.now(), account_id=account.id, phone_index=None)
