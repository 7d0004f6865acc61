"""Visit requests and visits."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    column,
    func,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.domain.visits import TAKES_CAPACITY, VisitState
from scheduler.store.base import Base, choice, one_of
from scheduler.store.encryption import Encrypted


class RequestState(StrEnum):
    """Where a visit request stands."""

    AWAITING_REVIEW = "AWAITING_REVIEW"
    AWAITING_ORDER = "AWAITING_ORDER"
    OPEN = "OPEN"
    BOOKED = "BOOKED"
    DECLINED = "DECLINED"
    CLOSED = "CLOSED"


class VisitRequestRow(Base):
    """What a patient asks for: a service, at an address, between two instants."""

    __tablename__ = "visit_request"
    __table_args__ = (
        one_of("state", RequestState),
        CheckConstraint("wanted_from < wanted_until", name="window_in_order"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    address_id: Mapped[UUID] = mapped_column(ForeignKey("address.id"))
    service_code: Mapped[str] = mapped_column(ForeignKey("care_service.code"))
    state: Mapped[RequestState] = mapped_column(choice(RequestState))
    wanted_from: Mapped[datetime]
    wanted_until: Mapped[datetime]
    preferred_clinician_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinician.id"))
    intake_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("treatment_order.id"))
    review_due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class VisitRow(Base):
    """One home appointment: planned times, what was promised, and how it ended.

    `starts_at` is the planned arrival, `ends_at` the end of pack-down. The promised arrival window
    and its version change only as I3 allows. A locked visit keeps its planned arrival as well.
    """

    __tablename__ = "visit"
    __table_args__ = (
        one_of("state", VisitState),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
        CheckConstraint("window_starts_at <= starts_at", name="not_before_window"),
        CheckConstraint("starts_at <= window_ends_at", name="not_after_window"),
        CheckConstraint("promise_version >= 1", name="version_counts"),
        CheckConstraint(
            "(state = 'RESERVED') = (reserved_until IS NOT NULL)", name="reserved_until_when"
        ),
        CheckConstraint(
            "(state IN ('CANCELLED', 'NO_SHOW', 'EXPIRED', 'COMPLETED')) = (ended_at IS NOT NULL)",
            name="ended_when",
        ),
        CheckConstraint("(locked_at IS NULL) = (locked_by IS NULL)", name="lock_whole"),
        Index("ix_visit_clinician_id_on_day", "clinician_id", "on_day"),
        UniqueConstraint("series_id", "number", "attempt"),
        ExcludeConstraint(
            ("clinician_id", "="),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            name="excl_visit_clinician_time",
            where=column("state").in_(sorted(state.value for state in TAKES_CAPACITY)),
            deferrable=True,
            initially="DEFERRED",
        ).ddl_if(dialect="postgresql"),
    )

    request_id: Mapped[UUID] = mapped_column(ForeignKey("visit_request.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    address_id: Mapped[UUID] = mapped_column(ForeignKey("address.id"))
    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"))
    service_code: Mapped[str] = mapped_column(ForeignKey("care_service.code"))
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id"), index=True)
    number: Mapped[int | None]
    attempt: Mapped[int | None]
    on_day: Mapped[date]
    state: Mapped[VisitState] = mapped_column(choice(VisitState))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    window_starts_at: Mapped[datetime]
    window_ends_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(String(64))
    promise_version: Mapped[int] = mapped_column(default=1)
    reserved_until: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    locked_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    ended_reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    ended_reason = Encrypted()
