"""The checker of plans: a plan that keeps every rule, then one broken rule after the other."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.check.__main__ import describe
from benchmarks.check.reading import UnreadableFileError, read_case, read_plan
from benchmarks.check.rules import judge

ROOT = Path(__file__).resolve().parents[2]

# Minutes from row to column: Ada's start, Cy's start, Ada's end, Cy's end (he has none), Ann, Ben,
# Dee. Ada sets out at 480, reaches Ann at 500 and stays until 560. On the way to Ben, 40 minutes,
# she rests from 570 to 600 and arrives at 630 for a window that opens at 640. She is back by 725.
MINUTES = [
    [0, 9, 0, 0, 20, 50, 99],
    [9, 0, 9, 0, 30, 30, 15],
    [0, 9, 0, 0, 20, 50, 99],
    [0, 0, 0, 0, 0, 0, 0],
    [21, 30, 22, 0, 0, 40, 60],
    [45, 30, 25, 0, 41, 0, 60],
    [99, 15, 99, 0, 60, 60, 0],
]
INSTANCE: dict[str, Any] = {
    "travel": {"minutes": MINUTES},
    "clinicians": [
        {
            "id": "Ada",
            "start": [39.1, -94.5],
            "end": [39.1, -94.5],
            "shift": [480, 730],
            "break": {"minutes": 30, "window": [560, 620]},
            "max_visits": 2,
            "max_travel_minutes": 90,
        },
        {
            "id": "Cy",
            "start": [39.2, -94.5],
            "end": None,
            "shift": [480, 600],
            "break": None,
            "max_visits": 3,
            "max_travel_minutes": 60,
        },
    ],
    "visits": [
        {
            "id": "Ann",
            "point": [39.1, -94.6],
            "service_minutes": 60,
            "windows": [[490, 500], [900, 960]],
            "priority": 1,
            "allowed": ["Ada"],
            "pinned": {"clinician": "Ada", "start": 500},
            "preferred": "Ada",
        },
        {
            "id": "Ben",
            "point": [39.1, -94.7],
            "service_minutes": 60,
            "windows": [[640, 650]],
            "priority": 2,
            "allowed": ["Ada", "Cy"],
            "pinned": None,
            "preferred": None,
        },
        {
            "id": "Dee",
            "point": [39.1, -94.8],
            "service_minutes": 60.5,
            "windows": [[500, 530]],
            "priority": 4,
            "allowed": ["Cy"],
            "pinned": None,
            "preferred": None,
        },
    ],
}
PLAN: dict[str, Any] = {
    "routes": [
        {
            "clinician": "Ada",
            "break_start": 570,
            "stops": [
                {"visit": "Ann", "arrive": 500, "start": 500, "end": 560},
                {"visit": "Ben", "arrive": 630, "start": 640, "end": 700},
            ],
        },
        {
            "clinician": "Cy",
            "break_start": None,
            "stops": [{"visit": "Dee", "arrive": 495, "start": 500, "end": 560.5}],
        },
    ],
    "unassigned": [],
    "travel_minutes": 100.0,
    "assigned_priority": 7,
}

Change = Callable[[dict[str, Any], dict[str, Any]], object]


def violations(change: Change) -> tuple[str, ...]:
    """Return what the checker says after a change to a copy of the instance and the plan."""
    instance, plan = copy.deepcopy(INSTANCE), copy.deepcopy(PLAN)
    change(instance, plan)
    return judge(read_case(instance), read_plan(plan)).violations


def ada(plan: dict[str, Any]) -> Any:
    return plan["routes"][0]


def ben(plan: dict[str, Any]) -> Any:
    return plan["routes"][0]["stops"][1]


def move_ben(plan: dict[str, Any], **times: float) -> bool:
    ben(plan).update(times)
    return True


def leave_dee(plan: dict[str, Any]) -> None:
    plan["routes"].pop(1)
    plan.update(unassigned=["Dee"], travel_minutes=85, assigned_priority=3)


def give_ann_to_cy(instance: dict[str, Any], plan: dict[str, Any]) -> None:
    instance["visits"][0]["allowed"] = ["Ada", "Cy"]
    instance["visits"][0]["windows"] = [[490, 900]]
    instance["clinicians"][1].update(shift=[480, 900], max_travel_minutes=180)
    ann = ada(plan)["stops"].pop(0)
    ann.update(arrive=620.5, start=620.5, end=680.5)
    plan["routes"][1]["stops"].append(ann)
    plan.update(travel_minutes=50 + 25 + 15 + 60)


def leave_ann(_: dict[str, Any], plan: dict[str, Any]) -> None:
    ada(plan)["stops"].pop(0)
    plan.update(unassigned=["Ann"], travel_minutes=90, assigned_priority=6)


BROKEN: dict[str, tuple[Change, str]] = {
    "visit left out": (
        lambda _, plan: (
            plan["routes"].pop(1) and plan.update(travel_minutes=85, assigned_priority=3)
        ),
        "visit Dee: is missing, neither in a route nor unassigned",
    ),
    "visit twice": (
        lambda _, plan: plan["unassigned"].append("Dee"),
        "visit Dee: appears 2 times",
    ),
    "visit nobody asked for": (
        lambda _, plan: plan["unassigned"].append("Eve"),
        "visit Eve: is planned but not in the instance",
    ),
    "clinician nobody knows": (
        lambda _, plan: plan["routes"].append({"clinician": "Eve", "stops": []}),
        "clinician Eve: has a route but is not in the instance",
    ),
    "two routes for one": (
        lambda _, plan: plan["routes"].append({"clinician": "Cy", "stops": []}),
        "clinician Cy: has 2 routes",
    ),
    "not allowed": (
        lambda instance, _: instance["visits"][1].update(allowed=["Cy"]),
        "visit Ben: Ada is not allowed to make it",
    ),
    "pinned visit left out": (leave_ann, "visit Ann: is pinned to Ada but left unassigned"),
    "pinned to another": (give_ann_to_cy, "visit Ann: is pinned to Ada but planned for Cy"),
    "pinned to another time": (
        lambda instance, _: instance["visits"][0]["pinned"].update(start=499.5),
        "visit Ann: is pinned to 08:19 (499.5) but starts at 08:20 (500)",
    ),
    "before the window": (
        lambda _, plan: move_ben(plan, start=639, end=699),
        "visit Ben: starts at 10:39 (639), outside its windows 10:40 (640) to 10:50 (650)",
    ),
    "after the window": (
        lambda _, plan: move_ben(plan, start=650.25, end=710.25),
        "visit Ben: starts at 10:50 (650.25), outside its windows 10:40 (640) to 10:50 (650)",
    ),
    "starts before it arrives": (
        lambda _, plan: move_ben(plan, arrive=641),
        "visit Ben: starts at 10:40 (640), before the arrival at 10:41 (641)",
    ),
    "service cut short": (
        lambda _, plan: move_ben(plan, end=699),
        "visit Ben: lasts 59 minutes, not 60",
    ),
    "too fast": (
        lambda _, plan: move_ben(plan, arrive=629),
        "visit Ben: Ada arrives at 10:29 (629) after 39 minutes of driving since 09:20 (560); "
        "the way takes 40",
    ),
    "out before the shift": (
        lambda instance, _: instance["clinicians"][1].update(shift=[481, 600]),
        "visit Dee: Cy arrives at 08:15 (495) after 14 minutes of driving since 08:01 (481); "
        "the way takes 15",
    ),
    "back after the shift": (
        lambda instance, _: instance["clinicians"][0].update(shift=[480, 724]),
        "clinician Ada: the day ends at 12:05 (725), after the shift's end at 12:04 (724)",
    ),
    "last visit over after the shift": (
        lambda instance, _: instance["clinicians"][1].update(shift=[480, 560]),
        "clinician Cy: the day ends at 09:20 (560.5), after the shift's end at 09:20 (560)",
    ),
    "no break": (
        lambda _, plan: ada(plan).update(break_start=None),
        "clinician Ada: works without the break",
    ),
    "break that is not due": (
        lambda _, plan: plan["routes"][1].update(break_start=580),
        "clinician Cy: takes a break but has none",
    ),
    "break before its window": (
        lambda instance, _: instance["clinicians"][0]["break"].update(window=[571, 620]),
        "clinician Ada: the break starts at 09:30 (570), outside its window "
        "09:31 (571) to 10:20 (620)",
    ),
    "break after its window": (
        lambda instance, _: instance["clinicians"][0]["break"].update(window=[560, 569]),
        "clinician Ada: the break starts at 09:30 (570), outside its window "
        "09:20 (560) to 09:29 (569)",
    ),
    "break during a visit": (
        lambda instance, plan: (
            instance["clinicians"][0]["break"].update(window=[540, 620]),
            ada(plan).update(break_start=555),
        ),
        "clinician Ada: the break at 09:15 (555) overlaps visit Ann",
    ),
    "break into a visit": (
        lambda _, plan: ada(plan).update(break_start=615),
        "clinician Ada: the break at 10:15 (615) overlaps visit Ben",
    ),
    "arrival in the break": (
        lambda _, plan: ada(plan).update(break_start=605),
        "clinician Ada: the break at 10:05 (605) is not over at the arrival at visit Ben",
    ),
    "break outside the shift": (
        lambda instance, plan: (
            instance["clinicians"][0]["break"].update(window=[560, 720]),
            ada(plan).update(break_start=701),
        ),
        "clinician Ada: the break at 11:41 (701) is not inside the shift",
    ),
    "too many visits": (
        lambda instance, _: instance["clinicians"][0].update(max_visits=1),
        "clinician Ada: has 2 visits, at most 1 are allowed",
    ),
    "too much driving, first and last legs included": (
        lambda instance, _: instance["clinicians"][0].update(max_travel_minutes=84.5),
        "clinician Ada: drives 85 minutes, at most 84.5 are allowed",
    ),
    "travel claimed wrongly": (
        lambda _, plan: plan.update(travel_minutes=99),
        "plan: claims 99 minutes of travel, not 100",
    ),
    "priority claimed wrongly": (
        lambda _, plan: plan.update(assigned_priority=6),
        "plan: claims 6 assigned priority, not 7",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    change, sentence = BROKEN[name]
    assert sentence in violations(change)


KEPT: dict[str, Change] = {
    "the plan as it is": lambda _, __: None,
    "a window's last minute": lambda instance, plan: (
        move_ben(plan, start=650, end=710),
        instance["clinicians"][0].update(shift=[480, 735]),
    ),
    "a break while waiting at the door": lambda instance, plan: (
        move_ben(plan, arrive=600),
        instance["clinicians"][0]["break"].update(window=[560, 620]),
        ada(plan).update(break_start=610),
    ),
    "a break before setting out": lambda instance, plan: (
        instance["clinicians"][0].update(shift=[450, 730]),
        instance["clinicians"][0]["break"].update(window=[440, 460]),
        ada(plan).update(break_start=450),
        move_ben(plan, arrive=600),
    ),
    "a break on the way home": lambda instance, plan: (
        instance["clinicians"][0].update(shift=[480, 755]),
        instance["clinicians"][0]["break"].update(window=[700, 720]),
        ada(plan).update(break_start=710),
    ),
    "a break at home": lambda instance, plan: (
        instance["clinicians"][0].update(shift=[480, 755]),
        instance["clinicians"][0]["break"].update(window=[700, 730]),
        ada(plan).update(break_start=725),
    ),
    "a visit nobody makes": lambda _, plan: leave_dee(plan),
    "nobody at work needs no break": lambda instance, plan: (
        instance["visits"].clear(),
        instance.update(travel={"detour": 1.3, "kmh": 40}),
        plan.update(
            routes=[{"clinician": "Ada", "break_start": None, "stops": []}],
            travel_minutes=0,
            assigned_priority=0,
        ),
    ),
    "Ada arrives later than she could": lambda _, plan: move_ben(plan, arrive=640),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_plan_within_the_rules_is_valid(name: str) -> None:
    assert violations(KEPT[name]) == ()


def test_the_cost_is_travel_hours_and_the_priority_left_out() -> None:
    instance, plan = copy.deepcopy(INSTANCE), copy.deepcopy(PLAN)
    leave_dee(plan)
    verdict = judge(read_case(instance), read_plan(plan))
    assert verdict.cost_hours == pytest.approx(85 / 60 + 5.556 * 4)
    assert describe(verdict, as_json=False).splitlines() == [
        "cost 23.641 h: 1.417 h of travel, 1 visits unassigned (priority 4)",
        "valid",
    ]


def test_estimated_minutes_are_great_circle_times_detour_at_one_speed() -> None:
    instance = copy.deepcopy(INSTANCE)
    instance["travel"] = {"detour": 1.3, "kmh": 40}
    instance["clinicians"][0]["start"] = [39.0, -94.0]
    instance["visits"][0]["point"] = [40.0, -94.0]
    case = read_case(instance)
    one_degree_km = 111.19492664  # 6,371 km x pi / 180
    assert case.minutes(0, 4) == pytest.approx(one_degree_km * 1.3 / 40 * 60)


def test_minutes_may_differ_by_direction() -> None:
    """Back from Ben takes 25 minutes, the way there would take 50."""
    assert not violations(lambda _, __: None)
    turned = [list(column) for column in zip(*MINUTES, strict=True)]
    assert violations(lambda instance, _: instance.update(travel={"minutes": turned}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda i, _: i.pop("visits"), "file: visits is missing"),
        (lambda i, _: i["visits"][0].update(windows=[[1]]), "visit Ann, windows"),
        (lambda i, _: i["visits"].append(i["visits"][0]), "visit Ann: there are 2 of this id"),
        (lambda i, _: i["travel"]["minutes"].pop(), "minutes is not 7 rows of 7"),
        (lambda i, _: i["clinicians"][0].update(shift=[480, None]), "clinician Ada, shift"),
        (lambda i, _: i.update(travel={"detour": 1, "kmh": 0}), "kmh must be above 0"),
        (lambda _, p: p.pop("unassigned"), "plan: unassigned is missing"),
        (lambda _, p: ben(p).update(arrive=float("nan")), "route of Ada, arrive"),
        (lambda _, p: p.update(travel_minutes="far"), "plan, travel_minutes"),
    ],
)
def test_what_cannot_be_read_is_named(change: Change, sentence: str) -> None:
    with pytest.raises(UnreadableFileError, match=sentence):
        violations(change)


def run(instance: Path, plan: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.check", str(instance), str(plan), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_exit_status_says_valid_broken_or_unreadable(tmp_path: Path) -> None:
    instance, plan = tmp_path / "day.json", tmp_path / "plan.json"
    instance.write_text(json.dumps(INSTANCE))
    plan.write_text(json.dumps(PLAN))
    valid = run(instance, plan, "--json")
    assert (valid.returncode, json.loads(valid.stdout)["violations"]) == (0, [])
    plan.write_text(json.dumps(PLAN | {"travel_minutes": 99}))
    broken = run(instance, plan)
    assert broken.returncode == 1
    assert broken.stdout.endswith("not 100\n1 rules broken\n")
    plan.write_text("{")
    unreadable = run(instance, plan)
    assert unreadable.returncode == 2
    assert "cannot read plan.json" in unreadable.stderr
