"""The outbox: messages, what happened to each, opt-outs, and the calls that stand in for them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.domain.messages import MessageState, Template
from scheduler.store.base import Base, choice, one_of
from scheduler.store.encryption import Encrypted


class SendPolicy(StrEnum):
    """What may be done when nobody knows whether a message left."""

    RESEND = "resend"
    NEVER_TWICE = "never_twice"


class MessageRow(Base):
    """One text. The row is the truth; whatever wakes a sender only says "look"."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        UniqueConstraint("provider_sid"),
        UniqueConstraint("ref"),
        one_of("state", MessageState),
        one_of("template", Template),
        one_of("policy", SendPolicy),
        CheckConstraint("not_before <= expires_at", name="useful_time_in_order"),
        CheckConstraint(
            "(state = 'CLAIMED') <= (lease_token IS NOT NULL AND lease_until IS NOT NULL)",
            name="claim_has_lease",
        ),
        Index("ix_message_due", "state", "not_before"),
        Index(
            "uq_message_one_in_flight",
            "recipient_index",
            unique=True,
            sqlite_where=text("state IN ('SENDING', 'UNKNOWN')"),
            postgresql_where=text("state IN ('SENDING', 'UNKNOWN')"),
        ),
    )

    dedupe_key: Mapped[str] = mapped_column(String(200))
    ref: Mapped[str] = mapped_column(String(6))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"), index=True)
    promise_version: Mapped[int | None]
    template: Mapped[Template] = mapped_column(choice(Template))
    priority: Mapped[int] = mapped_column(default=5)
    policy: Mapped[SendPolicy] = mapped_column(choice(SendPolicy))
    recipient_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    recipient_index: Mapped[str] = mapped_column(String(64))
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    timezone: Mapped[str] = mapped_column(String(64))
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(choice(MessageState))
    generation: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    negative_looks: Mapped[int] = mapped_column(default=0)
    provider_sid: Mapped[str | None] = mapped_column(String(64))
    rank: Mapped[int] = mapped_column(default=0)
    last_code: Mapped[str | None] = mapped_column(String(24))
    created_at: Mapped[datetime]

    recipient = Encrypted()
    body = Encrypted()


class MessageEventRow(Base):
    """One transition of a message; only ever added."""

    __tablename__ = "message_event"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str | None] = mapped_column(String(24))
    after: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(String(200), default="")


class OptOutRow(Base):
    """A phone that wants no texts, by its blind index, until it is taken back."""

    __tablename__ = "opt_out"

    recipient_index: Mapped[str] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CallTaskRow(Base):
    """Somebody must call a patient, by a time, and say how it went."""

    __tablename__ = "call_task"
    __table_args__ = (UniqueConstraint("dedupe_key"),)

    dedupe_key: Mapped[str] = mapped_column(String(200))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    what: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    outcome_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    outcome = Encrypted()
