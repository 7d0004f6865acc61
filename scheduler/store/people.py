"""Patients, where they are visited, what they agreed to, and who may sign in."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.store.base import Base, choice, one_of
from scheduler.store.encryption import Encrypted, keys


class Role(StrEnum):
    """What a signed-in person may be."""

    PATIENT = "patient"
    DISPATCHER = "dispatcher"
    CLINICIAN = "clinician"
    PRESCRIBER = "prescriber"
    MEDICAL_DIRECTOR = "medical_director"
    ADMINISTRATOR = "administrator"


class PatientRow(Base):
    """A patient. Name, phone and birth date are sealed; the phone is found by its blind index."""

    __tablename__ = "patient"

    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    birth_date_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    name = Encrypted()
    phone = Encrypted()
    birth_date = Encrypted()


class PatientNameRow(Base):
    """One word of a patient's name by its blind index: a sealed name can be looked for by it."""

    __tablename__ = "patient_name"
    __table_args__ = (UniqueConstraint("patient_id", "word_index"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    word_index: Mapped[str] = mapped_column(String(64), index=True)


def name_words(name: str) -> set[str]:
    """Return the blind indexes of a name's words, whatever their letters' case."""
    return {keys().blind_index(word, "name") for word in name.casefold().split()}


class AddressRow(Base):
    """One of a patient's visit addresses. The ZIP's own point stays plain for look-ups."""

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint("zip_latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("zip_longitude BETWEEN -180 AND 180", name="longitude_range"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    label: Mapped[str] = mapped_column(String(40))
    street_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    access_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    exact_point_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(2))
    zip_code: Mapped[str] = mapped_column(String(5))
    zip_latitude: Mapped[float]
    zip_longitude: Mapped[float]
    precision: Mapped[str] = mapped_column(String(8))
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    street = Encrypted()
    access = Encrypted()
    exact_point = Encrypted()


class ConsentKind(StrEnum):
    """What a patient can agree to."""

    TREATMENT = "treatment"
    SMS = "sms"


class ConsentRow(Base):
    """An agreement: its wording, when, from where; ended, never deleted."""

    __tablename__ = "consent"
    __table_args__ = (one_of("kind", ConsentKind),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[ConsentKind] = mapped_column(choice(ConsentKind))
    wording: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class AccountRow(Base, UserMixin):  # type: ignore[misc]  # the mixin would have id be a number
    """Somebody who can sign in; `person_id` is the patient or the clinician they are.

    Staff have an e-mail address, a password and perhaps a second factor, under the names that
    Flask-Security asks for; patients sign in by phone and have none of them.
    """

    __tablename__ = "account"
    __table_args__ = (
        one_of("role", Role),
        UniqueConstraint("email_index"),
        UniqueConstraint("fs_uniquifier"),
        CheckConstraint(
            "(email_index IS NULL) = (email_sealed IS NULL)", name="email_found_by_index"
        ),
        CheckConstraint("role <> 'patient' OR password IS NULL", name="patients_have_no_password"),
    )

    role: Mapped[Role] = mapped_column(choice(Role))
    display_name: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_index: Mapped[str | None] = mapped_column(String(64))
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64))
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(512))
    totp_counter: Mapped[int | None]
    recovery_codes: Mapped[str | None] = mapped_column(Text)

    email = Encrypted()

    def __init__(self, **values: Any) -> None:
        values.setdefault("fs_uniquifier", uuid4().hex)
        super().__init__(**values)

    @property
    def active(self) -> bool:  # type: ignore[override]
        """Say whether the account may be used."""
        return self.ended_at is None

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        """Return no role objects: who may do what is asked of the desk, not of the library."""
        return []

    @property
    def mf_recovery_codes(self) -> list[str]:
        """Return the recovery codes that are left, each one encrypted."""
        return json.loads(self.recovery_codes) if self.recovery_codes else []

    @mf_recovery_codes.setter
    def mf_recovery_codes(self, codes: list[str]) -> None:
        self.recovery_codes = json.dumps(codes)

    def set_email(self, address: str) -> None:
        """Seal an e-mail address and make it findable, whatever its letters' case."""
        self.email = address
        self.email_index = email_index(address)


def email_index(address: str) -> str:
    """Return the blind index of an e-mail address."""
    return keys().blind_index(address.strip().casefold(), "email")


class ApiTokenRow(Base):
    """A bearer token of the API, known by its digest alone."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("digest"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
