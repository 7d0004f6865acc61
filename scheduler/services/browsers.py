"""Signed-in browsers: begun at sign-in, looked up at every request, ended by whoever may."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler.services.desk import Actor
from scheduler.store.encryption import keys
from scheduler.store.people import AccountRow, PatientRow, Role
from scheduler.store.sign_in import WebSessionRow

TOKEN_BYTES = 32
LONGEST = timedelta(hours=12)
"""After this long everybody signs in again, however busy they were."""

IDLE = timedelta(minutes=30)
IDLE_ON_THE_ROUTE = timedelta(hours=3)
"""After this long without a request a browser is signed out. Who gives an infusion does not touch
the phone for longer than half an hour, and must not have to sign in with gloves on."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Who sits at a signed-in browser. Without an account only a phone is proven so far."""

    id: UUID
    actor: Actor
    display_name: str
    phone_index: str | None

    @property
    def idle_limit(self) -> timedelta:
        """Return how long this browser may rest."""
        return IDLE_ON_THE_ROUTE if self.actor.role is Role.CLINICIAN else IDLE

    @property
    def person_known(self) -> bool:
        """Say whether a person was chosen; a proven phone alone opens nothing."""
        return self.actor.person_id is not None or self.actor.role is not Role.PATIENT


def begin(
    session: Session, now: datetime, *, account_id: UUID | None, phone_index: str | None
) -> str:
    """Begin a signed-in browser in the transaction under way; return its token, shown once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        WebSessionRow(
            digest=_digest(token), account_id=account_id, phone_index=phone_index, created_at=now
        )
    )
    return token


def find(session: Session, now: datetime, token: str) -> Browser | None:
    """Return who a token stands for, or None for one that is unknown, ended or too old."""
    found = session.execute(
        select(WebSessionRow, AccountRow, PatientRow)
        .outerjoin(AccountRow, AccountRow.id == WebSessionRow.account_id)
        .outerjoin(PatientRow, PatientRow.id == AccountRow.person_id)
        .where(WebSessionRow.digest == _digest(token))
    ).first()
    if found is None:
        return None
    row: WebSessionRow = found[0]
    account: AccountRow | None = found[1]
    patient: PatientRow | None = found[2]
    if row.ended_at is not None or row.created_at + LONGEST <= now:
        return None
    if account is None:
        return Browser(row.id, Actor(row.id, Role.PATIENT), "", row.phone_index)
    if account.ended_at is not None:
        return None
    actor = Actor(account.id, account.role, account.person_id)
    name = patient.name if patient is not None else account.display_name
    return Browser(row.id, actor, name, row.phone_index)


def end(session: Session, now: datetime, token: str) -> None:
    """End a signed-in browser in the transaction under way."""
    session.execute(
        update(WebSessionRow)
        .where(WebSessionRow.digest == _digest(token), WebSessionRow.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all(session: Session, now: datetime, account_id: UUID) -> None:
    """End every signed-in browser of an account in the transaction under way."""
    session.execute(
        update(WebSessionRow)
        .where(WebSessionRow.account_id == account_id, WebSessionRow.ended_at.is_(None))
        .values(ended_at=now)
    )


def _digest(token: str) -> str:
    return keys().blind_index(token, "web session")
