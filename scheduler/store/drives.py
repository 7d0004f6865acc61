"""Drives as they were: how far the estimate was off, with nothing that leads back to a home."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.domain.driving import DayPart
from scheduler.store.base import Base, choice, one_of


class DriveRow(Base):
    """One drive to a visit: what was estimated when it began, and how long it took.

    `area`: state and the first three digits of the ZIP code it leads to. `source`: the name of the
    travel times that gave the estimate. The visit and the instant are known only while the drive
    goes on; what stays says nothing of a person.
    """

    __tablename__ = "drive"
    __table_args__ = (
        UniqueConstraint("visit_id"),
        one_of("part", DayPart),
        CheckConstraint(
            "(visit_id IS NULL) = (actual_minutes IS NOT NULL)", name="over_or_under_way"
        ),
        CheckConstraint(
            "(visit_id IS NULL) = (set_out_at IS NULL)", name="set_out_while_under_way"
        ),
        CheckConstraint("estimated_minutes >= 0", name="estimate_counts"),
        CheckConstraint("actual_minutes > 0", name="time_passes"),
    )

    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    set_out_at: Mapped[datetime | None]
    on_day: Mapped[date] = mapped_column(index=True)
    area: Mapped[str] = mapped_column(String(8))
    part: Mapped[DayPart] = mapped_column(choice(DayPart))
    source: Mapped[str] = mapped_column(String(16))
    estimated_minutes: Mapped[int]
    actual_minutes: Mapped[int | None]
