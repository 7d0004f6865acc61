"""The plan of a day: every rule kept, never worse, no promise dropped, the same every time."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import InvalidInput
from scheduler.matching.day_plan import DayPlan, plan_day
from scheduler.matching.day_problem import DayProblem, DayVisit, Pause, Pin, Shift
from scheduler.matching.stopping import Annealing, PlanCancelled, StopRule
from tests.matching.day_worlds import (
    broken_rules,
    can_be_driven,
    cheapest,
    cost_of_round,
    days,
    orders_of,
    with_pin,
)

pytestmark = pytest.mark.xdist_group("kernels")
ROOT = Path(__file__).parents[2]
SHORT = StopRule(trials=200)
WIDE = ((0.0, 600.0),)


@given(days(), st.integers(0, 2**31))
def test_a_plan_keeps_every_rule(day: DayProblem, seed: int) -> None:
    assert broken_rules(day, plan_day(day, SHORT, seed)) == []


@given(days(), st.integers(0, 2**31))
def test_a_plan_made_from_another_is_never_worse_and_drops_no_promise(
    day: DayProblem, seed: int
) -> None:
    first = plan_day(day, StopRule(trials=0), seed)
    pinned = with_pin(day, first)
    second = plan_day(pinned, SHORT, seed, current=orders_of(first))
    assert broken_rules(pinned, second) == []
    assert second.cost <= second.began_at <= first.cost + 1e-6
    promised = {visit.id for visit in day.visits if visit.promised}
    assert promised & set(second.unassigned) <= promised & set(first.unassigned)


@given(days(most_visits=4), st.integers(0, 2**31))
def test_small_days_get_the_best_plan_there_is(day: DayProblem, seed: int) -> None:
    found = plan_day(day, StopRule(trials=2_000), seed, annealing=Annealing(60, 1))
    assert found.cost == pytest.approx(cheapest(day))


@given(days(), st.integers(0, 2**31))
def test_insertions_agree_with_driving_every_possibility(day: DayProblem, seed: int) -> None:
    assert_insertions_agree(day, seed)


@pytest.mark.soak
@given(days(), st.integers(0, 2**31))
def test_thousands_of_insertions_agree(day: DayProblem, seed: int) -> None:
    assert_insertions_agree(day, seed)


def assert_insertions_agree(day: DayProblem, seed: int) -> None:
    """Expect a visit to go in at exactly the places at which the longer round can be driven."""
    from scheduler.matching.kernels.loading import load_rounds, load_work, waiting
    from scheduler.matching.kernels.ruin_recreate import cheapest_place

    current = orders_of(plan_day(day, SHORT, seed))
    work = load_work(day)
    plan = load_rounds(day, work, current)
    for visit in waiting(plan).tolist():
        for k, shift in enumerate(day.shifts):
            order = plan.order[k, : plan.length[k]].tolist()
            longer = [(*order[:at], visit, *order[at:]) for at in range(len(order) + 1)]
            added = [cost_of_round(day, k, each) - cost_of_round(day, k, order) for each in longer]
            able = shift.clinician in day.visits[visit].allowed and len(order) < shift.max_visits
            fitting = [
                cost
                for each, cost in zip(longer, added, strict=True)
                if can_be_driven(day, k, each)
            ]
            _, cost = cheapest_place(work, plan, visit, k)
            if able:
                assert cost - work.extra[visit, k] == min(fitting, default=np.inf)


def test_the_same_seed_and_trials_give_the_same_plan() -> None:
    day = busy_day()
    assert plan_day(day, SHORT, seed=3) == plan_day(day, SHORT, seed=3)
    plans = {plan_day(day, StopRule(trials=20), seed=seed).cost for seed in range(8)}
    assert len(plans) > 1


def test_plain_python_finds_the_plan_that_compiled_loops_find() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "from tests.matching.test_day_plan import *; print(told())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert answer.stdout.strip() == told()


def told() -> str:
    return repr(orders_of(plan_day(busy_day(), SHORT, seed=5)))


def busy_day(many: int = 30) -> DayProblem:
    """Return more visits on a square of an hour's drive than five clinicians can make."""
    rng = np.random.default_rng(11)
    points = rng.uniform(0, 40, (10 + many, 2))
    points[5:10] = points[:5]
    minutes = np.abs(points[:, None] - points).sum(axis=2).round()
    shifts = tuple(Shift(k, 0, 540, Pause(180, 300, 30), 6, 240) for k in range(5))
    visits = tuple(
        DayVisit(v, 60, ((opens, opens + 120),), frozenset(rng.permutation(5)[:3].tolist()), 333)
        for v, opens in enumerate(rng.integers(0, 400, many).tolist())
    )
    return DayProblem(shifts, visits, minutes)


