"""The demonstration practice: what it promises to hold, and that it holds to the rules."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.demo.patients import CAST, Part
from scheduler.demo.practice import load_demo
from scheduler.domain.licensure import Credential
from scheduler.domain.timing import local_day
from scheduler.domain.visits import TAKES_CAPACITY, VisitState
from scheduler.services.desk import Actor, Desk
from scheduler.services.offers import offers_for
from scheduler.services.sign_in import any_account, find_actor
from scheduler.store.clinicians import ClinicianRow, LicenceRow, TimeOffRow
from scheduler.store.people import AddressRow, PatientRow, Role
from scheduler.store.rules import CompactMemberRow, ScopeRuleRow
from scheduler.store.treatment import AdministrationRow, AttemptRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow
from tests.demo.conftest import NOW, PRACTICE, Demo, Tour, demo_ports

pytestmark = pytest.mark.xdist_group("demo")

STANDING = TAKES_CAPACITY | {VisitState.COMPLETED}
TODAY = local_day(NOW, "America/Chicago")


def standing_visits(session: Session) -> list[VisitRow]:
    rows = session.scalars(select(VisitRow).order_by(VisitRow.starts_at))
    return [row for row in rows if row.state in STANDING]


def test_people_and_places_are_as_many_as_promised(demo: Demo) -> None:
    clinicians = demo.session.scalars(select(ClinicianRow)).all()
    addresses = demo.session.scalars(select(AddressRow)).all()
    assert len(clinicians) == 24
    assert len(demo.session.scalars(select(PatientRow)).all()) == sum(CAST.values()) == 60
    assert {row.home_state for row in clinicians} == {"KS", "MO", "CO", "TN"}
    assert {row.timezone for row in clinicians} == {"America/Chicago", "America/Denver"}
    assert {"KS", "MO", "CO", "TN"} <= {row.state for row in addresses}


def test_phones_cannot_reach_anybody(demo: Demo) -> None:
    phones = [row.phone for row in demo.session.scalars(select(PatientRow)) if row.phone]
    assert len(set(phones)) == len(phones) == 58
    assert all(phone[5:10] == "55501" for phone in phones)


def test_licences_differ_as_promised(demo: Demo) -> None:
    rows = demo.session.scalars(select(ClinicianRow)).all()
    nurses = [row for row in rows if row.credential is Credential.RN]
    assert any(licence.multistate for row in nurses for licence in row.licences)
    singles = {
        licence.state for row in nurses for licence in row.licences if not licence.multistate
    }
    assert {"KS", "MO"} <= singles
    expired = [row.name for row in rows if all(x.valid_through < TODAY for x in row.licences)]
    assert expired == ["Gus Example"]
    assert [row.name for row in nurses if "iv_start" not in {s.skill for s in row.skills}] == [
        "Hal Example"
    ]
    off = demo.session.scalars(select(TimeOffRow)).one()
    assert off.first_day <= TODAY <= off.last_day
    physician = next(row for row in rows if row.credential is Credential.MD)
    assert {x.state for x in physician.licences} == {"KS", "MO", "CO", "TN"}


def test_scope_rules_say_that_they_are_examples(demo: Demo) -> None:
    rules = demo.session.scalars(select(ScopeRuleRow)).all()
    assert {rule.state for rule in rules} == {"KS", "MO", "CO", "TN"}
    assert all(rule.citation.startswith("EXAMPLE") for rule in rules)


def may_practise(row: ClinicianRow, visit: VisitRow, state: str, members: set[str]) -> bool:
    first, last = (
        local_day(at, visit.timezone)
        for at in (visit.window_starts_at, visit.window_ends_at + timedelta(hours=3))
    )

    def counts(licence: LicenceRow) -> bool:
        compact = licence.multistate and licence.state == row.home_state and state in members
        in_dates = licence.valid_from <= first and last <= licence.valid_through
        return in_dates and (licence.state == state or compact)

    return any(counts(licence) for licence in row.licences)


def test_every_visit_has_a_clinician_who_is_licensed_there_and_then(demo: Demo) -> None:
    session = demo.session
    members = {row.state for row in session.scalars(select(CompactMemberRow)) if row.privilege_from}
    visits = standing_visits(session)
    assert visits
    for visit in visits:
        state = session.get_one(AddressRow, visit.address_id).state
        assert may_practise(
            session.get_one(ClinicianRow, visit.clinician_id), visit, state, members
        ), f"{visit.starts_at} in {state}"


def overlaps(visits: Iterable[VisitRow]) -> bool:
    ordered = sorted(visits, key=lambda visit: visit.starts_at)
    return any(after.starts_at < before.ends_at for before, after in pairwise(ordered))


def test_nobody_is_in_two_places(demo: Demo) -> None:
    for whose in ("clinician_id", "patient_id"):
        together: dict[UUID, list[VisitRow]] = defaultdict(list)
        for visit in standing_visits(demo.session):
            together[getattr(visit, whose)].append(visit)
        assert not any(overlaps(visits) for visits in together.values())


def test_requests_stand_in_every_state(demo: Demo) -> None:
    states = Counter(row.state for row in demo.session.scalars(select(VisitRequestRow)))
    assert states[RequestState.AWAITING_REVIEW] == CAST[Part.AWAITING_REVIEW]
    assert states[RequestState.AWAITING_ORDER] == CAST[Part.AWAITING_ORDER]
    assert states[RequestState.OPEN] >= CAST[Part.OPEN] + CAST[Part.UNASSIGNABLE]
    assert states[RequestState.BOOKED] >= 40


def test_some_open_requests_say_why_nobody_can_come(demo: Demo) -> None:
    dispatcher = Actor(UUID(int=1), Role.DISPATCHER)
    desk = Desk(demo.session, demo_ports(), PRACTICE, dispatcher)
    rows = demo.session.scalars(
        select(VisitRequestRow.id).where(VisitRequestRow.state == RequestState.OPEN)
    ).all()
    causes = Counter(found.cause.value for each in rows if (found := offers_for(desk, each)).cause)
    assert causes == {"not_verified_state": 1, "nobody_near": 2}


def test_history_holds_doses_given_in_time_and_only_signed_ones(demo: Demo) -> None:
    session = demo.session
    given: dict[UUID, list[AdministrationRow]] = defaultdict(list)
    for row in session.scalars(select(AdministrationRow).order_by(AdministrationRow.started_at)):
        attempt = session.get_one(AttemptRow, row.attempt_id)
        assert attempt.signed_hash is not None
        given[attempt.series_id].append(row)
    assert max(len(rows) for rows in given.values()) >= 3
    for rows in given.values():
        for before, after in pairwise(rows):
            gap = after.started_at - before.ended_at
            assert timedelta(hours=72) <= gap <= timedelta(hours=168)
    assert sum(row.aborted for rows in given.values() for row in rows) == 1


def test_everyone_promised_can_sign_in(demo: Demo) -> None:
    clock = demo_ports().clock
    actors = {
        entry.role: find_actor(demo.session, clock, entry.token) for entry in demo.sign_ins.entries
    }
    assert set(actors) == set(Role)
    assert all(actor is not None and actor.role is role for role, actor in actors.items())


def test_the_load_is_seen(demo: Demo, session: Session) -> None:
    assert any_account(demo.session)
    assert not any_account(session)


def promises(session: Session) -> list[tuple[object, ...]]:
    """Return what every fictitious patient but the tour's own was promised, without ids."""
    return sorted(
        (
            session.get_one(PatientRow, visit.patient_id).name,
            visit.window_starts_at,
            visit.window_ends_at,
            session.get_one(ClinicianRow, visit.clinician_id).name,
            visit.state.value,
        )
        for visit in session.scalars(select(VisitRow))
        if session.get_one(PatientRow, visit.patient_id).name != "Pat Example"
    )


def test_the_same_seed_and_now_give_the_same_practice(demo: Demo, tour: Tour) -> None:
    assert promises(demo.session) == promises(tour.session)


@pytest.mark.soak
def test_the_practice_loads_on_each_database(session: Session, demo: Demo) -> None:
    load_demo(session, demo_ports(), PRACTICE, password_hash="")
    assert promises(session) == promises(demo.session)
