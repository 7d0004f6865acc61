"""Who acts and with what: what every use case is given."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.domain.errors import NotAllowed, NotFound
from scheduler.ports import Ports
from scheduler.services.practice import Practice
from scheduler.store.audit import AuditRow
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.people import Role

SYSTEM_ID = UUID(int=0)
"""The actor of what the software does on its own, such as ending a reservation."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person; `person_id` is the patient or clinician they are, if any."""

    account_id: UUID
    role: Role
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One actor at work."""

    session: Session
    ports: Ports
    practice: Practice
    actor: Actor

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return self.ports.clock.now()

    def allow(self, *roles: Role) -> None:
        """Raise NotAllowed unless the actor has one of the roles."""
        if self.actor.role not in roles:
            raise NotAllowed("Your role does not allow this.")

    def allow_patient(self, patient_id: UUID) -> None:
        """Raise unless the actor is the patient or may see every patient's plans (I8).

        A patient learns nothing of others: theirs not to see looks like not there.
        """
        if self.actor.role is Role.PATIENT:
            if self.actor.person_id != patient_id:
                raise NotFound("There is no such record.")
            return
        self.allow(Role.DISPATCHER, Role.PRESCRIBER, Role.ADMINISTRATOR)

    def allow_to_act_for(self, patient_id: UUID) -> None:
        """Raise unless the actor is the patient, or dispatches: who may book, move and cancel."""
        if self.actor.role is not Role.PATIENT:
            self.allow(Role.DISPATCHER)
        self.allow_patient(patient_id)

    def allow_clinician(self, clinician_id: UUID) -> None:
        """Raise unless the actor is the clinician, or dispatches."""
        if self.actor.role in {Role.CLINICIAN, Role.PRESCRIBER}:
            if self.actor.person_id != clinician_id:
                raise NotFound("There is no such record.")
            return
        self.allow(Role.DISPATCHER, Role.ADMINISTRATOR)

    def record_look(self, action: str, subject: str, subject_id: UUID, patient_id: UUID) -> None:
        """Write down, in a transaction of its own, that health data was looked at (I8).

        What the session had read is forgotten: read it again afterwards.
        """
        with transaction(self.session):
            self.record(action, subject, subject_id, patient_id)

    def record(
        self,
        action: str,
        subject: str,
        subject_id: UUID,
        patient_id: UUID | None = None,
        reason: str | None = None,
    ) -> None:
        """Add an audit record to the transaction under way."""
        row = AuditRow(
            at=self.now(),
            actor_id=self.actor.account_id,
            role=self.actor.role.value,
            action=action,
            subject=subject,
            subject_id=subject_id,
            patient_id=patient_id,
        )
        if reason:
            row.reason = reason
        row.seal = keys().audit_seal(audit_content(row))
        self.session.add(row)


def audit_content(row: AuditRow) -> str:
    """Return what the seal of an audit record covers."""
    parts = (
        row.id,
        row.at.isoformat(),
        row.actor_id,
        row.role,
        row.action,
        row.subject,
        row.subject_id,
        row.patient_id,
        row.reason,
    )
    return "|".join(str(part) for part in parts)