def test_longer_search_is_worth_its_time() -> None:
    day = busy_day(60)
    quick, long = (plan_day(day, StopRule(trials=many), 1).cost for many in (0, 20_000))
    assert long < 0.9 * quick


def test_whoever_asked_may_call_it_off_and_sees_how_far_it_is() -> None:
    day = busy_day()
    told: list[tuple[float, float]] = []

    def until_half(share: float, cost: float) -> bool:
        told.append((share, cost))
        return share < 0.5

    with pytest.raises(PlanCancelled):
        plan_day(day, StopRule(trials=4_000), progress=until_half)
    shares, costs = zip(*told, strict=True)
    assert shares[0] == 0
    assert list(shares) == sorted(shares)
    assert shares[-2] < 0.5 <= shares[-1] < 1
    assert list(costs) == sorted(costs, reverse=True)


def test_a_search_by_the_watch_ends() -> None:
    shares: list[float] = []

    def listen(share: float, _cost: float) -> bool:
        shares.append(share)
        return True

    plan = plan_day(busy_day(), StopRule(seconds=0.3), progress=listen)
    assert plan.trials > 0
    assert shares[-1] == 1.0
    assert len(shares) > 2


ADA = Shift("ada", 0, 480, None, 6, 240)
NORA = DayVisit("nora", 60, WIDE, frozenset({"ada"}), 300)


def day_of(*visits: DayVisit, shifts: tuple[Shift, ...] = (ADA,), drive: float = 10) -> DayProblem:
    size = 2 * len(shifts) + len(visits)
    return DayProblem(shifts, visits, np.full((size, size), float(drive)))


def unreachable(nowhere: float) -> DayProblem:
    minutes = np.zeros((4, 4))
    minutes[3, :] = nowhere
    return DayProblem((ADA,), (NORA, replace(NORA, id="omar")), minutes)


CANNOT = {
    "nobody works": (lambda: day_of(NORA, shifts=()), "clinicians: nobody works"),
    "nothing to do": (lambda: day_of(), "visits: there is nothing to plan"),
    "window inverted": (
        lambda: day_of(replace(NORA, windows=((60, 30),))),
        "visit nora: the window from 60 to 30 closes before it opens",
    ),
    "window without end": (
        lambda: day_of(replace(NORA, windows=((0, float("inf")),))),
        "visit nora: the window from 0 to inf",
    ),
    "no window": (lambda: day_of(replace(NORA, windows=())), "visit nora: has no window"),
    "longer than the shift": (
        lambda: day_of(replace(NORA, minutes=481)),
        "visit nora: lasts 481 minutes, longer than every shift",
    ),
    "no length": (lambda: day_of(replace(NORA, minutes=0)), "visit nora: must last longer"),
    "worth nothing known": (
        lambda: day_of(replace(NORA, worth=float("nan"))),
        "visit nora: worth must be a number",
    ),
    "extra below nothing": (
        lambda: day_of(replace(NORA, extra={"ada": -1})),
        "visit nora: extra costs",
    ),
    "not a number of minutes": (lambda: unreachable(float("nan")), "visit omar: cannot be reached"),
    "unreachable": (lambda: unreachable(float("inf")), "visit omar: cannot be reached"),
    "table too small": (
        lambda: DayProblem((ADA,), (NORA,), np.zeros((2, 2))),
        "minutes: must be 3 by 3",
    ),
    "stranger": (
        lambda: day_of(replace(NORA, allowed=frozenset({"bea"}))),
        "visit nora: allowed names nobody of the day: bea",
    ),
    "twice": (lambda: day_of(NORA, NORA), "visit nora: is there twice"),
    "clinician twice": (lambda: day_of(NORA, shifts=(ADA, ADA)), "clinician ada: is there twice"),
    "shift inverted": (
        lambda: day_of(NORA, shifts=(replace(ADA, closes=-1),)),
        "clinician ada: the shift from 0 to -1 has no length",
    ),
    "break inverted": (
        lambda: day_of(NORA, shifts=(replace(ADA, pause=Pause(200, 100, 30)),)),
        "clinician ada: the break's window from 200 to 100",
    ),
    "break of nothing": (
        lambda: day_of(NORA, shifts=(replace(ADA, pause=Pause(100, 200, 0)),)),
        "clinician ada: a break must last",
    ),
    "negative limits": (
        lambda: day_of(NORA, shifts=(replace(ADA, max_visits=-1),)),
        "clinician ada: max_visits",
    ),
    "pinned to a stranger": (
        lambda: day_of(replace(NORA, pinned=Pin("bea", 30))),
        "visit nora: is pinned to clinician bea, who may not",
    ),
    "pinned outside its windows": (
        lambda: day_of(replace(NORA, windows=((0, 20),), pinned=Pin("ada", 30))),
        "visit nora: is pinned to 30, outside its windows",
    ),
    "pinned outside the shift": (
        lambda: day_of(replace(NORA, pinned=Pin("ada", 450))),
        "visit nora: is pinned to 450, outside the shift",
    ),
}


