"""Clinicians: licences, skills, shifts, time off, and the row that locks one of their days."""

from datetime import date, datetime, time
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
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.domain.licensure import Credential
from scheduler.store.base import Base, choice, one_of
from scheduler.store.encryption import Encrypted


class ClinicianRow(Base):
    """A clinician with the limits of a working day. Days are local to `timezone`.

    The start point is where home was placed; street, city and ZIP are what was typed for it.
    """

    __tablename__ = "clinician"
    __table_args__ = (
        one_of("credential", Credential),
        CheckConstraint("max_visits BETWEEN 0 AND 24", name="max_visits_range"),
        CheckConstraint("max_travel_minutes BETWEEN 0 AND 960", name="max_travel_range"),
        CheckConstraint("start_latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("start_longitude BETWEEN -180 AND 180", name="longitude_range"),
        CheckConstraint(
            "(break_minutes IS NULL) = (break_opens IS NULL)"
            " AND (break_minutes IS NULL) = (break_closes IS NULL)",
            name="break_whole",
        ),
    )

    name: Mapped[str] = mapped_column(String(80))
    credential: Mapped[Credential] = mapped_column(choice(Credential))
    home_state: Mapped[str] = mapped_column(String(2))
    start_latitude: Mapped[float]
    start_longitude: Mapped[float]
    home_street_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    home_city: Mapped[str | None] = mapped_column(String(80))
    home_zip: Mapped[str | None] = mapped_column(String(5))
    timezone: Mapped[str] = mapped_column(String(64))
    max_visits: Mapped[int]
    max_travel_minutes: Mapped[int]
    break_minutes: Mapped[int | None]
    break_opens: Mapped[time | None]
    break_closes: Mapped[time | None]
    active: Mapped[bool] = mapped_column(default=True)

    home_street = Encrypted()

    licences: Mapped[list["LicenceRow"]] = relationship(order_by="LicenceRow.state")
    skills: Mapped[list["SkillRow"]] = relationship(order_by="SkillRow.skill")
    shifts: Mapped[list["ShiftRow"]] = relationship(order_by="ShiftRow.weekday")


class LicenceRow(Base):
    """One licence, as on the board's register."""

    __tablename__ = "licence"
    __table_args__ = (
        UniqueConstraint("clinician_id", "state", "number"),
        CheckConstraint("valid_from <= valid_through", name="dates_in_order"),
        one_of("credential", Credential),
    )

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"), index=True)
    state: Mapped[str] = mapped_column(String(2))
    credential: Mapped[Credential] = mapped_column(choice(Credential))
    number: Mapped[str] = mapped_column(String(40))
    multistate: Mapped[bool]
    valid_from: Mapped[date]
    valid_through: Mapped[date]


class SkillRow(Base):
    """A skill that services can ask for; one that was taken away keeps its row."""

    __tablename__ = "skill"
    __table_args__ = (UniqueConstraint("clinician_id", "skill"),)

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"), index=True)
    skill: Mapped[str] = mapped_column(String(40))
    ended_at: Mapped[datetime | None]


class ShiftRow(Base):
    """A weekly shift in local time (weekday 0 is Monday), in force between two days.

    One that was withdrawn before it began counts for nothing and keeps its row.
    """

    __tablename__ = "shift"
    __table_args__ = (
        Index(
            "uq_shift_in_force",
            "clinician_id",
            "weekday",
            "from_day",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
        CheckConstraint("opens < closes", name="opens_first"),
        CheckConstraint("from_day <= through_day", name="days_in_order"),
    )

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"), index=True)
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]
    from_day: Mapped[date]
    through_day: Mapped[date]
    withdrawn_at: Mapped[datetime | None]


class TimeOffRow(Base):
    """Whole local days on which a clinician does not work; ended early, never deleted."""

    __tablename__ = "time_off"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="days_in_order"),)

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]


class BlockedPairRow(Base):
    """A clinician and a patient who are not to meet, whichever side asked for it."""

    __tablename__ = "blocked_pair"
    __table_args__ = (UniqueConstraint("clinician_id", "patient_id"),)

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))


class ClinicianDayRow(Base):
    """The lock of a clinician on a local day; its version rises with every change of the day."""

    __tablename__ = "clinician_day"
    __table_args__ = (UniqueConstraint("clinician_id", "on_day"),)

    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinician.id"))
    on_day: Mapped[date]
    version: Mapped[int] = mapped_column(default=0)
