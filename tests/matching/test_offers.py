"""What is offered, to whom it is not, and that one start decided alone gets the same answer."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

import pytest

from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import Point
from scheduler.domain.timing import TimeWindow, at_local, from_minute, local_day, to_minute
from scheduler.matching.decide import NotEligible, SlotTaken, decide, route_problem
from scheduler.matching.eligibility import HardRule
from scheduler.matching.insertion import GRID_MINUTES, Numbers, retime, route_legs
from scheduler.matching.model import Break, Candidate, Route, Schedule, Stop, Wanted
from scheduler.matching.offers import EmptyCause, Offer, OfferList, find_offers, rank_options
from scheduler.matching.options import wished_moments
from scheduler.matching.score import Terms, Weights
from tests.matching.worlds import (
    ADA,
    BEA,
    CY,
    PATIENT,
    PLACES,
    TableTravel,
    as_route,
    flat_travel,
    free_day,
    licence,
    local_window,
    nurse,
    place,
    point,
    random_day,
    random_table,
    rulebook,
    service,
    window_of,
)

CENTRAL = "America/Chicago"
TUESDAY = date(2026, 10, 27)
NEAR = flat_travel(20)
HOTEL = place("MO", "64108", CENTRAL)
HOME = place("KS", "66101", CENTRAL)
MORNING = local_window(TUESDAY, time(10), time(12), CENTRAL)


def team() -> dict[UUID, Candidate]:
    """Ada: Kansas multistate. Bea: Kansas alone. Cy: Missouri alone, through the day before."""
    people = (
        nurse(ADA, licence("KS", multistate=True)),
        nurse(BEA, licence("KS")),
        nurse(CY, licence("MO", through=date(2026, 10, 26))),
    )
    return {person.id: person for person in people}


def schedule(*routes: Route, people: Sequence[Candidate] | None = None) -> Schedule:
    clinicians = team() if people is None else {person.id: person for person in people}
    return Schedule(clinicians, routes, rulebook("KS", "MO"))


def all_free(*days: date) -> Schedule:
    return schedule(*(free_day(who, day, CENTRAL) for who in (ADA, BEA, CY) for day in days))


def wish(**changes: object) -> Wanted:
    wanted = Wanted(PATIENT, service(), HOME, (MORNING,))
    return replace(wanted, **changes)  # type: ignore[arg-type]


def words(answer: OfferList) -> dict[UUID, str]:
    return {exclusion.clinician_id: exclusion.words for exclusion in answer.exclusions}


def rule_of(answer: OfferList, clinician_id: UUID) -> HardRule:
    return next(e.rule for e in answer.exclusions if e.clinician_id == clinician_id)


def test_a_hotel_over_the_line_is_for_who_may_practise_there() -> None:
    answer = find_offers(wish(place=HOTEL), all_free(TUESDAY), NEAR)
    assert {offer.clinician_id for offer in answer.offers} == {ADA}
    assert words(answer) == {
        BEA: "no Missouri license or privilege",
        CY: "Missouri license expired 10-26",
    }
    assert answer.cause is None


def test_at_home_in_kansas_both_kansas_nurses_may_come() -> None:
    ranked = rank_options(wish(place=HOME), all_free(TUESDAY), NEAR)
    assert {offer.clinician_id for offer in ranked} == {ADA, BEA}


def test_a_state_that_nobody_verified_is_closed_to_all() -> None:
    los_angeles = place("CA", "90012", "America/Los_Angeles")
    answer = find_offers(wish(place=los_angeles), all_free(TUESDAY), NEAR)
    assert answer.offers == ()
    assert set(words(answer).values()) == {"not verified for this state"}
    assert answer.cause is EmptyCause.NOT_VERIFIED_STATE


def test_a_licence_that_ends_tonight_is_no_use_for_a_visit_past_midnight() -> None:
    late = local_window(date(2026, 10, 26), time(20), time(23, 30), CENTRAL)
    route = free_day(CY, date(2026, 10, 26), CENTRAL, (15, 23))
    route = replace(route, shift_end=route.shift_end + 300)
    ranked = rank_options(wish(place=HOTEL, windows=(late,)), schedule(route), NEAR)
    latest_arrival = max(offer.window.ends_at for offer in ranked)
    assert latest_arrival + timedelta(minutes=90) < at_local(TUESDAY, time(0), CENTRAL)
    assert max(offer.starts_at for offer in ranked) == at_local(
        date(2026, 10, 26), time(21, 15), CENTRAL
    )


def test_the_promised_window_ends_with_the_wanted_one() -> None:
    ranked = rank_options(wish(), all_free(TUESDAY), NEAR)
    late = [
        offer for offer in ranked if offer.starts_at == at_local(TUESDAY, time(11, 30), CENTRAL)
    ]
    assert {offer.window.ends_at for offer in late} == {MORNING.ends_at}
    early = [offer for offer in ranked if offer.starts_at == MORNING.starts_at]
    assert {offer.window.minutes for offer in early} == {60}


def test_the_patients_other_visit_keeps_its_time() -> None:
    busy = local_window(TUESDAY, time(13), time(14), CENTRAL)
    ranked = rank_options(wish(patient_busy=(busy,)), all_free(TUESDAY), NEAR)
    assert ranked
    for offer in ranked:
        assert offer.window.ends_at + timedelta(minutes=90) <= busy.starts_at


def test_one_visit_a_day_in_a_series() -> None:
    answer = find_offers(wish(days_taken=frozenset({TUESDAY})), all_free(TUESDAY), NEAR)
    assert answer.offers == ()
    assert answer.cause is EmptyCause.NO_FREE_TIME
    assert rule_of(answer, ADA) is HardRule.SERIES


def full_morning(who: UUID) -> Route:
    opens = to_minute(at_local(TUESDAY, time(9), CENTRAL))
    stop = Stop(UUID(int=5), point(2), opens, opens, 300, opens)
    return free_day(who, TUESDAY, CENTRAL, (7, 21), stop)


@pytest.mark.parametrize(
    ("route", "minutes", "rule", "expected"),
    [
        (full_morning(ADA), 20, HardRule.TRAVEL, "no room between other visits"),
        (free_day(ADA, TUESDAY, CENTRAL), 400, HardRule.TRAVEL, "too far"),
        (
            replace(full_morning(ADA), max_visits=1),
            20,
            HardRule.REST,
            "has as many visits as a day may hold",
        ),
        (
            free_day(ADA, TUESDAY, CENTRAL, (14, 21)),
            20,
            HardRule.SHIFT,
            "works at other hours on these days",
        ),
        (
            free_day(ADA, TUESDAY - timedelta(days=1), CENTRAL),
            20,
            HardRule.SHIFT,
            "no shift on these days",
        ),
    ],
)
def test_each_reason_names_the_first_rule_in_the_way(
    route: Route, minutes: int, rule: HardRule, expected: str
) -> None:
    answer = find_offers(wish(), schedule(route), flat_travel(minutes))
    assert (rule_of(answer, ADA), words(answer)[ADA]) == (rule, expected)


def test_a_day_off_is_named() -> None:
    off = replace(schedule(), off={(ADA, TUESDAY): "off that day"})
    answer = find_offers(wish(), off, NEAR)
    assert words(answer)[ADA] == "off that day"
    assert answer.cause is EmptyCause.NOBODY_WORKS


def test_who_lacks_the_skill_is_named_before_the_shift() -> None:
    people = [nurse(ADA, licence("KS"), skills=())]
    answer = find_offers(wish(), schedule(people=people), NEAR)
    assert words(answer) == {ADA: "lacks the skill: iv"}
    assert answer.cause is EmptyCause.NOBODY_SKILLED


def test_six_offers_hold_the_soonest_and_the_preferred_and_many_days() -> None:
    days = [TUESDAY + timedelta(days=offset) for offset in range(5)]
    windows = tuple(local_window(day, time(8), time(19), CENTRAL) for day in days)
    routes = [free_day(ADA, day, CENTRAL) for day in days]
    routes.append(free_day(BEA, days[3], CENTRAL))
    wanted = wish(windows=windows, preferred_clinician_id=BEA)
    answer = find_offers(wanted, schedule(*routes), NEAR)
    assert len(answer.offers) == 6
    assert windows[0].starts_at in {offer.starts_at for offer in answer.offers}
    assert BEA in {offer.clinician_id for offer in answer.offers}
    assert {offer.on for offer in answer.offers} == set(days)
    assert len({local_part(offer) for offer in answer.offers}) > 1


def local_part(offer: Offer) -> int:
    midnight = at_local(local_day(offer.starts_at, CENTRAL), time(0), CENTRAL)
    hours = (offer.starts_at - midnight).total_seconds() / 3600
    return int(hours >= 12) + int(hours >= 17)


def test_ranking_is_by_total_then_start_then_clinician() -> None:
    days = (TUESDAY, TUESDAY + timedelta(days=1))
    windows = tuple(local_window(day, time(8), time(19), CENTRAL) for day in days)
    ranked = rank_options(wish(windows=windows), all_free(*days), NEAR)
    keys = [(offer.terms.total, offer.starts_at, offer.clinician_id) for offer in ranked]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def random_case(rng: random.Random) -> tuple[Wanted, Schedule, TableTravel]:
    """Return one or two clinicians' Tuesday and a wish that meets all kinds of trouble."""
    table = random_table(rng)
    travel = TableTravel(table)
    opens = to_minute(at_local(TUESDAY, time(8), CENTRAL))
    routes = []
    for who in (ADA, BEA):
        day = random_day(rng, table, opens)
        draft = as_route(day, who, TUESDAY, [call.earliest for call in day.calls])
        arrivals = retime(draft, route_legs(draft, travel)) or []
        routes.append(as_route(day, who, TUESDAY, arrivals))
    first = opens + rng.randint(-30, 200)
    windows = [window_of(first, first + rng.choice([0, 90, 300]))]
    if rng.random() < 0.5:
        windows.append(window_of(first + 60, first + 60 + rng.choice([0, 200])))
    busy = window_of(first + 100, first + 140)
    wanted = Wanted(
        PATIENT,
        service(care=rng.choice([10, 40]), window=rng.choice([0, 30, 60])),
        place(rng.choice(["KS", "KS", "MO"]), "66101", CENTRAL, rng.randrange(PLACES)),
        tuple(windows),
        patient_busy=(busy,) if rng.random() < 0.2 else (),
    )
    return wanted, schedule(*routes), travel


