"""A day on which others book faster than one can read it: a clear answer, not a breakdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.driving import DayPart
from scheduler.domain.errors import Conflict
from scheduler.domain.geography import Point
from scheduler.ports import Minutes, Ports
from scheduler.services.booking import reserve
from scheduler.services.placing import Choice
from tests.conftest import Database
from tests.races.town import Town
from tests.world import PRACTICE, World

SERVICE = "short"
ELSEWHERE = ["66102", "66103", "66104", "66105", "66106", "66109"]


@dataclass
class RestlessTravel(GeodesicTravel):
    """Each time minutes are asked for, somebody else books the same clinician's day."""

    world: World
    clinician: UUID
    opens: datetime
    left: list[str] = field(default_factory=lambda: list(ELSEWHERE))

    def __post_init__(self) -> None:
        super().__init__()

    def minutes(
        self,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        part: DayPart | None = None,
    ) -> Minutes:
        """Book, then answer as ever."""
        if self.left:
            zip_code = self.left.pop()
            request_id = ask(self.world, zip_code, self.opens)
            starts_at = self.opens + timedelta(minutes=45 * len(self.left))
            reserve(self.world.dispatcher, request_id, Choice(self.clinician, starts_at))
        return super().minutes(origins, destinations, part)


def ask(world: World, zip_code: str, opens: datetime) -> UUID:
    ids = world.patient(zip_code, "KS")
    return world.request(ids, SERVICE, (opens, opens + timedelta(hours=8)))


def test_a_booking_that_is_overtaken_all_the_time_is_told_to_try_again(
    database: Database, session: Session
) -> None:
    town = Town(session)
    quick = {"preparation_minutes": 5, "care_minutes": 5, "pack_down_minutes": 5}
    town.world.service(SERVICE, arrival_window_minutes=30, **quick)
    (ada,) = town.clinicians(1)
    opens = town.noon(3) - timedelta(hours=3)
    request_id = ask(town.world, "66101", opens)
    with Session(database.engine) as other:
        travel = RestlessTravel(World(other, town.clock), ada, opens)
        desk = town.world.dispatcher
        ports = Ports(desk.ports.clock, desk.ports.geocoder, travel, desk.ports.sms)
        slow = type(desk)(session, ports, PRACTICE, desk.actor)
        with pytest.raises(Conflict, match="try again"):
            reserve(slow, request_id, Choice(ada, opens + timedelta(hours=5)))
    assert len(town.live_visits()) == len(ELSEWHERE) - len(travel.left)
    town.assert_nobody_in_two_places()
