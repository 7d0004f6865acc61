"""How often something may be tried: counted in the database, before anything is compared."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler.ports import Clock
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.sign_in import ThrottleRow

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries by one key in each stretch of `within`."""

    what: str
    count: int
    within: timedelta


def count_try(session: Session, now: datetime, limit: Limit, key: str) -> bool:
    """Count one more try in one atomic statement; say whether it is still within the limit."""
    begins_at = _EPOCH + (now - _EPOCH) // limit.within * limit.within
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = session.scalar(
        insert(ThrottleRow)
        .values(
            id=uuid4(),
            what=limit.what,
            key_index=keys().blind_index(key, f"throttle {limit.what}"),
            begins_at=begins_at,
            count=1,
        )
        .on_conflict_do_update(
            index_elements=["what", "key_index", "begins_at"],
            set_={"count": ThrottleRow.count + 1},
        )
        .returning(ThrottleRow.count)
    )
    return counted is not None and counted <= limit.count


def forget_old_tries(session: Session, clock: Clock) -> None:
    """Drop counts that no limit looks at any more. Run by the clock."""
    with transaction(session):
        session.execute(delete(ThrottleRow).where(ThrottleRow.begins_at < clock.now() - KEPT))
