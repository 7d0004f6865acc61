"""Intake, orders, protocols, series and what was given."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.domain.protocols import ProtocolStatus
from scheduler.domain.series import HOLDS_A_DOSE, AttemptState, SeriesState
from scheduler.store.base import Base, choice, one_of
from scheduler.store.encryption import Encrypted


class Clearance(StrEnum):
    """What a prescriber has said of an intake."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    CLEARED = "cleared"
    DECLINED = "declined"


class IntakeRow(Base):
    """A patient's answers, sealed as one document, and who cleared them."""

    __tablename__ = "intake"
    __table_args__ = (one_of("clearance", Clearance),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    clearance: Mapped[Clearance] = mapped_column(choice(Clearance))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    answers = Encrypted()
    reason = Encrypted()


class WeightRow(Base):
    """A weight in kilograms, measured on a local day."""

    __tablename__ = "weight"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    kg_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    measured_on: Mapped[date]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]

    kg = Encrypted()


class ProtocolRow(Base):
    """One version of a protocol as a JSON document, with the approval bound to its hash."""

    __tablename__ = "protocol"
    __table_args__ = (
        UniqueConstraint("code", "version"),
        one_of("status", ProtocolStatus),
        CheckConstraint(
            "status <> 'approved' OR (approved_by IS NOT NULL AND approved_hash = content_hash)",
            name="approval_names_content",
        ),
    )

    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    status: Mapped[ProtocolStatus] = mapped_column(choice(ProtocolStatus))
    content: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None]
    approval_reason: Mapped[str | None] = mapped_column(String(200))


class OrderRow(Base):
    """A prescriber's signed order; never changed, only replaced by one that points back."""

    __tablename__ = "treatment_order"
    __table_args__ = (
        CheckConstraint("signed_at < expires_at", name="dates_in_order"),
        CheckConstraint("max_administrations > 0", name="administrations_positive"),
        UniqueConstraint("previous_order_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    prescriber_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"))
    protocol_id: Mapped[UUID | None] = mapped_column(ForeignKey("protocol.id"))
    service_code: Mapped[str] = mapped_column(ForeignKey("care_service.code"))
    indication_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    limits_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    max_administrations: Mapped[int]
    signed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    previous_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("treatment_order.id"))

    indication = Encrypted()
    limits = Encrypted()


class SeriesRow(Base):
    """A planned run of administrations under one order and one protocol version."""

    __tablename__ = "series"
    __table_args__ = (one_of("state", SeriesState), UniqueConstraint("request_id"))

    request_id: Mapped[UUID] = mapped_column(ForeignKey("visit_request.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("treatment_order.id"))
    protocol_id: Mapped[UUID] = mapped_column(ForeignKey("protocol.id"))
    state: Mapped[SeriesState] = mapped_column(choice(SeriesState))
    created_at: Mapped[datetime]


_HOLDING = ", ".join(sorted(f"'{state.value}'" for state in HOLDS_A_DOSE))


class AttemptRow(Base):
    """One administration of a series. Without a sign-off it has no mg."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("series_id", "number", "attempt"),
        one_of("state", AttemptState),
        CheckConstraint("number > 0 AND level_number > 0 AND attempt > 0", name="counts_from_one"),
        CheckConstraint("(mg_sealed IS NULL) = (signed_hash IS NULL)", name="mg_only_signed"),
        Index(
            "uq_attempt_one_authorised",
            "series_id",
            unique=True,
            sqlite_where=text(f"state IN ({_HOLDING})"),
            postgresql_where=text(f"state IN ({_HOLDING})"),
        ),
    )

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), index=True)
    number: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=1)
    level_number: Mapped[int]
    state: Mapped[AttemptState] = mapped_column(choice(AttemptState))
    mg_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reference_kg_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed_hash: Mapped[str | None] = mapped_column(String(64))
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("clinician.id"))
    signed_at: Mapped[datetime | None]

    mg = Encrypted()
    reference_kg = Encrypted()


class AdministrationRow(Base):
    """What was given; corrected by marking it entered in error and adding another."""

    __tablename__ = "administration"
    __table_args__ = (CheckConstraint("started_at <= ended_at", name="times_in_order"),)

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"))
    given_mg_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    notes_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    aborted: Mapped[bool]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
    entered_in_error_at: Mapped[datetime | None]

    given_mg = Encrypted()
    notes = Encrypted()