@pytest.mark.parametrize(("make", "words"), CANNOT.values(), ids=CANNOT)
def test_what_cannot_be_planned_is_named(make: Callable[[], DayProblem], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


def test_pins_that_contradict_each_other_are_named() -> None:
    day = day_of(
        replace(NORA, pinned=Pin("ada", 100)), replace(NORA, id="omar", pinned=Pin("ada", 130))
    )
    with pytest.raises(InvalidInput, match="clinician ada: cannot keep visit nora, visit omar"):
        plan_day(day, SHORT)


def test_a_current_plan_that_cannot_be_driven_is_refused() -> None:
    far = day_of(NORA, replace(NORA, id="omar"), drive=200)
    with pytest.raises(InvalidInput, match="clinician ada: cannot keep visit nora, visit omar"):
        plan_day(far, SHORT, current=[["nora", "omar"]])
    with pytest.raises(InvalidInput, match="visit pia: is not of this day"):
        plan_day(far, SHORT, current=[["pia"]])
    with pytest.raises(InvalidInput, match="visit nora: is in the plan twice"):
        plan_day(far, SHORT, current=[["nora", "nora"]])
    with pytest.raises(InvalidInput, match="current: must have 1 rounds"):
        plan_day(far, SHORT, current=[])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (StopRule, "trials or seconds"),
        (lambda: StopRule(trials=-1), "trials >= 0"),
        (lambda: StopRule(seconds=float("nan")), "seconds >= 0"),
        (lambda: Annealing(hot=1, cold=2), "cold <= hot"),
    ],
)
def test_parameters_name_the_rule_they_break(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_promise_is_not_given_up_for_another_one() -> None:
    nora = replace(NORA, windows=((100, 100),), promised=True)
    omar = replace(nora, id="omar", worth=900)
    plan = plan_day(day_of(nora, omar), SHORT, current=[["nora"]])
    assert plan.unassigned == ("omar",)


def test_told_patients_keep_their_clinician_where_the_tax_outweighs_the_drive() -> None:
    bea = replace(ADA, clinician="bea")
    minutes = np.full((5, 5), 40.0)
    minutes[1, 4] = minutes[4, 3] = minutes[4, 1] = 5.0  # bea lives close by
    both = frozenset({"ada", "bea"})

    def giver(tax: float) -> str:
        nora = replace(NORA, allowed=both, extra={"bea": tax})
        plan: DayPlan = plan_day(
            DayProblem((ADA, bea), (nora,), minutes), SHORT, current=[["nora"], []]
        )
        return next(str(each.clinician) for each in plan.rounds if each.stops)

    assert giver(30) == "bea"
    assert giver(120) == "ada"