def decided_starts(wanted: Wanted, on: Schedule, route: Route, travel: TableTravel) -> set[int]:
    """Return the starts, of every quarter of the day and every window's edges, that decide lets."""
    low, high = route.shift_start - 120, route.shift_end + 120
    edges = [edge for window in wanted.windows for edge in (window.starts_at, window.ends_at)]
    asked = {*range(low - low % GRID_MINUTES, high, GRID_MINUTES), *map(to_minute, edges)}
    found = set()
    for minute in asked:
        candidate = on.clinicians[route.clinician_id]
        try:
            decision = decide(wanted, candidate, route, from_minute(minute), on.rulebook, travel)
        except (NotEligible, SlotTaken):
            continue
        found.add(minute)
        assert route_problem(with_visit(route, wanted, decision.position, minute), travel) is None
    return found


def with_visit(route: Route, wanted: Wanted, position: int, minute: int) -> Route:
    minutes = wanted.service.visit_minutes
    new = Stop(PATIENT, wanted.place.point, minute, minute, minutes, minute)
    return replace(route, stops=(*route.stops[:position], new, *route.stops[position:]))


def test_offers_and_decisions_never_disagree() -> None:
    rng = random.Random(4)
    offered = 0
    for _ in range(120):
        wanted, on, travel = random_case(rng)
        ranked = rank_options(wanted, on, travel)
        on_grid = set(wished_moments(wanted).start.tolist())
        for route in on.routes:
            mine = {to_minute(o.starts_at) for o in ranked if o.clinician_id == route.clinician_id}
            assert mine == decided_starts(wanted, on, route, travel) & on_grid
            offered += len(mine)
    assert offered > 250


