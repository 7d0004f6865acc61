"""Any order of acts keeps the promises: I1, I2, I3 and I7 are looked at after each step."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import Point
from scheduler.domain.messages import MessageState
from scheduler.domain.timing import local_day
from scheduler.domain.visits import VisitState
from scheduler.services.booking import confirm, end_expired_reservations, reserve
from scheduler.services.changing import cancel, move, offers_to_move
from scheduler.services.offers import offers_for
from scheduler.services.placing import Choice
from scheduler.services.staffing import add_time_off, end_licence
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow, LicenceRow, TimeOffRow
from scheduler.store.database import prepare_engine
from scheduler.store.encryption import KeyRing, use_keys
from scheduler.store.messages import MessageRow
from scheduler.store.models import METADATA
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow
from tests.clocks import FixedClock
from tests.conftest import TEST_KEY
from tests.world import World

START = datetime(2026, 10, 26, 12, tzinfo=UTC)
LIVE = {VisitState.RESERVED, VisitState.BOOKED}
HOMES = [("66101", "KS"), ("64108", "MO"), ("64111", "MO"), ("66210", "KS")]
Told = tuple[datetime, datetime, UUID, UUID, int]


class Bookings(RuleBasedStateMachine):
    """Two nurses, three patients, four addresses, and whatever people do with them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        use_keys(KeyRing((TEST_KEY,)))
        self.engine = create_engine(f"sqlite:///{Path(self.folder.name) / 'visits.db'}")
        prepare_engine(self.engine)
        METADATA.create_all(self.engine)
        self.session = Session(self.engine)
        self.world = World(self.session, FixedClock(START))
        self.requests: list[UUID] = []
        self.visits: list[UUID] = []
        self.told: dict[UUID, Told] = {}

    def teardown(self) -> None:
        self.session.close()
        self.engine.dispose()
        self.folder.cleanup()

    @initialize()
    def open_practice(self) -> None:
        world = self.world
        world.service()
        world.scope("KS", "MO")
        world.compact("KS", "MO")
        self.ada = world.clinician("Ada", "66101", "KS", max_visits=3)
        self.bea = world.clinician("Bea", "64108", "MO", max_travel_minutes=120)
        self.licences = [
            world.licence(self.ada, "KS", multistate=True),
            world.licence(self.bea, "MO"),
        ]
        self.patients = [world.patient(*home) for home in HOMES[:3]]

    @rule(who=st.integers(0, 2), days=st.integers(1, 4))
    def ask(self, who: int, days: int) -> None:
        opens = self.world.clock.now()
        span = (opens, opens + timedelta(days=days))
        self.requests.append(self.world.request(self.patients[who], "checkup", span))

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def take_an_offer(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests))
        try:
            offers = offers_for(self.world.dispatcher, request).offers
            if not offers:
                return
            offer = data.draw(st.sampled_from(offers))
            made = reserve(
                self.world.dispatcher, request, Choice(offer.clinician_id, offer.starts_at)
            )
        except SchedulingError:
            return
        self.remember(made)

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), quarter=st.integers(0, 400), ada=st.booleans())
    def take_a_made_up_time(self, data: st.DataObject, quarter: int, *, ada: bool) -> None:
        request = data.draw(st.sampled_from(self.requests))
        choice = Choice(self.ada if ada else self.bea, START + timedelta(minutes=15 * quarter))
        try:
            made = reserve(self.world.dispatcher, request, choice)
        except SchedulingError:
            return
        self.remember(made)

    def remember(self, visit_id: UUID) -> None:
        """Keep what the patient was told; taking another offer gives the earlier one back."""
        request_id = self.row(visit_id).request_id
        for earlier in [each for each in self.told if self.row(each).request_id == request_id]:
            assert self.row(earlier).state is VisitState.CANCELLED
            del self.told[earlier]
        self.visits.append(visit_id)
        self.told[visit_id] = self.promise(visit_id)

    def promise(self, visit_id: UUID) -> Told:
        row = queries.get(self.session, VisitRow, visit_id, "visit")
        window = (row.window_starts_at, row.window_ends_at)
        return (*window, row.clinician_id, row.address_id, row.promise_version)

    @precondition(lambda self: self.visits)
    @rule(data=st.data())
    def confirm_one(self, data: st.DataObject) -> None:
        visit_id = data.draw(st.sampled_from(self.visits))
        try:
            confirm(self.world.dispatcher, visit_id)
        except SchedulingError:
            return
        assert self.row(visit_id).state is VisitState.BOOKED

    def row(self, visit_id: UUID) -> VisitRow:
        return queries.get(self.session, VisitRow, visit_id, "visit")

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), elsewhere=st.booleans())
    def move_one(self, data: st.DataObject, *, elsewhere: bool) -> None:
        visit_id = data.draw(st.sampled_from(self.visits))
        desk = self.world.dispatcher
        try:
            patient = self.row(visit_id).patient_id
            home = data.draw(st.sampled_from(HOMES))
            address = self.world.address(patient, *home) if elsewhere else None
            offers = offers_to_move(desk, visit_id, address).offers
            if not offers:
                return
            offer = data.draw(st.sampled_from(offers))
            choice = Choice(offer.clinician_id, offer.starts_at)
            move(desk, visit_id, choice, address, "asked by phone")
        except SchedulingError:
            return
        old, new = self.told[visit_id], self.promise(visit_id)
        assert new[4] == old[4] + (new[:4] != old[:4])
        self.told[visit_id] = new

    @precondition(lambda self: self.visits)
    @rule(data=st.data())
    def cancel_one(self, data: st.DataObject) -> None:
        visit_id = data.draw(st.sampled_from(self.visits))
        try:
            cancel(self.world.dispatcher, visit_id, "asked by phone")
        except SchedulingError:
            return
        self.told.pop(visit_id, None)  # one that was cancelled before stays as it is

    @rule(minutes=st.integers(1, 600))
    def let_time_pass(self, minutes: int) -> None:
        self.world.clock.pass_time(minutes=minutes)
        end_expired_reservations(self.session, self.world.clock)
        now = self.world.clock.now()
        for visit_id in list(self.told):
            if self.row(visit_id).state is VisitState.EXPIRED:
                del self.told[visit_id]
        assert not [
            v for v in self.all_live() if v.reserved_until is not None and v.reserved_until <= now
        ]

    @rule(offset=st.integers(0, 5), ada=st.booleans())
    def take_a_day_off(self, offset: int, *, ada: bool) -> None:
        day = START.date() + timedelta(days=offset)
        who = self.ada if ada else self.bea
        try:
            add_time_off(self.world.dispatcher, who, (day, day), "day off")
        except SchedulingError:
            return

    @rule(offset=st.integers(0, 5), which=st.integers(0, 1))
    def lose_a_licence(self, offset: int, which: int) -> None:
        day = START.date() + timedelta(days=offset)
        administrator = self.world.desk(Role.ADMINISTRATOR)
        try:
            end_licence(administrator, self.licences[which], day, "lapsed")
        except SchedulingError:
            return
        for visit_id in list(self.told):
            if self.row(visit_id).state is VisitState.CANCELLED:
                assert not self.licensed(self.row(visit_id))
                del self.told[visit_id]

    def all_live(self) -> list[VisitRow]:
        rows = self.session.scalars(select(VisitRow).where(VisitRow.state.in_(list(LIVE))))
        return list(rows)

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        live = self.all_live()
        for clinician_id in {visit.clinician_id for visit in live}:
            clinician = queries.get(self.session, ClinicianRow, clinician_id, "clinician")
            days: dict[date, list[VisitRow]] = {}
            for visit in live:
                if visit.clinician_id == clinician_id:
                    days.setdefault(local_day(visit.starts_at, clinician.timezone), []).append(
                        visit
                    )
            for on, visits in days.items():
                self.check_day(clinician, on, sorted(visits, key=lambda visit: visit.starts_at))
        for first, second in pairwise(sorted(live, key=lambda v: (v.patient_id, v.starts_at))):
            if first.patient_id == second.patient_id:
                assert first.ends_at <= second.starts_at

    def check_day(self, clinician: ClinicianRow, on: date, visits: list[VisitRow]) -> None:
        home = Point(clinician.start_latitude, clinician.start_longitude)
        places = [
            mapping.place(queries.address_of(self.session, visit.address_id)).point
            for visit in visits
        ]
        travel = GeodesicTravel().minutes([home, *places], [*places, home]).diagonal()
        opens = datetime(on.year, on.month, on.day, 13, tzinfo=UTC)  # 8 am CDT
        free = opens
        for visit, minutes in zip(visits, travel, strict=False):
            assert free + timedelta(minutes=float(minutes)) <= visit.starts_at
            free = visit.ends_at
        assert free + timedelta(minutes=float(travel[-1])) <= opens + timedelta(hours=10)
        assert len(visits) <= clinician.max_visits
        assert travel.sum() <= clinician.max_travel_minutes
        off = self.session.scalars(
            select(TimeOffRow).where(TimeOffRow.clinician_id == clinician.id)
        )
        assert not [each for each in off if each.first_day <= on <= each.last_day]

    @invariant()
    def every_visit_has_a_licence(self) -> None:
        for visit in self.all_live():
            assert self.licensed(visit)

    def licensed(self, visit: VisitRow) -> bool:
        state = queries.address_of(self.session, visit.address_id).state
        last = local_day(visit.window_ends_at + (visit.ends_at - visit.starts_at), visit.timezone)
        rows = self.session.scalars(
            select(LicenceRow).where(LicenceRow.clinician_id == visit.clinician_id)
        )
        return any(
            (row.state == state or row.multistate) and last <= row.valid_through for row in rows
        )

    @invariant()
    def what_was_promised_stands(self) -> None:
        for visit_id, told in self.told.items():
            row = self.row(visit_id)
            assert row.state in LIVE
            assert self.promise(visit_id) == told
            assert told[0] <= row.starts_at <= told[1]

    @invariant()
    def no_text_speaks_of_what_no_longer_stands(self) -> None:
        pending = self.session.scalars(
            select(MessageRow).where(MessageRow.state == MessageState.PENDING)
        )
        for message in pending:
            visit = self.row(message.visit_id) if message.visit_id else None
            if visit is not None and message.template.value != "cancelled":
                assert visit.state is VisitState.BOOKED
                assert message.promise_version == visit.promise_version


QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
TestBookings = pytest.mark.xdist_group("machine")(Bookings.TestCase)
TestBookings.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=QUIET,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


class LongBookings(Bookings):
    """The same for much longer."""


TestBookingsForLong = pytest.mark.soak(LongBookings.TestCase)
TestBookingsForLong.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=QUIET,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
