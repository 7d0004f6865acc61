"""How the demonstration's requests become visits, and how their days go."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

from scheduler.demo.story import Story
from scheduler.domain.series import AttemptState
from scheduler.domain.visits import VisitEvent, VisitState
from scheduler.matching.calendar import SeriesDoesNotFit
from scheduler.services.booking import confirm, reserve
from scheduler.services.day import Outcome, complete, progress
from scheduler.services.dose_review import dose_to_authorise
from scheduler.services.drive_records import estimate_drive
from scheduler.services.offers import offers_for
from scheduler.services.orders import NewOrder, sign_order
from scheduler.services.placing import Choice
from scheduler.services.release import authorise_dose
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow
from scheduler.store.visits import VisitRow

ADMINISTRATIONS = 6
INFUSION = timedelta(minutes=40)
LEAST_DRIVE = 3
LOOK_AHEAD = timedelta(minutes=45)
SIGN_OFF_AFTER = timedelta(hours=19)
STOPPED_AFTER = timedelta(minutes=15)


class Visits:
    """Orders, bookings and visit days of the story."""

    def __init__(self, story: Story, protocol_id: UUID, rng: random.Random) -> None:
        self._story = story
        self._protocol_id = protocol_id
        self._rng = rng
        self._stopping: set[UUID] = set()

    def sign(self, request_id: UUID, *, series: bool) -> None:
        """Sign the order of a request: a whole series, or one visit."""
        now = self._story.now()
        order = NewOrder(
            request_id=request_id,
            indication="fictitious, for the demonstration",
            expires_at=now + timedelta(days=180),
            max_administrations=ADMINISTRATIONS if series else 1,
            protocol_id=self._protocol_id if series else None,
            max_mg_per_administration=Decimal(60) if series else None,
            max_cumulative_mg=Decimal(300) if series else None,
        )
        sign_order(self._story.desk(Role.PRESCRIBER), order)

    def book(self, request_id: UUID, *, cancelled: Callable[[UUID], None] | None = None) -> None:
        """Take one of the offers, if there is any, and confirm it."""
        desk = self._story.desk(Role.DISPATCHER)
        offers = offers_for(desk, request_id).offers
        if not offers:
            return
        offer = self._rng.choice(offers)
        visit_id = reserve(desk, request_id, Choice(offer.clinician_id, offer.starts_at))
        confirm(desk, visit_id)
        self._follow(visit_id)
        if cancelled is not None:
            cancelled(visit_id)

    def plan(self, request_id: UUID, *, release: bool) -> None:
        """Take the proposed calendar of a series; release its first dose two hours later."""
        desk = self._story.desk(Role.DISPATCHER)
        try:
            calendar = propose_series(desk, request_id)
        except SeriesDoesNotFit:
            return
        choices = [Choice(offer.clinician_id, offer.starts_at) for offer in calendar]
        series_id = accept_series(desk, request_id, choices)
        if release:
            later = self._story.now() + timedelta(hours=2)
            self._story.at(later, lambda: self._release(series_id, 1))

    def stop_early(self, request_id: UUID) -> None:
        """Let the next infusion of the request's series be stopped before its end."""
        self._stopping.add(request_id)

    def _release(self, series_id: UUID, number: int) -> None:
        prescriber = self._story.desk(Role.PRESCRIBER)
        mg = dose_to_authorise(prescriber, series_id, number).mg
        authorise_dose(prescriber, series_id, number, mg or Decimal(0))
        for visit in queries.visits_of_series(self._story.session, series_id):
            if visit.number == number and visit.state is VisitState.BOOKED:
                self._follow(visit.id)

    def _visit(self, visit_id: UUID) -> VisitRow:
        return queries.get(self._story.session, VisitRow, visit_id, "visit")

    def _follow(self, visit_id: UUID) -> None:
        opens = self._visit(visit_id).window_starts_at
        self._story.at(opens - LOOK_AHEAD, lambda: self._begin(visit_id))

    def _begin(self, visit_id: UUID) -> None:
        """Write down the steps of a visit's day, unless it was cancelled."""
        visit = self._visit(visit_id)
        if visit.state is not VisitState.BOOKED:
            return
        service = queries.find_service(self._story.session, visit.service_code)
        starts_at, ends_at = visit.starts_at, visit.ends_at
        ready_at = starts_at + timedelta(minutes=service.preparation_minutes)
        self._step(visit_id, starts_at - self._drive(visit_id), VisitEvent.SET_OUT)
        self._step(visit_id, starts_at, VisitEvent.ARRIVE)
        self._step(visit_id, ready_at, VisitEvent.START)
        self._story.at(ends_at, lambda: self._complete(visit_id, ready_at))

    def _drive(self, visit_id: UUID) -> timedelta:
        """Return a drive from six minutes shorter to two minutes longer than estimated."""
        visit = self._visit(visit_id)
        desk = self._story.clinician_desk(visit.clinician_id)
        luck = int(visit.starts_at.timestamp()) // 900 % 9 - 6
        minutes = max(LEAST_DRIVE, estimate_drive(desk, visit_id).minutes + luck)
        return min(timedelta(minutes=minutes), LOOK_AHEAD)

    def _step(self, visit_id: UUID, at: datetime, event: VisitEvent) -> None:
        def act() -> None:
            visit = self._visit(visit_id)
            progress(self._story.clinician_desk(visit.clinician_id), visit_id, event)

        self._story.at(at, act)

    def _complete(self, visit_id: UUID, ready_at: datetime) -> None:
        visit = self._visit(visit_id)
        request_id, series_id, number = visit.request_id, visit.series_id, visit.number or 0
        desk = self._story.clinician_desk(visit.clinician_id)
        if series_id is None:
            complete(desk, visit_id, None)
            return
        stopped = request_id in self._stopping
        complete(desk, visit_id, self._outcome(series_id, number, ready_at, stopped=stopped))
        if number < ADMINISTRATIONS and not stopped:
            later = self._story.now() + SIGN_OFF_AFTER
            self._story.at(later, lambda: self._release(series_id, number + 1))

    def _outcome(
        self, series_id: UUID, number: int, ready_at: datetime, *, stopped: bool
    ) -> Outcome:
        mg = self._signed_mg(series_id, number)
        if stopped:
            given = (mg / 3).to_integral_value(rounding=ROUND_FLOOR)
            ended_at = ready_at + STOPPED_AFTER
            return Outcome(given, ready_at, ended_at, aborted=True, tolerance="stopped: nausea")
        return Outcome(mg, ready_at, ready_at + INFUSION, tolerance="good")

    def _signed_mg(self, series_id: UUID, number: int) -> Decimal:
        rows: list[AttemptRow] = [
            row
            for row in queries.attempts_of_series(self._story.session, series_id)
            if row.number == number and row.state is AttemptState.ADMINISTERING
        ]
        return Decimal(rows[-1].mg)