def test_a_decision_promises_what_the_offer_did_and_shifts_others_inside_their_windows() -> None:
    rng = random.Random(5)
    shifted = 0
    for _ in range(150):
        wanted, on, travel = random_case(rng)
        for offer in rank_options(wanted, on, travel):
            route = next(r for r in on.routes if r.clinician_id == offer.clinician_id)
            person = on.clinicians[offer.clinician_id]
            decision = decide(wanted, person, route, offer.starts_at, on.rulebook, travel)
            assert decision.planned.window == offer.window
            assert decision.planned.ends_at == offer.ends_at
            stops = {stop.visit_id: stop for stop in route.stops}
            for visit_id, arrival in decision.others.items():
                stop = stops[visit_id]
                assert stop.earliest <= to_minute(arrival) <= stop.latest
                shifted += 1
    assert shifted > 50


def test_a_start_is_refused_by_name() -> None:
    route, person = free_day(BEA, TUESDAY, CENTRAL), team()[BEA]
    rules = rulebook("KS", "MO")
    with pytest.raises(NotEligible) as not_eligible:
        decide(wish(place=HOTEL), person, route, MORNING.starts_at, rules, NEAR)
    assert not_eligible.value.exclusion.rule is HardRule.CREDENTIAL
    with pytest.raises(SlotTaken) as taken:
        decide(wish(), person, full_morning(BEA), MORNING.starts_at, rules, NEAR)
    assert (taken.value.code, taken.value.field) == ("slot_taken", "starts_at")
    with pytest.raises(InvalidInput) as invalid:
        decide(wish(), person, route, MORNING.starts_at + timedelta(seconds=5), rules, NEAR)
    assert set(invalid.value.problems) == {"starts_at"}


