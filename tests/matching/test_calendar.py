"""Series: the days a next dose may fall on, and all visits placed at once."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import product
from uuid import UUID

import pytest

from scheduler.domain.protocols import GapRule, GapUnit
from scheduler.domain.series import DoseTimes, gap_holds
from scheduler.domain.timing import TimeWindow, at_local, local_day
from scheduler.matching.calendar import SeriesDoesNotFit, SeriesSteps, plan_series, series_windows
from scheduler.matching.model import Schedule, Wanted
from scheduler.matching.offers import Offer, find_offers, rank_options
from tests.matching.worlds import (
    ADA,
    BEA,
    PATIENT,
    flat_travel,
    free_day,
    licence,
    local_window,
    nurse,
    place,
    rulebook,
    service,
)

THREE_TO_FIVE_DAYS = GapRule(GapUnit.ELAPSED_HOURS, 72, 120)
WEEKLY = GapRule(GapUnit.LOCAL_DAYS, 7, 7)
DENVER, PHOENIX, CENTRAL = "America/Denver", "America/Phoenix", "America/Chicago"
FRIDAY = date(2026, 10, 30)
NEAR = flat_travel(20)


def ended(hour: int, minute: int, zone: str) -> DoseTimes:
    end = at_local(FRIDAY, time(hour, minute), zone)
    return DoseTimes.given(end - timedelta(minutes=40), end)


def all_of(day: date, zone: str) -> TimeWindow:
    return local_window(day, time(0), time(23, 59), zone)


@pytest.mark.parametrize(
    ("state", "zip_code", "zone", "first", "last"),
    [
        ("CO", "80202", DENVER, time(10, 15), time(10)),
        ("AZ", "86515", DENVER, time(10, 15), time(10)),
        ("AZ", "85004", PHOENIX, time(11, 15), time(11)),
    ],
)
def test_hours_between_doses_are_elapsed_hours_across_the_clock_change(
    state: str, zip_code: str, zone: str, first: time, last: time
) -> None:
    bounds = series_windows(THREE_TO_FIVE_DAYS, ended(11, 40, zone), 30, zone)
    windows = tuple(TimeWindow(*pair) for pair in bounds)
    wanted = Wanted(PATIENT, service(preparation=30), place(state, zip_code, zone), windows)
    days = [FRIDAY + timedelta(days=offset) for offset in range(7)]
    on = Schedule(
        {ADA: nurse(ADA, licence("CO", multistate=True))},
        tuple(free_day(ADA, day, zone) for day in days),
        rulebook("CO", "AZ"),
    )
    starts = sorted(offer.starts_at for offer in rank_options(wanted, on, NEAR))
    assert starts[0] == at_local(date(2026, 11, 2), first, zone)
    assert starts[-1] == at_local(date(2026, 11, 4), last, zone)
    assert find_offers(wanted, on, NEAR).offers[0].starts_at in starts


@pytest.mark.parametrize("gap", [THREE_TO_FIVE_DAYS, WEEKLY, GapRule(GapUnit.LOCAL_DAYS, 1, 3)])
def test_the_edges_of_a_next_doses_window_hold_the_gap_and_a_minute_beyond_does_not(
    gap: GapRule,
) -> None:
    previous = ended(11, 40, DENVER)
    [(first, last)] = series_windows(gap, previous, 30, DENVER)
    minute = timedelta(minutes=1)
    answers = [
        gap_holds(gap, previous, DoseTimes.planned((at, at), 30, 40), DENVER)
        for at in (first - minute, first, last, last + minute)
    ]
    assert answers == [False, True, True, False]


@dataclass(frozen=True)
class Case:
    wishes: tuple[Wanted, ...]
    steps: SeriesSteps
    on: Schedule


def random_case(rng: random.Random) -> Case:
    """Return a series of two to four visits with few starts each, across a clock change."""
    count = rng.randint(2, 4)
    gap = rng.choice(
        [
            None,
            GapRule(GapUnit.ELAPSED_HOURS, *rng.choice([(24, 48), (46, 50), (23, 25), (40, 72)])),
            GapRule(GapUnit.LOCAL_DAYS, *rng.choice([(1, 2), (2, 2), (1, 4)])),
        ]
    )
    days = [FRIDAY + timedelta(days=offset) for offset in range(1, 2 * count + 2)]
    windows = []
    for day in days:
        hour = rng.choice([8, 11, 15])
        windows.append(local_window(day, time(hour), time(hour, rng.choice([0, 15, 30])), DENVER))
    routes = [
        free_day(who, day, DENVER, (6, 21))
        for day in days
        for who in (ADA, BEA)
        if rng.random() < 0.6
    ]
    preferred = rng.choice([None, ADA, BEA])
    care = service(window=rng.choice([0, 30, 60]))
    home = place("CO", "80202", DENVER)
    wanted = Wanted(PATIENT, care, home, tuple(windows), preferred)
    steps = SeriesSteps(
        gap,
        30,
        tuple(rng.choice([20, 40]) for _ in range(count)),
        DENVER,
        rng.choice([None, ended(11, 40, DENVER)]),
        rng.choice([None, ADA, BEA]),
    )
    people = {who: nurse(who, licence("CO")) for who in (ADA, BEA)}
    busy = [replace(route, start=rng.choice([route.start, home.point])) for route in routes]
    return Case((wanted,) * count, steps, Schedule(people, tuple(busy), rulebook("CO")))


def planned(offer: Offer, window_end: datetime, dose: int) -> DoseTimes:
    return DoseTimes.planned((offer.starts_at, window_end), 30, dose)


def narrowed(before: DoseTimes | None, offer: Offer, steps: SeriesSteps) -> datetime:
    """Return the end of the promised window, shortened to the maximum gap if need be."""
    end = offer.window.ends_at
    if before is None or steps.gap is None or steps.gap.unit is not GapUnit.ELAPSED_HOURS:
        return end
    last = before.first_end + timedelta(hours=steps.gap.maximum, minutes=-30)
    return max(offer.starts_at, min(end, last))


def follows(before: DoseTimes, offer: Offer, end: datetime, dose: int, steps: SeriesSteps) -> bool:
    after = planned(offer, end, dose)
    if steps.gap is not None:
        return gap_holds(steps.gap, before, after, DENVER)
    return before.last_end < after.first_start


def chain_cost(case: Case, chain: Sequence[Offer]) -> float | None:
    """Return what a choice of offers costs, or None when it breaks a rule."""
    steps = case.steps
    before = steps.previous
    day = None if before is None else local_day(before.last_start, DENVER)
    cost, changes, clinician = 0.0, 0, steps.same_clinician_id
    for offer, dose in zip(chain, steps.dose_minutes, strict=True):
        end = narrowed(before, offer, steps)
        if before is not None and not follows(before, offer, end, dose, steps):
            return None
        if day is not None and local_day(offer.starts_at, DENVER) <= day:
            return None
        # A gap to the next visit is judged by the window as it would be promised unshortened.
        after = planned(offer, end, dose)
        whole = planned(offer, offer.window.ends_at, dose)
        before = replace(after, last_start=whole.last_start, last_end=whole.last_end)
        day = local_day(offer.window.ends_at, DENVER)
        cost += offer.terms.total
        if clinician is not None and clinician != offer.clinician_id:
            changes += 1
            cost += 30 if changes == 1 else 45
        clinician = offer.clinician_id
    return cost


def best_cost(case: Case) -> float | None:
    options = rank_options(case.wishes[0], case.on, NEAR)  # all wishes of a case are the same
    costs = [chain_cost(case, chain) for chain in product(options, repeat=len(case.wishes))]
    return min((cost for cost in costs if cost is not None), default=None)


def small(case: Case) -> bool:
    chains: int = len(rank_options(case.wishes[0], case.on, NEAR)) ** len(case.wishes)
    return chains <= 2_500


def check_plan(case: Case, plan: Sequence[Offer]) -> None:
    before = case.steps.previous
    for offer, dose in zip(plan, case.steps.dose_minutes, strict=True):
        after = planned(offer, offer.window.ends_at, dose)
        if before is not None and case.steps.gap is not None:
            assert gap_holds(case.steps.gap, before, after, DENVER)
        before = after
    days = [local_day(offer.starts_at, DENVER) for offer in plan]
    assert days == sorted(set(days))


def test_a_planned_series_is_the_cheapest_of_all_that_hold() -> None:
    rng = random.Random(6)
    checked = fitted = 0
    while checked < 200:
        case = random_case(rng)
        if not small(case):
            continue
        checked += 1
        expected = best_cost(case)
        if expected is None:
            with pytest.raises(SeriesDoesNotFit):
                plan_series(case.wishes, case.steps, case.on, NEAR)
            continue
        fitted += 1
        plan = plan_series(case.wishes, case.steps, case.on, NEAR)
        assert sum(offer.terms.total for offer in plan) == pytest.approx(expected)
        check_plan(case, plan)
    assert 50 < fitted < 190


def weekly_case(days: int, count: int, people: int) -> Case:
    """Return a big case: every day of `days`, `people` nurses, `count` visits."""
    dates = [FRIDAY + timedelta(days=offset) for offset in range(1, days + 1)]
    ids = [UUID(int=number) for number in range(1, people + 1)]
    windows = tuple(local_window(day, time(8), time(18), DENVER) for day in dates)
    wanted = Wanted(PATIENT, service(), place("CO", "80202", DENVER), windows)
    steps = SeriesSteps(THREE_TO_FIVE_DAYS, 30, (40,) * count, DENVER, ended(11, 40, DENVER))
    routes = tuple(free_day(who, day, DENVER, (8, 18)) for day in dates for who in ids)
    staff = {who: nurse(who, licence("CO")) for who in ids}
    return Case((wanted,) * count, steps, Schedule(staff, routes, rulebook("CO")))


def test_eight_visits_over_two_months_keep_one_clinician_and_every_gap() -> None:
    case = weekly_case(60, 8, 25)
    plan = plan_series(case.wishes, case.steps, case.on, NEAR)
    assert len({offer.clinician_id for offer in plan}) == 1
    check_plan(case, plan)


def test_a_promised_window_is_shortened_where_the_maximum_gap_needs_it() -> None:
    windows = (
        local_window(date(2026, 11, 4), time(9, 45), time(12), DENVER),
        local_window(date(2026, 11, 9), time(9, 45), time(12), DENVER),
    )
    case = weekly_case(12, 2, 1)
    wishes = tuple(replace(case.wishes[0], windows=(window,)) for window in windows)
    steps = replace(case.steps, same_clinician_id=ADA)
    first, second = plan_series(wishes, steps, case.on, NEAR)
    assert first.window.ends_at <= at_local(date(2026, 11, 4), time(10, 10), DENVER)
    assert second.window.ends_at - first.starts_at <= timedelta(hours=120, minutes=40)
    assert min(first.window.minutes, second.window.minutes) < 60


def test_a_series_that_does_not_fit_names_the_first_visit_that_cannot_be_placed() -> None:
    case = weekly_case(12, 4, 1)
    routes = tuple(route for route in case.on.routes if route.on < date(2026, 11, 8))
    with pytest.raises(SeriesDoesNotFit) as refused:
        plan_series(case.wishes, case.steps, replace(case.on, routes=routes), NEAR)
    assert refused.value.administration == 3
    assert refused.value.code == "series_does_not_fit"
    assert "Visit 3" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"preparation_minutes": -1}, "preparation_minutes"),
        ({"dose_minutes": ()}, "dose_minutes"),
        ({"dose_minutes": (40,) * 9}, "dose_minutes"),
        ({"dose_minutes": (-5,)}, "dose_minutes"),
        ({"gap": GapRule(GapUnit.LOCAL_DAYS, 5, 3)}, "gap"),
        ({"zone": "Mars/Olympus"}, "zone"),
    ],
)
def test_steps_that_make_no_sense_name_the_field(changes: dict[str, object], name: str) -> None:
    steps = SeriesSteps(THREE_TO_FIVE_DAYS, 30, (40,), DENVER)
    with pytest.raises(ValueError, match=name):
        replace(steps, **changes)  # type: ignore[arg-type]


def test_each_visit_needs_its_minutes() -> None:
    case = weekly_case(12, 2, 1)
    with pytest.raises(ValueError, match="dose_minutes"):
        plan_series(case.wishes[:1], case.steps, case.on, NEAR)
