"""The record of who did what, the answers to repeated requests, and who leads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.store.base import Base
from scheduler.store.encryption import Encrypted


class AuditRow(Base):
    """One look or change, sealed by an HMAC over its content; only ever added."""

    __tablename__ = "audit"

    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(24))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    seal: Mapped[str] = mapped_column(String(64))

    reason = Encrypted()


class IdempotencyRow(Base):
    """The answer once given to a request with an Idempotency-Key, for when it comes again."""

    __tablename__ = "idempotency"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    account_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(80))
    request_digest: Mapped[str] = mapped_column(String(64))
    answer_id: Mapped[UUID]
    created_at: Mapped[datetime]


class LeaseRow(Base):
    """Who leads a job: the holder's token, its generation, and until when."""

    __tablename__ = "lease"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(String(40))
    holder: Mapped[UUID]
    generation: Mapped[int]
    until: Mapped[datetime]
