"""Load the demonstration practice: two weeks behind it, some weeks ahead, all by the services."""

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.demo.doors import DemoSignIns, open_doors
from scheduler.demo.patients import Part, PatientPlan, plan_patients
from scheduler.demo.staff import add_staff
from scheduler.demo.story import Story
from scheduler.demo.visits import Visits
from scheduler.domain.timing import at_local, local_day
from scheduler.ports import Ports
from scheduler.services.changing import cancel
from scheduler.services.desk import Actor
from scheduler.services.dispatch import dispatch_due
from scheduler.services.intake import NewRequest, register_patient, request_visit
from scheduler.services.practice import Practice
from scheduler.services.reference import load_reference
from scheduler.store.database import transaction
from scheduler.store.messages import CallTaskRow
from scheduler.store.people import AccountRow, Role

DEMO_PRACTICE_NAME = "Oak Home Visits (demonstration)"
DEMO_SEED = 20261123
OFFICE_ZONE = "America/Chicago"
HISTORY_DAYS = 14
_DISPATCH_HOURS = range(8, 22)
_PATIENT_ACCOUNT = "Patient of the demonstration"

_PAST = {Part.PAST_HYDRATION, Part.PAST_PRIMARY_CARE}
_SERIES = {Part.RUNNING_SERIES, Part.NEW_SERIES}
_ORDERED = {Part.PAST_HYDRATION, Part.HYDRATION_AHEAD}
_WALK_IN = {Part.PAST_PRIMARY_CARE, Part.PRIMARY_CARE_AHEAD}


def load_demo(
    session: Session, ports: Ports, practice: Practice, password_hash: str, seed: int = DEMO_SEED
) -> DemoSignIns:
    """Load the fictitious practice as of the clock's now, whole or not at all.

    All staff accounts get the one password whose hash is given.
    The same seed and the same now give the same people and visits; ids and tokens differ.
    """
    session.rollback()
    with (
        session.get_bind().engine.connect() as connection,
        connection.begin(),
        Session(bind=connection, join_transaction_mode="create_savepoint") as own,
    ):
        story = _load(own, ports, practice, seed)
        return open_doors(story, password_hash)


def reopen_story(session: Session, ports: Ports, practice: Practice) -> Story:
    """Return the loaded demonstration's story, standing at the clock's now, nothing planned."""
    story = Story(session, ports, practice, ports.clock.now())
    for row in session.scalars(select(AccountRow).order_by(AccountRow.display_name)):
        story.actors.setdefault(row.role, Actor(row.id, row.role, row.person_id))
    return story


def _load(session: Session, ports: Ports, practice: Practice, seed: int) -> Story:
    load_reference(session)
    now = ports.clock.now()
    today = local_day(now, OFFICE_ZONE)
    begins = at_local(today - timedelta(days=HISTORY_DAYS + 1), time(8), OFFICE_ZONE)
    story = Story(session, ports, practice, begins)
    cast = Cast(story, add_staff(story, today), now, random.Random(seed))  # noqa: S311
    for plan in plan_patients(random.Random(seed), today):  # noqa: S311
        cast.enter(plan)
    _dispatch_hourly(story, now)
    story.play(now)
    _settle_old_calls(story)
    return story


def _dispatch_hourly(story: Story, now: datetime) -> None:
    today = local_day(now, OFFICE_ZONE)
    for back in range(HISTORY_DAYS + 1, -1, -1):
        for hour in _DISPATCH_HOURS:
            at = at_local(today - timedelta(days=back), time(hour), OFFICE_ZONE)
            if at <= now:
                story.at(at, lambda: _dispatch(story))
    story.at(now, lambda: _dispatch(story))


def _dispatch(story: Story) -> None:
    dispatch_due(story.session, story.ports.sms, story.ports.clock, limit=500)


def _settle_old_calls(story: Story) -> None:
    """Let the dispatcher have made the calls that were due before now."""
    caller = story.actors[Role.DISPATCHER].account_id
    with transaction(story.session) as session:
        for task in session.scalars(select(CallTaskRow).where(CallTaskRow.due_at <= story.now())):
            task.done_at, task.done_by = task.due_at, caller


class Cast:
    """Gives every patient their part in the story."""

    def __init__(self, story: Story, protocol_id: UUID, now: datetime, rng: random.Random) -> None:
        self._story = story
        self._visits = Visits(story, protocol_id, rng)
        self._now = now
        self._rng = rng
        self._firsts: set[Part] = set()

    def enter(self, plan: PatientPlan) -> None:
        """Let a patient register and ask on a day that suits their part."""
        first = plan.part not in self._firsts
        self._firsts.add(plan.part)
        self._story.at(self._asks_at(plan.part), lambda: self._ask(plan, first=first))

    def _asks_at(self, part: Part) -> datetime:
        days_back = {Part.RUNNING_SERIES: (13, 14), Part.NEW_SERIES: (1, 2)}.get(part, (1, 3))
        if part in _PAST:
            days_back = (6, 13)
        today = local_day(self._now, OFFICE_ZONE)
        day = today - timedelta(days=self._rng.randint(*days_back))
        return at_local(day, time(self._rng.randint(9, 13), self._rng.randrange(60)), OFFICE_ZONE)

    def _ask(self, plan: PatientPlan, *, first: bool) -> None:
        desk = self._story.desk(Role.DISPATCHER)
        patient_id, address_id = register_patient(desk, plan.patient)
        opens, closes = self._wish(plan.part)
        request_id = request_visit(
            desk,
            NewRequest(patient_id, address_id, plan.service_code, opens, closes, plan.intake),
        )
        if first and plan.part is Part.RUNNING_SERIES:
            self._open_account(patient_id)
        self._go_on(plan, request_id, first=first)

    def _wish(self, part: Part) -> tuple[datetime, datetime]:
        start = self._story.now() + timedelta(hours=18)
        if part in _PAST or part is Part.RUNNING_SERIES:
            return start, start + timedelta(days=3)
        start = max(start, self._now + timedelta(hours=12))
        return start, start + timedelta(days=3 if part is Part.NEW_SERIES else 10)

    def _open_account(self, patient_id: UUID) -> None:
        row = AccountRow(role=Role.PATIENT, display_name=_PATIENT_ACCOUNT, person_id=patient_id)
        with transaction(self._story.session) as session:
            session.add(row)
        self._story.actors[Role.PATIENT] = Actor(row.id, Role.PATIENT, patient_id)

    def _go_on(self, plan: PatientPlan, request_id: UUID, *, first: bool) -> None:
        part, visits = plan.part, self._visits
        if part in _SERIES | _ORDERED:
            self._later(1, lambda: visits.sign(request_id, series=part in _SERIES))
        if part in _SERIES:
            release = part is Part.RUNNING_SERIES or plan.number % 2 == 0
            self._later(2, lambda: visits.plan(request_id, release=release))
        elif part in _ORDERED | _WALK_IN:
            cancels = first and part is Part.HYDRATION_AHEAD
            act = self._cancel_tomorrow if cancels else None
            self._later(2, lambda: visits.book(request_id, cancelled=act))
        if part is Part.RUNNING_SERIES and plan.number == 1:
            self._story.at(self._now - timedelta(days=4), lambda: visits.stop_early(request_id))

    def _later(self, hours: int, act: Callable[[], None]) -> None:
        self._story.at(self._story.now() + timedelta(hours=hours), act)

    def _cancel_tomorrow(self, visit_id: UUID) -> None:
        desk = self._story.desk(Role.DISPATCHER)
        self._later(3, lambda: cancel(desk, visit_id, "the patient has another appointment"))
