"""The same act sent again: under one key it gets its first answer and changes nothing."""

from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from scheduler.domain.errors import Conflict
from scheduler.services.desk import Desk
from scheduler.store.audit import IdempotencyRow

KEY_USED = "This Idempotency-Key was used for another request."


def digest_of(*content: object) -> str:
    """Return the digest by which the same act is recognised."""
    return sha256("|".join(str(part) for part in content).encode()).hexdigest()


def answered(desk: Desk, key: str, digest: str) -> UUID | None:
    """Return the answer already given under the key; raises Conflict for another question."""
    if not key:
        return None
    row = desk.session.scalar(
        select(IdempotencyRow).where(
            IdempotencyRow.account_id == desk.actor.account_id, IdempotencyRow.key == key
        )
    )
    if row is not None and row.request_digest != digest:
        raise Conflict(KEY_USED)
    return row.answer_id if row else None


def remember(desk: Desk, key: str, digest: str, answer_id: UUID) -> None:
    """Write down the answer given under the key; raises Conflict where another came first.

    The same act waits for the patient's lock; only one for another patient can be as fast.
    """
    if not key:
        return
    desk.session.flush()
    desk.session.add(
        IdempotencyRow(
            account_id=desk.actor.account_id,
            key=key,
            request_digest=digest,
            answer_id=answer_id,
            created_at=desk.now(),
        )
    )
    try:
        desk.session.flush()
    except IntegrityError as error:
        raise Conflict(KEY_USED) from error
