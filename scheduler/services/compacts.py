"""The licence compacts: which states take part, and the switch for each.

Switching a state off ends the privileges into it, and those of its residents elsewhere: visits that
rest on one are cancelled with a message, after somebody has agreed to their number.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import Credential
from scheduler.services.desk import Desk
from scheduler.services.forbidden_visits import Ending, end_and_cancel
from scheduler.store import queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import AddressRow, Role
from scheduler.store.rules import CompactMemberRow


@dataclass(frozen=True, slots=True)
class CompactEntry:
    """A state's place in a compact; the dates say from when, None means not (yet)."""

    id: UUID
    compact: str
    state: str
    credentials: str
    privilege_from: date | None
    issues_from: date | None
    enabled: bool
    source: str
    checked_on: date

    @property
    def state_name(self) -> str:
        """The state's full name."""
        return STATES[self.state]


def list_compacts(desk: Desk) -> list[CompactEntry]:
    """Return every member of every compact."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(CompactMemberRow).order_by(CompactMemberRow.compact, CompactMemberRow.state)
    )
    return [_entry(row) for row in rows]


def show_compact(desk: Desk, member_id: UUID) -> CompactEntry:
    """Return one member; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    return _entry(queries.get(desk.session, CompactMemberRow, member_id, "compact member"))


def _entry(row: CompactMemberRow) -> CompactEntry:
    return CompactEntry(
        id=row.id,
        compact=row.compact,
        state=row.state,
        credentials=row.credentials,
        privilege_from=row.privilege_from,
        issues_from=row.issues_from,
        enabled=row.enabled,
        source=row.source,
        checked_on=row.checked_on,
    )


def switch_compact(
    desk: Desk, member_id: UUID, reason: str, *, enabled: bool, agreed: int | None = None
) -> int:
    """Switch a state's place in a compact on or off; return how many visits that cancelled.

    Raises:
        InvalidInput: no reason.
        WouldCancel: another number of visits than `agreed`; nothing was changed.
    """
    entry = show_compact(desk, member_id)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    if entry.enabled is enabled:
        return 0

    def change() -> None:
        row = queries.get(desk.session, CompactMemberRow, member_id, "compact member")
        row.enabled = enabled
        words = f"{entry.compact} {entry.state}: {_switch(enabled=enabled)}; {reason}"
        desk.record("switch compact", "compact_member", member_id, reason=words)

    held = [Credential(word) for word in entry.credentials.split()]
    return end_and_cancel(
        desk,
        Ending(
            change=change,
            concerns=ClinicianRow.credential.in_(held),
            touches=(
                ClinicianRow.credential.in_(held),
                or_(AddressRow.state == entry.state, ClinicianRow.home_state == entry.state),
            ),
            reason=f"license compact: {STATES[entry.state]}",
            agreed=agreed,
        ),
    )


def _switch(*, enabled: bool) -> str:
    return "off > on" if enabled else "on > off"
