"""A day's file is read as it stands, or refused by name with everything that is wrong with it."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.instance_file import InstanceError, parse_instance, read_instance
from benchmarks.model import Break, Clinician, EstimatedTravel, Pin, Visit, minutes_table
from tests.benchmarks.days import a_clinician, a_day, a_visit

Record = dict[str, Any]


def problems_of(record: Any) -> tuple[str, ...]:
    with pytest.raises(InstanceError) as refused:
        parse_instance(record)
    return refused.value.problems


def test_every_field_arrives() -> None:
    instance = parse_instance(
        a_day(
            [a_clinician(end=None, pause={"minutes": 30, "window": [660, 700.5]})],
            [a_visit(pinned={"clinician": "Ada", "start": 600}, preferred="Ada")],
        )
    )
    assert instance.travel == EstimatedTravel(1.3, 40)
    assert instance.clinicians == (
        Clinician("Ada", (39.1, -94.5), None, (480, 960), Break(30, (660, 700.5)), 6, 180),
    )
    assert instance.visits == (
        Visit(
            "Ann",
            (39.15, -94.5),
            60,
            ((540, 720),),
            1,
            ("Ada",),
            Pin("Ada", 600),
            "Ada",
        ),
    )


def test_what_may_be_null_may_be_absent() -> None:
    clinician, visit = a_clinician(), a_visit()
    for record, fields in ((clinician, ("end", "break")), (visit, ("pinned", "preferred"))):
        for field in fields:
            record.pop(field)
    instance = parse_instance(a_day([clinician], [visit]))
    assert (instance.clinicians[0].end, instance.clinicians[0].pause) == (None, None)
    assert (instance.visits[0].pinned, instance.visits[0].preferred) == (None, None)


@pytest.mark.parametrize("clinicians", [[], [a_clinician()]])
def test_a_day_without_visits_is_a_day(clinicians: list[Record]) -> None:
    assert parse_instance(a_day(clinicians, [])).visits == ()


def test_a_visit_nobody_may_make_is_a_visit() -> None:
    assert parse_instance(a_day([a_clinician()], [a_visit(allowed=[])])).visits[0].takers == ()


def test_windows_that_touch_or_overlap_are_one_span() -> None:
    visit = a_visit(windows=[[600, 660], [540, 570], [660, 690], [550, 560]])
    assert parse_instance(a_day([a_clinician()], [visit])).visits[0].starts == (
        (540, 570),
        (600, 690),
    )


PINNED: Record = {"pinned": {"clinician": "Ada", "start": 600}}
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no day at all": (list, "instance: clinicians is missing"),
    "no clinicians": (lambda: a_day([], [a_visit(allowed=[])]), "no clinicians for 1 visits"),
    "inverted window": (
        lambda: a_day([a_clinician()], [a_visit(windows=[[720, 540]])]),
        "visit Ann, window: it ends at 540, before it begins at 720",
    ),
    "no window": (
        lambda: a_day([a_clinician()], [a_visit(windows=[])]),
        "visit Ann: it has no window",
    ),
    "inverted shift": (
        lambda: a_day([a_clinician(shift=[960, 480])], []),
        "clinician Ada, shift: it ends at 480, before it begins at 960",
    ),
    "inverted break": (
        lambda: a_day([a_clinician(pause={"minutes": 30, "window": [700, 600]})], []),
        "clinician Ada, break, window: it ends at 600, before it begins at 700",
    ),
    "service longer than the shift": (
        lambda: a_day([a_clinician()], [a_visit(service_minutes=481)]),
        "visit Ann: its service of 481 minutes exceeds the longest shift of those allowed, 480",
    ),
    "service below zero": (
        lambda: a_day([a_clinician()], [a_visit(service_minutes=-1)]),
        "visit Ann, service_minutes: -1 is below 0",
    ),
    "coordinates that are no number": (
        lambda: a_day([a_clinician()], [a_visit(point=[math.nan, -94.5])]),
        "visit Ann, point: nan is not a finite number",
    ),
    "coordinates off the Earth": (
        lambda: a_day([a_clinician(start=[94.5, -39.1])], []),
        "clinician Ada, start: 94.5, -39.1 is no place on Earth",
    ),
    "half a visit at most": (
        lambda: a_day([a_clinician(max_visits=1.5)], []),
        "clinician Ada, max_visits: 1.5 is not a whole number",
    ),
    "allowed people nobody knows": (
        lambda: a_day([a_clinician()], [a_visit(allowed=["Ada", "Eve"])]),
        "visit Ann, allowed: there is no clinician Eve",
    ),
    "a wish for nobody": (
        lambda: a_day([a_clinician()], [a_visit(preferred="Eve")]),
        "visit Ann, preferred: there is no clinician Eve",
    ),
    "two of a name": (
        lambda: a_day([a_clinician(), a_clinician()], []),
        "clinician Ada: 2 have this id",
    ),
    "pinned to somebody who may not": (
        lambda: a_day([a_clinician(), a_clinician("Cy")], [a_visit(allowed=["Cy"], **PINNED)]),
        "visit Ann: it is pinned to Ada, who is not allowed",
    ),
    "pinned outside the windows": (
        lambda: a_day([a_clinician()], [a_visit(windows=[[540, 590]], **PINNED)]),
        "visit Ann: it is pinned to 600, outside its windows",
    ),
    "pins that overlap": (
        lambda: a_day([a_clinician()], [a_visit(**PINNED), a_visit("Ben", **PINNED)]),
        "visit Ann and visit Ben: both are pinned to one clinician, at 600 and 600, "
        "too close for service and travel",
    ),
    "pins beyond the shift": (
        lambda: a_day([a_clinician(shift=[480, 650])], [a_visit(**PINNED)]),
        "clinician Ada: the pinned visits Ann cannot be kept",
    ),
    "out of reach": (
        lambda: a_day([a_clinician()], [a_visit(point=[-39.1, 94.5])]),
        "visit Ann: it is out of reach",
    ),
    "speed of nothing": (
        lambda: a_day([a_clinician()], [], travel={"detour": 1.3, "kmh": 0}),
        "travel: detour 1.3 and kmh 0 must be above 0",
    ),
    "too few rows": (
        lambda: a_day([a_clinician()], [a_visit()], travel={"minutes": [[0, 1], [1, 0]]}),
        "travel: minutes has 2 rows for 3 places",
    ),
    "rows of unlike length": (
        lambda: a_day(
            [a_clinician()], [a_visit()], travel={"minutes": [[0, 0, 1], [0, 0], [1, 1, 0]]}
        ),
        "travel: minutes, row 2 is not square: 2 columns, 3 places",
    ),
    "a place no way leads to": (
        lambda: a_day(
            [a_clinician()],
            [a_visit()],
            travel={"minutes": [[0, 0, None], [0, 0, math.inf], [1, 1, 0]]},
        ),
        "visit Ann: it cannot be reached, no way leads there",
    ),
    "minutes below zero": (
        lambda: a_day(
            [a_clinician()],
            [a_visit()],
            travel={"minutes": [[0, 0, 5], [0, 0, -5], [1, 1, 0]]},
        ),
        "clinician Ada (end) to visit Ann: -5 is no travel time",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_planned_is_refused_by_name(name: str) -> None:
    make, sentence = REFUSED[name]
    assert any(sentence in problem for problem in problems_of(make()))


def test_every_problem_is_named_at_once() -> None:
    record = a_day(
        [a_clinician(shift=[960, 480])], [a_visit(windows=[[1]]), a_visit("Ben", priority=None)]
    )
    assert [problem.split(",")[0].split(":")[0] for problem in problems_of(record)] == [
        "clinician Ada",
        "visit Ann",
        "visit Ben",
    ]


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    path.write_text("{")
    with pytest.raises(InstanceError, match=r"day\.json: "):
        read_instance(path)


def test_the_table_of_minutes_is_by_great_circle_and_free_without_an_end() -> None:
    instance = parse_instance(
        a_day(
            [a_clinician(start=[39.0, -94.0], end=None, max_travel_minutes=900)],
            [a_visit(point=[40.0, -94.0])],
        )
    )
    way = 111.19492664 * 1.3 / 40 * 60
    expected: list[list[float]] = [[0, 0, way], [0, 0, 0], [way, 0, 0]]
    assert np.allclose(minutes_table(instance), expected, rtol=1e-9)


def test_a_measured_table_is_taken_as_it_is_but_for_an_end_that_is_none() -> None:
    minutes = [[0, 7, 10], [8, 0, 9], [20, 6, 0]]
    record = a_day([a_clinician(end=None)], [a_visit()], travel={"minutes": minutes})
    assert minutes_table(parse_instance(record)).tolist() == [[0, 0, 10], [0, 0, 0], [20, 0, 0]]


@pytest.mark.parametrize("allowed", [["Ada", None], ["Ada", True], ["Ada", 1.5], [["Ada"]]])
def test_ids_are_texts_or_whole_numbers(allowed: list[Any]) -> None:
    record = a_day([a_clinician()], [a_visit(allowed=allowed)])
    assert "visit Ann, allowed: " in problems_of(record)[0]


def test_numbers_may_be_ids_and_each_counts_once() -> None:
    record = a_day([a_clinician("Ada"), a_clinician("Cy", id=7)], [a_visit(allowed=[7, "Ada", 7])])
    assert parse_instance(record).visits[0].allowed == (7, "Ada")
