"""Lock a visit where it is: it is not shifted when others are placed, and not moved by accident."""

from uuid import UUID

from scheduler.domain.errors import InvalidInput
from scheduler.services.changing import require_movable
from scheduler.services.desk import Desk
from scheduler.services.placing import lock_for_change
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow


def lock_visit(desk: Desk, visit_id: UUID, reason: str) -> None:
    """Fix a visit's planned arrival and clinician until it is unlocked. Twice is as once."""
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})
    _set(desk, visit_id, reason, locked=True)


def unlock_visit(desk: Desk, visit_id: UUID) -> None:
    """Let a visit be shifted and moved again."""
    _set(desk, visit_id, None, locked=False)


def _set(desk: Desk, visit_id: UUID, reason: str | None, *, locked: bool) -> None:
    desk.allow(Role.DISPATCHER)
    with transaction(desk.session) as session:
        visit = queries.get(session, VisitRow, visit_id, "visit")
        lock_patient(session, visit.patient_id)
        session.refresh(visit)
        lock_for_change(session, [(visit.clinician_id, visit.on_day)])
        session.refresh(visit)
        require_movable(visit)
        if (visit.locked_at is not None) == locked:
            return
        visit.locked_at = desk.now() if locked else None
        visit.locked_by = desk.actor.account_id if locked else None
        act = "lock" if locked else "unlock"
        desk.record(act, "visit", visit_id, visit.patient_id, reason)
