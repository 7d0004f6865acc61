"""From what services return to what the API answers."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.matching.offers import Offer, OfferList
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import VisitRow
from scheduler.web.api.given import (
    AttemptOut,
    CalendarOut,
    ExcludedOut,
    OfferOut,
    OffersOut,
    SeriesOut,
    TermOut,
    VisitOut,
    VisitsOut,
)


def answer(model: BaseModel, status: int = 200) -> Response:
    """Return a model as JSON."""
    return Response(model.model_dump_json(), status, mimetype="application/json")


def _names(session: Session, ids: set[UUID]) -> Mapping[UUID, str]:
    rows = session.execute(
        select(ClinicianRow.id, ClinicianRow.name, ClinicianRow.credential).where(
            ClinicianRow.id.in_(list(ids))
        )
    )
    return {row.id: f"{row.name}, {row.credential}" for row in rows}


def _offer(offer: Offer, names: Mapping[UUID, str]) -> OfferOut:
    return OfferOut(
        clinician_id=offer.clinician_id,
        clinician=names.get(offer.clinician_id, ""),
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        window_starts_at=offer.window.starts_at,
        window_ends_at=offer.window.ends_at,
        added_travel_minutes=offer.added_travel_minutes,
        score=[TermOut(words=words, minutes=minutes) for words, minutes in offer.terms.readable()],
    )


def offers(session: Session, found: OfferList, *, for_staff: bool) -> OffersOut:
    """Present offers; only staff see who was excluded and why."""
    excluded = found.exclusions if for_staff else ()
    ids = {offer.clinician_id for offer in found.offers}
    names = _names(session, ids | {each.clinician_id for each in excluded})
    return OffersOut(
        offers=[_offer(offer, names) for offer in found.offers],
        cause=found.cause.value if found.cause else None,
        words=found.cause.words if found.cause else "",
        excluded=[
            ExcludedOut(
                clinician_id=each.clinician_id,
                clinician=names.get(each.clinician_id, ""),
                rule=each.rule.value,
                words=each.words,
            )
            for each in excluded
        ],
    )


def calendar(session: Session, plan: Sequence[Offer]) -> CalendarOut:
    """Present a proposed calendar."""
    names = _names(session, {offer.clinician_id for offer in plan})
    return CalendarOut(visits=[_offer(offer, names) for offer in plan])


def visits(rows: Sequence[VisitRow]) -> VisitsOut:
    """Present visits."""
    return VisitsOut(visits=[VisitOut.model_validate(row) for row in rows])


def series(
    row: SeriesRow,
    attempts: Sequence[AttemptRow],
    rows: Sequence[VisitRow],
    *,
    with_doses: bool,
) -> SeriesOut:
    """Present a series; a dose only where signed off, and never to those who dispatch."""
    by_place = {(visit.number, visit.attempt): visit for visit in rows}
    return SeriesOut(
        id=row.id,
        state=row.state.value,
        administrations=[
            AttemptOut(
                number=attempt.number,
                level_number=attempt.level_number,
                state=attempt.state.value,
                mg=attempt.mg if with_doses and attempt.signed_hash else None,
                starts_at=visit.starts_at if visit else None,
                visit_id=visit.id if visit else None,
            )
            for attempt in attempts
            for visit in [by_place.get((attempt.number, attempt.attempt))]
        ],
    )
