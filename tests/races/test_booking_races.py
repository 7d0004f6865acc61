"""Nothing is sold twice, whoever is fast; everyone who lost is told so, with what is left (I7)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from scheduler.store.people import Role
from tests.conftest import Database
from tests.races.rivals import Crowd, Rival, crowd_waiting
from tests.races.town import Person, Town
from tests.server import Answer, Server, server_running

AFTERNOON = timedelta(hours=4)
DAYS_AHEAD = 3


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with crowd_waiting() as crowd:
        yield crowd


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[Server]:
    with server_running(database.url, tmp_path) as server:
        yield server


def rivals_for(
    server: Server, people: list[Person], clinician: UUID, starts_at: datetime, seed: int = 0
) -> list[Rival]:
    choice: dict[str, object] = {
        "clinician_id": str(clinician),
        "starts_at": starts_at.isoformat(),
    }
    return [
        Rival(server.port, person.token, person.request_id, choice, seed=seed * 1000 + number)
        for number, person in enumerate(people)
    ]


def cancel(server: Server, staff: str, answers: list[Answer]) -> None:
    for answer in answers:
        if answer.status == 201:
            path = f"/visits/{answer.body['id']}/cancellation"
            assert server.client(staff).post(path, {"reason": "next round"}).status == 200


def assert_told_that_it_is_gone(answer: Answer, *, offers: bool) -> None:
    assert (answer.status, answer.kind) == (409, "application/problem+json")
    assert answer.body["code"] == "slot_taken"
    assert answer.body["errors"].keys() == {"starts_at"}
    assert bool(answer.body["offers"]) is offers


def one_slot(server: Server, town: Town, crowd: Crowd, size: int, rounds: int) -> None:
    (ada,) = town.clinicians(1)
    opens = town.noon(DAYS_AHEAD)
    people = town.people(size, opens, AFTERNOON)
    staff = town.token(Role.DISPATCHER)
    for number in range(rounds):
        starts_at = opens + timedelta(minutes=5 * number)
        answers = crowd.race(rivals_for(server, people, ada, starts_at))
        assert Counter(answer.status for answer in answers) == {201: 1, 409: size - 1}
        for answer in answers:
            if answer.status != 201:
                assert_told_that_it_is_gone(answer, offers=True)
        assert len(town.live_visits()) == 1
        town.assert_nobody_in_two_places()
        cancel(server, staff, answers)


def many_slots(server: Server, town: Town, crowd: Crowd, size: int, rounds: int) -> None:
    clinicians = town.clinicians(20)
    opens = town.noon(DAYS_AHEAD)
    people = town.people(size, opens)
    staff = town.token(Role.DISPATCHER)
    for number in range(rounds):
        rivals = rivals_for(server, people, clinicians[number], opens, number)
        answers = crowd.race(rivals, follow=True)
        assert Counter(answer.status for answer in answers) == {201: 20, 409: size - 20}
        for answer in answers:
            if answer.status != 201:
                assert_told_that_it_is_gone(answer, offers=False)
        visits = town.live_visits()
        assert {visit.clinician_id for visit in visits} == set(clinicians)
        assert len(visits) == 20
        town.assert_nobody_in_two_places()
        cancel(server, staff, answers)


def test_of_50_who_want_one_time_one_gets_it_and_49_get_other_offers(
    server: Server, town: Town, crowd: Crowd
) -> None:
    one_slot(server, town, crowd, size=50, rounds=1)


@pytest.mark.soak
@pytest.mark.parametrize(("size", "rounds"), [(50, 20), (200, 3)])
def test_of_many_who_want_one_time_one_gets_it_over_and_over(
    server: Server, town: Town, crowd: Crowd, size: int, rounds: int
) -> None:
    one_slot(server, town, crowd, size, rounds)


def test_20_free_clinicians_are_all_booked_and_none_twice(
    server: Server, town: Town, crowd: Crowd
) -> None:
    many_slots(server, town, crowd, size=30, rounds=1)


@pytest.mark.soak
@pytest.mark.parametrize(("size", "rounds"), [(50, 8), (200, 2)])
def test_20_free_clinicians_are_all_booked_and_none_twice_over_and_over(
    server: Server, town: Town, crowd: Crowd, size: int, rounds: int
) -> None:
    many_slots(server, town, crowd, size, rounds)


def test_an_act_sent_ten_times_at_once_is_done_once(
    server: Server, town: Town, crowd: Crowd
) -> None:
    (ada,) = town.clinicians(1)
    opens = town.noon(DAYS_AHEAD)
    (pat,) = town.people(1, opens, AFTERNOON)
    choice: dict[str, object] = {"clinician_id": str(ada), "starts_at": opens.isoformat()}
    same = [Rival(server.port, pat.token, pat.request_id, choice, key="once")] * 10
    answers = crowd.race(same)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(town.live_visits()) == 1
    choice = choice | {"starts_at": (opens + timedelta(hours=2)).isoformat()}
    other = Rival(server.port, pat.token, pat.request_id, choice, key="once").take()
    assert (other.status, other.body["code"]) == (409, "changed_meanwhile")
    assert "Idempotency-Key" in other.body["detail"]
    (visit,) = town.live_visits()
    assert visit.starts_at == opens


def test_one_key_for_two_patients_at_once_books_one_of_them(
    server: Server, town: Town, crowd: Crowd
) -> None:
    clinicians = town.clinicians(8)
    opens = town.noon(DAYS_AHEAD)
    people = town.people(8, opens)
    staff = town.token(Role.DISPATCHER)
    rivals = [
        Rival(
            server.port,
            staff,
            person.request_id,
            {"clinician_id": str(ada), "starts_at": opens.isoformat()},
            key="the same by mistake",
        )
        for person, ada in zip(people, clinicians, strict=True)
    ]
    answers = crowd.race(rivals)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 7}
    refusals = [answer.body["code"] for answer in answers if answer.status == 409]
    assert refusals == ["changed_meanwhile"] * 7
    assert len(town.live_visits()) == 1
