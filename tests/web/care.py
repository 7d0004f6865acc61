"""Quinn's series from the request to the doses, by the people who do each step in a browser."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler.services.placing import Choice
from scheduler.services.release import authorise_dose
from scheduler.services.series import accept_series, propose_series
from scheduler.store import queries
from scheduler.store.audit import AuditRow
from scheduler.store.people import Role
from scheduler.store.treatment import AttemptRow, SeriesRow
from scheduler.store.visits import VisitRequestRow, VisitRow
from tests.web.site import DOSED, NOW, Clinic, Site
from tests.web.visitor import PASSWORD, Visitor, staff_visitor

CENTRAL = ZoneInfo("America/Chicago")


@dataclass
class Care:
    """Dr. Sol at one browser, Ada at another, and Quinn who wants a series."""

    clinic: Clinic
    sol: Visitor = field(init=False)
    ada: Visitor = field(init=False)

    def __post_init__(self) -> None:
        self.world = self.clinic.site.world
        self.sol_id = self.clinic.site.world.clinician(
            "Dr. Sol Example", "66101", "KS", credential="MD", active=False
        )
        self.world.licence(self.sol_id, "KS", credential="MD")
        self.sol = staff_visitor(self.clinic.site, Role.PRESCRIBER, self.sol_id)
        self.ada = staff_visitor(self.clinic.site, Role.CLINICIAN, self.clinic.ada)

    @property
    def site(self) -> Site:
        """The application."""
        return self.clinic.site

    def asked(self, **flags: bool) -> UUID:
        """Ask for a series as Quinn; return the request."""
        span = (NOW + timedelta(hours=18), NOW + timedelta(days=4))
        return self.world.request((self.clinic.quinn, self.clinic.flat), DOSED, span, **flags)

    def order_fields(self, **changes: str) -> dict[str, str]:
        """Return an order as a prescriber would type it."""
        return {
            "protocol_id": str(self.clinic.protocol),
            "indication": "fictitious",
            "max_mg_per_administration": "60",
            "max_cumulative_mg": "150",
            "max_administrations": "3",
            "expires_on": "2026-12-31",
            "password": PASSWORD,
        } | changes

    def sign(self, request_id: UUID, **changes: str) -> TestResponse:
        """Sign the order of a request in the browser."""
        self.sol.get(f"/prescriber/requests/{request_id}/order")
        path = f"/prescriber/requests/{request_id}/order"
        return self.sol.post(path, **self.order_fields(**changes))

    def planned(self, request_id: UUID) -> UUID:
        """Take the proposed calendar as dispatch; return the series."""
        desk = self.world.dispatcher
        offers = propose_series(desk, request_id)
        choices = [Choice(self.clinic.ada, offer.starts_at) for offer in offers]
        return accept_series(desk, request_id, choices)

    def series(self) -> UUID:
        """Return a series that is ordered and planned."""
        request_id = self.asked()
        assert self.sign(request_id).status_code == 303
        return self.planned(request_id)

    def released(self, series_id: UUID, number: int, mg: str) -> None:
        """Sign a dose off by the service."""
        desk = self.world.desk(Role.PRESCRIBER, self.sol_id)
        authorise_dose(desk, series_id, number, Decimal(mg))

    def visit(self, series_id: UUID, number: int) -> VisitRow:
        """Return the newest visit of an administration."""
        self.site.session.rollback()
        rows = queries.visits_of_series(self.site.session, series_id)
        return [row for row in rows if row.number == number][-1]

    def attempts(self, series_id: UUID, number: int) -> list[AttemptRow]:
        """Return the attempts of an administration."""
        self.site.session.rollback()
        rows = queries.attempts_of_series(self.site.session, series_id)
        return [row for row in rows if row.number == number]

    def state(self, series_id: UUID) -> str:
        """Return where a series stands."""
        self.site.session.rollback()
        return self.site.session.get_one(SeriesRow, series_id).state.value

    def request_state(self, request_id: UUID) -> str:
        """Return where a request stands."""
        self.site.session.rollback()
        return self.site.session.get_one(VisitRequestRow, request_id).state.value

    def step(self, visit_id: UUID, event: str) -> TestResponse:
        """Press Ada's big button."""
        self.ada.get(f"/route/visits/{visit_id}")
        return self.ada.post(f"/route/visits/{visit_id}/step", event=event)

    def begun(self, series_id: UUID, number: int) -> UUID:
        """Go to a visit and start it; return the visit. The clock stands at its arrival."""
        visit = self.visit(series_id, number)
        visit_id, starts_at = visit.id, visit.starts_at
        self.world.clock.instant = starts_at
        self.at_work()
        for event in ("set out", "arrive", "start"):
            answer = self.step(visit_id, event)
            assert answer.status_code == 303, self.ada.text()
        return visit_id

    def at_work(self) -> None:
        """Sign everybody in again: days have passed."""
        self.sol = staff_visitor(self.site, Role.PRESCRIBER, self.sol_id)
        self.ada = staff_visitor(self.site, Role.CLINICIAN, self.clinic.ada)

    def outcome_fields(self, visit_id: UUID, mg: str, **changes: str) -> dict[str, str]:
        """Return an outcome as Ada would type it: forty minutes, half an hour after arrival."""
        self.site.session.rollback()
        began = self.site.session.get_one(VisitRow, visit_id).starts_at + timedelta(minutes=30)
        ended = began + timedelta(minutes=40)
        return {
            "given_mg": mg,
            "started_at": f"{began.astimezone(CENTRAL):%H:%M}",
            "ended_at": f"{ended.astimezone(CENTRAL):%H:%M}",
            "stopped_early": "no",
            "tolerance": "good",
        } | changes

    def given(self, series_id: UUID, number: int, mg: str, **changes: str) -> UUID:
        """Make a visit and record its outcome; return the visit."""
        visit_id = self.begun(series_id, number)
        self.world.clock.instant = self.visit(series_id, number).ends_at
        self.at_work()
        answer = self.recorded(visit_id, mg, **changes)
        assert answer.headers["Location"] == "/route", self.ada.text()
        return visit_id

    def recorded(self, visit_id: UUID, mg: str, **changes: str) -> TestResponse:
        """Record the outcome of a visit in the browser."""
        self.ada.get(f"/route/visits/{visit_id}/outcome")
        fields = self.outcome_fields(visit_id, mg, **changes)
        return self.ada.post(f"/route/visits/{visit_id}/outcome", **fields)

    def looks(self, action: str) -> int:
        """Return how often something was recorded."""
        self.site.session.rollback()
        rows = self.site.session.scalars(select(AuditRow).where(AuditRow.action == action))
        return len(rows.all())
