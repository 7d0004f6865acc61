"""Services, and the dated facts of scope and licence compacts."""

from datetime import date

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.domain.care import WayOfGiving
from scheduler.domain.licensure import Credential
from scheduler.store.base import Base, choice, one_of


class CareServiceRow(Base):
    """A service the practice offers; lengths in minutes, skills separated by spaces."""

    __tablename__ = "care_service"
    __table_args__ = (
        UniqueConstraint("code"),
        one_of("way_of_giving", WayOfGiving),
        CheckConstraint("care_minutes > 0", name="care_takes_time"),
        CheckConstraint("NOT dosed OR needs_order", name="dose_needs_order"),
    )

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    way_of_giving: Mapped[WayOfGiving] = mapped_column(choice(WayOfGiving))
    skills: Mapped[str] = mapped_column(String(200))
    needs_order: Mapped[bool]
    dosed: Mapped[bool]
    preparation_minutes: Mapped[int]
    care_minutes: Mapped[int]
    pack_down_minutes: Mapped[int]
    arrival_window_minutes: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class ScopeRuleRow(Base):
    """A verified statement of what a credential may do in homes of a state; only ever added.

    The newest one counts: by the day of verification, of several on one day the last revision.
    """

    __tablename__ = "scope_rule"
    __table_args__ = (
        UniqueConstraint(
            *("state", "credential", "way_of_giving", "verified_on", "revision"),
            name="uq_scope_rule_revision",
        ),
        one_of("credential", Credential),
        one_of("way_of_giving", WayOfGiving),
    )

    state: Mapped[str] = mapped_column(String(2), index=True)
    credential: Mapped[Credential] = mapped_column(choice(Credential))
    way_of_giving: Mapped[WayOfGiving] = mapped_column(choice(WayOfGiving))
    needs_prescriber_on_site: Mapped[bool]
    needs_second_person: Mapped[bool]
    citation: Mapped[str] = mapped_column(String(400))
    verified_by: Mapped[str] = mapped_column(String(80))
    verified_on: Mapped[date]
    revision: Mapped[int] = mapped_column(default=1)
    expires_on: Mapped[date | None]


class CompactMemberRow(Base):
    """A state's place in a licence compact, with its two dates and a switch."""

    __tablename__ = "compact_member"
    __table_args__ = (UniqueConstraint("compact", "state"),)

    compact: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(2))
    credentials: Mapped[str] = mapped_column(String(40))
    privilege_from: Mapped[date | None]
    issues_from: Mapped[date | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(String(200))
    checked_on: Mapped[date]
