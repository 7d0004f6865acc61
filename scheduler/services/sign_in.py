"""Bearer tokens of the API: made once, known afterwards by their digest alone."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.ports import Clock
from scheduler.services.desk import Actor
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.people import AccountRow, ApiTokenRow

TOKEN_BYTES = 24


def any_account(session: Session) -> bool:
    """Say whether anybody can sign in: an empty database has nobody."""
    return session.scalars(select(AccountRow.id).limit(1)).first() is not None


def issue_token(session: Session, clock: Clock, account_id: UUID, good_for: timedelta) -> str:
    """Make a token for an account and return it; it cannot be shown again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction(session):
        session.add(
            ApiTokenRow(
                account_id=account_id,
                digest=keys().blind_index(token, "api token"),
                expires_at=clock.now() + good_for,
            )
        )
    return token


def find_actor(session: Session, clock: Clock, token: str) -> Actor | None:
    """Return who a token stands for, or None for one that is unknown, expired or ended."""
    found = session.execute(
        select(AccountRow, ApiTokenRow)
        .join(ApiTokenRow, ApiTokenRow.account_id == AccountRow.id)
        .where(ApiTokenRow.digest == keys().blind_index(token, "api token"))
    ).first()
    if found is None:
        return None
    account, kept = found
    if account.ended_at is not None or kept.expires_at <= clock.now():
        return None
    return Actor(account.id, account.role, account.person_id)