def test_a_route_says_what_is_wrong_with_it() -> None:
    opens = to_minute(at_local(TUESDAY, time(9), CENTRAL))
    stops = [
        Stop(UUID(int=k), point(k), opens + 120 * k, opens + 120 * k, 90, opens + 120 * k)
        for k in range(1, 4)
    ]
    route = free_day(ADA, TUESDAY, CENTRAL, (7, 21), *stops)
    assert route_problem(route, NEAR) is None
    problems = [
        route_problem(replace(route, max_visits=2), NEAR),
        route_problem(replace(route, max_travel_minutes=79), NEAR),
        route_problem(route, flat_travel(31)),
        route_problem(replace(route, pause=Break(30, opens + 120, opens + 300)), NEAR),
        route_problem(replace(route, shift_end=opens + 460), NEAR),
    ]
    assert problems == [
        "3 visits where the day allows 2",
        "80 minutes of driving; the day allows 79",
        "visit 2 of the day cannot be reached inside its window",
        "no room for the break",
        "the way home ends after the shift",
    ]


@pytest.mark.parametrize("name", ["travel", "idle", "clinician_change", "spread"])
def test_a_weight_below_zero_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Weights(**{name: -1})


def test_terms_add_up_and_can_be_read() -> None:
    terms = Terms(12, 3, 30, 0, 0)
    assert terms.total == 45
    assert [minutes for _, minutes in terms.readable()] == [12, 3, 30]


def test_at_least_one_offer_must_be_asked_for() -> None:
    with pytest.raises(ValueError, match="most"):
        find_offers(wish(), all_free(TUESDAY), NEAR, most=0)


def test_no_window_and_no_clinician_give_an_empty_list_with_a_cause() -> None:
    nobody = schedule(people=[])
    assert find_offers(wish(), nobody, NEAR).cause is EmptyCause.NOBODY_NEAR
    answer = find_offers(wish(windows=()), all_free(TUESDAY), NEAR)
    assert answer.cause is EmptyCause.NO_FREE_TIME


def test_minutes_a_hair_apart_are_the_same_drive() -> None:
    class Shaky:
        """Says 20 minutes, or a hair more when asked for more than one pair at once."""

        def __call__(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Numbers:
            hair = 1e-12 if len(origins) * len(destinations) > 1 else 0.0
            return NEAR(origins, destinations) * 0 + 20 + hair

    route = full_morning(ADA)
    assert route_legs(route, Shaky()).tolist() == [20.0, 20.0]


def test_windows_are_read_to_the_minute_inside_them() -> None:
    odd = TimeWindow(
        MORNING.starts_at + timedelta(seconds=1), MORNING.starts_at + timedelta(minutes=16)
    )
    ranked = rank_options(wish(windows=(odd,)), all_free(TUESDAY), NEAR)
    assert {offer.starts_at for offer in ranked} == {MORNING.starts_at + timedelta(minutes=15)}
