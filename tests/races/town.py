"""A town for races: every clinician can make exactly one visit in the hour that all want."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.adapters.clock import SystemClock
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.services.sign_in import issue_token
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.world import World

ZIP, STATE = "66101", "KS"
NOON_UTC_OFFSET = timedelta(hours=18)
"""Noon in Kansas City in winter, one in the afternoon in summer: inside the shift in both."""
TOKEN_GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """A patient who can sign in and has asked for a visit."""

    patient_id: UUID
    request_id: str
    token: str


class Town:
    """Clinicians and patients of one ZIP area, with a visit of 90 minutes that all ask for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.clock = FixedClock(SystemClock().now())
        self.world = World(session, self.clock)
        self.world.service()
        self.world.scope(STATE)

    def clinicians(self, count: int) -> list[UUID]:
        """Add clinicians who may come and are free."""
        return [self._clinician(f"Ada {number}") for number in range(count)]

    def _clinician(self, name: str) -> UUID:
        made = self.world.clinician(name, ZIP, STATE)
        self.world.licence(made, STATE)
        return made

    def noon(self, days_ahead: int) -> datetime:
        """Return the start of the hour that is wanted, so many days ahead."""
        today = datetime.combine(self.clock.now().date(), time(), tzinfo=UTC)
        return today + timedelta(days=days_ahead) + NOON_UTC_OFFSET

    def people(
        self, count: int, opens: datetime, length: timedelta = timedelta(hours=1)
    ) -> list[Person]:
        """Add patients who each want an arrival in the same span."""
        return [self.person(opens, opens + length) for _ in range(count)]

    def person(self, opens: datetime, closes: datetime) -> Person:
        """Add a patient with a sign-in and a request."""
        ids = self.world.patient(ZIP, STATE)
        request_id = self.world.request(ids, "checkup", (opens, closes))
        return Person(ids[0], str(request_id), self.token(Role.PATIENT, ids[0]))

    def token(self, role: Role, person_id: UUID | None = None) -> str:
        """Return a token for somebody new in a role."""
        account = self.world.account(role, person_id)
        return issue_token(self.session, self.clock, account, TOKEN_GOOD_FOR)

    def live_visits(self) -> list[VisitRow]:
        """Return, from the database, all visits that take capacity."""
        self.session.rollback()
        query = select(VisitRow).where(VisitRow.state.in_(list(TAKES_CAPACITY)))
        return list(self.session.scalars(query.order_by(VisitRow.starts_at)))

    def assert_nobody_in_two_places(self) -> None:
        """Look at the rows alone: no clinician and no patient has visits that overlap."""
        for whose in ("clinician_id", "patient_id"):
            by_person: dict[UUID, list[VisitRow]] = {}
            for visit in self.live_visits():
                by_person.setdefault(getattr(visit, whose), []).append(visit)
            for visits in by_person.values():
                assert all(one.ends_at <= other.starts_at for one, other in pairwise(visits))
