"""Signed-in browsers, the one-time codes of patients, and how often something was tried."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.store.base import Base


class WebSessionRow(Base):
    """A signed-in browser, known by the digest of its token; ended, never deleted.

    A patient's begins with a proven phone alone; the account follows when the person is chosen.
    """

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint("account_id IS NOT NULL OR phone_index IS NOT NULL", name="somebodys"),
        CheckConstraint("person_tries >= 0", name="tries_count"),
    )

    digest: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    phone_index: Mapped[str | None] = mapped_column(String(64))
    person_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInCodeRow(Base):
    """A one-time code for a phone: its HMAC, how often it was tried, and whether it was used."""

    __tablename__ = "sign_in_code"
    __table_args__ = (
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries_range"),
        Index("ix_sign_in_code_phone_index_created_at", "phone_index", "created_at"),
    )

    phone_index: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ThrottleRow(Base):
    """How often something was tried by one key in one stretch of time."""

    __tablename__ = "throttle"
    __table_args__ = (UniqueConstraint("what", "key_index", "begins_at"),)

    what: Mapped[str] = mapped_column(String(40))
    key_index: Mapped[str] = mapped_column(String(64))
    begins_at: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]
