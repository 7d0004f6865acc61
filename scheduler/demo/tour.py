"""The main job, played for one fictitious patient and printed: request, reasons, plan, texts."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TextIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.demo import telling
from scheduler.demo.practice import load_demo, reopen_story
from scheduler.demo.routes import tell_routes
from scheduler.demo.staff import PROTOCOL_CODE
from scheduler.demo.story import Story
from scheduler.domain.geography import PostalAddress
from scheduler.domain.protocols import ProtocolStatus
from scheduler.matching.offers import Offer
from scheduler.ports import Ports
from scheduler.services.dose_review import dose_to_authorise
from scheduler.services.intake import (
    Intake,
    NewPatient,
    NewRequest,
    register_patient,
    request_visit,
)
from scheduler.services.offers import offers_for
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.placing import Choice
from scheduler.services.practice import Practice
from scheduler.services.release import authorise_dose
from scheduler.services.series import accept_series, propose_series
from scheduler.store.people import Role
from scheduler.store.treatment import ProtocolRow

WEIGHT_KG = Decimal("72.4")
SERVICE = "iv_ketamine"
PATIENT = NewPatient(
    name="Pat Example",
    birth_date=date(1984, 5, 17),
    phone="+18165550199",
    address=PostalAddress("12 Fiction Street", "Kansas City", "MO", "64108"),
    sms_consent=True,
)


def run_tour(ports: Ports, session: Session, practice: Practice, out: TextIO) -> None:
    """Load the demonstration into an empty database, play the main job there and print it."""
    telling.open_tour(out, practice)
    load_demo(session, ports, practice, password_hash="")
    story = reopen_story(session, ports, practice)
    patient_id, request_id = _request(story, out)
    calendar = _choose(story, request_id, out)
    series_id = accept_series(
        story.desk(Role.DISPATCHER),
        request_id,
        [Choice(offer.clinician_id, offer.starts_at) for offer in calendar],
    )
    prescriber = story.desk(Role.PRESCRIBER)
    mg = dose_to_authorise(prescriber, series_id, 1).mg
    authorise_dose(prescriber, series_id, 1, mg or Decimal(0))
    telling.tell_calendar(session, series_id, out)
    tell_routes(story, calendar[0].on, calendar[0].clinician_id, out)
    telling.tell_texts(session, patient_id, out)


def _request(story: Story, out: TextIO) -> tuple[UUID, UUID]:
    """Register the patient, ask, and let the prescriber sign; return patient and request."""
    desk, now = story.desk(Role.DISPATCHER), story.now()
    patient_id, address_id = register_patient(desk, PATIENT)
    intake = Intake("fictitious", WEIGHT_KG, {}, treatment_consent=True)
    wish = (now + timedelta(hours=18), now + timedelta(days=4))
    request = NewRequest(patient_id, address_id, SERVICE, *wish, intake)
    request_id = request_visit(desk, request)
    telling.tell_request(story.session, request, PATIENT, out)
    order = NewOrder(
        request_id=request_id,
        indication="fictitious, for the demonstration",
        expires_at=now + timedelta(days=180),
        max_administrations=6,
        protocol_id=_approved_protocol(story.session),
        max_mg_per_administration=Decimal(60),
        max_cumulative_mg=Decimal(300),
    )
    sign_order(story.desk(Role.PRESCRIBER), order)
    telling.tell_order(story.session, order, out)
    return patient_id, request_id


def _approved_protocol(session: Session) -> UUID:
    return session.scalars(
        select(ProtocolRow.id).where(
            ProtocolRow.code == PROTOCOL_CODE, ProtocolRow.status == ProtocolStatus.APPROVED
        )
    ).one()


def _choose(story: Story, request_id: UUID, out: TextIO) -> Sequence[Offer]:
    desk = story.desk(Role.DISPATCHER)
    found = offers_for(desk, request_id)
    calendar = propose_series(desk, request_id)
    telling.tell_reasons(story.session, found, calendar[0], out)
    return calendar
