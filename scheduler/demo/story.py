"""The demonstration's course: acts at their instants, played in order by a clock of its own."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.adapters.sms import OutboxPageSender
from scheduler.ports import Ports
from scheduler.services.desk import Actor, Desk
from scheduler.services.practice import Practice
from scheduler.store.people import Role

Act = Callable[[], None]


@dataclass
class StoryClock:
    """Stands where the story stands."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant of the act that is played."""
        return self.instant


class Story:
    """Acts waiting for their instants, and the desks of those who act.

    Addresses are placed by ZIP alone, as the streets do not exist, and texts stay in the outbox:
    nothing of the demonstration leaves the machine.
    """

    def __init__(
        self, session: Session, ports: Ports, practice: Practice, starts_at: datetime
    ) -> None:
        self.session = session
        self.practice = practice
        self.clock = StoryClock(starts_at)
        self.ports = Ports(self.clock, ZipGeocoder(), ports.travel, OutboxPageSender())
        self.accounts: dict[UUID, UUID] = {}
        self.actors: dict[Role, Actor] = {}
        self._acts: list[tuple[datetime, int, Act]] = []
        self._count = 0

    def now(self) -> datetime:
        """Return where the story stands."""
        return self.clock.instant

    def at(self, instant: datetime, act: Act) -> None:
        """Let something happen at an instant; one already past happens next."""
        self._count += 1
        heapq.heappush(self._acts, (max(instant, self.now()), self._count, act))

    def play(self, until: datetime) -> None:
        """Play every act up to an instant; what lies after it does not happen."""
        while self._acts and self._acts[0][0] <= until:
            self.clock.instant, _, act = heapq.heappop(self._acts)
            act()
        self.clock.instant = until

    def desk(self, role: Role) -> Desk:
        """Return the desk of the one person the demonstration has in a role."""
        return Desk(self.session, self.ports, self.practice, self.actors[role])

    def clinician_desk(self, clinician_id: UUID) -> Desk:
        """Return a clinician's own desk."""
        actor = Actor(self.accounts[clinician_id], Role.CLINICIAN, clinician_id)
        return Desk(self.session, self.ports, self.practice, actor)
