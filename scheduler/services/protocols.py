"""The versions of protocols, for those who approve and order them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.protocols import Protocol, ProtocolStatus, approval_problems
from scheduler.services.desk import Desk
from scheduler.store import mapping, queries
from scheduler.store.people import AccountRow, Role
from scheduler.store.treatment import ProtocolRow


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """One version, and who approved it; `problems` name what stands in the way of approval."""

    protocol_id: UUID
    protocol: Protocol
    approved_by: str
    approved_at: datetime | None
    approval_reason: str
    problems: dict[str, str]


def protocol_versions(desk: Desk) -> tuple[ProtocolVersion, ...]:
    """Return every version, the newest of each protocol first."""
    _allow(desk)
    rows = desk.session.scalars(
        select(ProtocolRow).order_by(ProtocolRow.code, ProtocolRow.version.desc())
    )
    return tuple(_version(desk.session, row) for row in rows)


def protocol_version(desk: Desk, protocol_id: UUID) -> ProtocolVersion:
    """Return one version; raises NotFound."""
    _allow(desk)
    return _version(desk.session, queries.get(desk.session, ProtocolRow, protocol_id, "protocol"))


def _allow(desk: Desk) -> None:
    desk.allow(Role.MEDICAL_DIRECTOR, Role.PRESCRIBER)


def _version(session: Session, row: ProtocolRow) -> ProtocolVersion:
    protocol = mapping.protocol(row)
    approver = session.get(AccountRow, row.approved_by) if row.approved_by else None
    draft = protocol.status is ProtocolStatus.DRAFT
    return ProtocolVersion(
        protocol_id=row.id,
        protocol=protocol,
        approved_by=approver.display_name if approver else "",
        approved_at=row.approved_at,
        approval_reason=row.approval_reason or "",
        problems=approval_problems(protocol) if draft else {},
    )
