"""What the tests of dispatch's pages start from: requests, bookings, and looks behind the pages."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler.services.booking import confirm, reserve
from scheduler.services.placing import Choice
from scheduler.store.database import transaction
from scheduler.store.encryption import keys
from scheduler.store.messages import CallTaskRow, OptOutRow
from scheduler.store.visits import VisitRow
from tests.web.site import NOW, Clinic, Site
from tests.web.visitor import Visitor

PAT_PHONE = "+18165550142"


def value(clinician_id: UUID, starts_at: datetime) -> str:
    """Return a time as the page's radio buttons hold it."""
    return f"{clinician_id}~{starts_at.isoformat()}"


def asked(clinic: Clinic, who: str = "pat", span: tuple[datetime, datetime] | None = None) -> UUID:
    """Ask for a checkup for Pat or Quinn."""
    ids = (clinic.pat, clinic.home) if who == "pat" else (clinic.quinn, clinic.flat)
    return clinic.site.world.request(ids, "checkup", span)


def booked(clinic: Clinic, starts_at: datetime, who: str = "pat") -> UUID:
    """Book a visit with Ada."""
    desk = clinic.site.world.dispatcher
    span = (starts_at, starts_at + timedelta(days=2))
    visit_id = reserve(desk, asked(clinic, who, span), Choice(clinic.ada, starts_at))
    confirm(desk, visit_id)
    return visit_id


def visit_row(site: Site, visit_id: UUID | str) -> VisitRow:
    """Return a visit as it is now."""
    site.session.rollback()
    return site.session.get_one(VisitRow, UUID(str(visit_id)))


def visits_of(site: Site, request_id: UUID) -> list[VisitRow]:
    """Return the visits of a request as they are now."""
    site.session.rollback()
    rows = site.session.scalars(select(VisitRow).where(VisitRow.request_id == request_id))
    return list(rows)


def opt_out(site: Site, phone: str) -> None:
    """Let a phone take no texts any more."""
    index = keys().blind_index(phone, "phone")
    with transaction(site.session) as session:
        session.add(OptOutRow(recipient_index=index, source="staff", since=NOW))


def tasks(site: Site, patient_id: UUID) -> list[CallTaskRow]:
    """Return the calls of a patient, the one due first at the head."""
    site.session.rollback()
    mine = select(CallTaskRow).where(CallTaskRow.patient_id == patient_id)
    return list(site.session.scalars(mine.order_by(CallTaskRow.due_at)))


def refused(answer: TestResponse, status: int, words: str, visitor: Visitor) -> None:
    """Expect a refusal in words."""
    assert answer.status_code == status, visitor.text()
    assert words in visitor.text()
