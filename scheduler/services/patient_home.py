"""A patient's own pages: what is open, what is ahead, what is past; one look, one record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.series import SERIES_ENDED
from scheduler.domain.visits import TAKES_CAPACITY, VisitState
from scheduler.services.booking import CHOSE_ANOTHER
from scheduler.services.desk import Desk
from scheduler.services.patient_cards import (
    RequestCard,
    SeriesCard,
    VisitCard,
    own_id,
    request_card,
    series_card,
    visit_cards,
)
from scheduler.store import queries
from scheduler.store.treatment import SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

_WAITING = (RequestState.AWAITING_REVIEW, RequestState.AWAITING_ORDER, RequestState.OPEN)
DECLINED_SHOWN_FOR = timedelta(days=60)
PAST_SHOWN_FOR = timedelta(days=400)
CALENDAR_REACHES_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Home:
    """What a patient sees first: open requests, the next visit, more ahead, series, past visits."""

    requests: tuple[RequestCard, ...]
    next_visit: VisitCard | None
    ahead: tuple[VisitCard, ...]
    series: tuple[SeriesCard, ...]
    past: tuple[VisitCard, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to show at all."""
        return not (self.requests or self.next_visit or self.series or self.past)


def look_home(desk: Desk) -> Home:
    """Return what is open, ahead and past for the patient who is signed in."""
    patient_id, now = own_id(desk), desk.now()
    desk.record_look("view my visits", "patient", patient_id, patient_id)
    visits = visit_cards(desk.session, _visits(desk, patient_id, now - PAST_SHOWN_FOR))
    live = [card for card in visits if _is_ahead(card, now)]
    series = _series(desk, patient_id)
    in_series = {each.id for each in series}
    return Home(
        requests=_requests(desk, patient_id, now),
        next_visit=live[0] if live else None,
        ahead=tuple(card for card in live[1:] if card.series_id not in in_series),
        series=series,
        past=tuple(
            card
            for card in reversed(visits)
            if card not in live and card.series_id not in in_series
        ),
    )


def _is_ahead(card: VisitCard, now: datetime) -> bool:
    if card.state is VisitState.RESERVED or card.state not in TAKES_CAPACITY:
        return False
    return card.window.ends_at + timedelta(minutes=card.minutes) > now


def _visits(desk: Desk, patient_id: UUID, since: datetime) -> list[VisitRow]:
    rows = desk.session.scalars(
        select(VisitRow)
        .where(VisitRow.patient_id == patient_id, VisitRow.window_ends_at >= since)
        .order_by(VisitRow.window_starts_at, VisitRow.id)
    )
    dropped = {VisitState.RESERVED, VisitState.EXPIRED}
    return [row for row in rows if row.state not in dropped and not _never_confirmed(row)]


def _never_confirmed(row: VisitRow) -> bool:
    """Say whether a cancelled visit was only a time that was kept and given back."""
    return row.state is VisitState.CANCELLED and row.ended_reason == CHOSE_ANOTHER


def _series(desk: Desk, patient_id: UUID) -> tuple[SeriesCard, ...]:
    rows = desk.session.scalars(
        select(SeriesRow).where(SeriesRow.patient_id == patient_id).order_by(SeriesRow.created_at)
    )
    return tuple(series_card(desk.session, row) for row in rows if row.state not in SERIES_ENDED)


def _requests(desk: Desk, patient_id: UUID, now: datetime) -> tuple[RequestCard, ...]:
    rows = desk.session.scalars(
        select(VisitRequestRow)
        .where(
            VisitRequestRow.patient_id == patient_id,
            VisitRequestRow.state.in_([*_WAITING, RequestState.DECLINED]),
        )
        .order_by(VisitRequestRow.created_at.desc())
    )
    return tuple(
        request_card(desk.session, row, now)
        for row in rows
        if row.state is not RequestState.DECLINED or row.created_at > now - DECLINED_SHOWN_FOR
    )


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request with what came of it."""

    request: RequestCard
    visits: tuple[VisitCard, ...]
    series: SeriesCard | None


def look_at_my_request(desk: Desk, request_id: UUID) -> RequestPage:
    """Return where a request of the patient stands; raises NotFound for anybody else's."""
    own_id(desk)
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    patient_id = row.patient_id
    desk.allow_patient(patient_id)
    desk.record_look("view", "visit_request", request_id, patient_id)
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    session = desk.session
    visits = session.scalars(
        select(VisitRow)
        .where(VisitRow.request_id == request_id, VisitRow.series_id.is_(None))
        .order_by(VisitRow.window_starts_at)
    ).all()
    shown = [each for each in visits if each.state is not VisitState.EXPIRED]
    series = session.scalar(select(SeriesRow).where(SeriesRow.request_id == request_id))
    return RequestPage(
        request_card(session, row, desk.now()),
        tuple(visit_cards(session, [each for each in shown if not _never_confirmed(each)])),
        series_card(session, series) if series is not None else None,
    )


def look_at_my_visit(desk: Desk, visit_id: UUID) -> VisitCard:
    """Return a visit of the patient as it now stands; raises NotFound for anybody else's."""
    own_id(desk)
    patient_id = queries.get(desk.session, VisitRow, visit_id, "visit").patient_id
    desk.allow_patient(patient_id)
    desk.record_look("view", "visit", visit_id, patient_id)
    return visit_cards(desk.session, [queries.get(desk.session, VisitRow, visit_id, "visit")])[0]


def visits_for_calendar(desk: Desk) -> tuple[VisitCard, ...]:
    """Return the patient's visits for a calendar: those ahead and the last months, ended too."""
    patient_id = own_id(desk)
    desk.record_look("export calendar", "patient", patient_id, patient_id)
    rows = _visits(desk, patient_id, desk.now() - CALENDAR_REACHES_BACK)
    return tuple(visit_cards(desk.session, rows))
