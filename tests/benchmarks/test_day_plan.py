"""Our engine plans the days of the benchmark's format, judged by the checker of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.day_plan import main
from benchmarks.instances import make_instance
from tests.benchmarks.days import a_clinician, a_day, a_visit, checked

pytestmark = pytest.mark.xdist_group("kernels")


def plan_of(folder: Path, record: dict[str, Any], seconds: float = 0.3) -> dict[str, Any]:
    day, plan = folder / "day.json", folder / "plan.json"
    day.write_text(json.dumps(record))
    status = main(["--instance", str(day), "--seconds", str(seconds), "--out", str(plan)])
    assert status == 0
    made: dict[str, Any] = json.loads(plan.read_text())
    return made


@pytest.mark.parametrize("visits", [20, 60, 300])
@pytest.mark.parametrize("measured", [False, True], ids=["estimated", "measured"])
def test_plans_keep_every_rule(tmp_path: Path, visits: int, measured: bool) -> None:
    record = make_instance(visits, 3, measured=measured)
    answer = checked(record, plan_of(tmp_path, record))
    assert answer.violations == ()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 21))
def test_many_plans_keep_every_rule(tmp_path: Path, seed: int) -> None:
    record = make_instance(60 + 40 * seed, seed, measured=seed % 2 == 0)
    assert checked(record, plan_of(tmp_path, record)).violations == ()


def test_a_lone_visit_is_made(tmp_path: Path) -> None:
    record = a_day([a_clinician()], [a_visit()])
    assert [len(route["stops"]) for route in plan_of(tmp_path, record)["routes"]] == [1]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (a_day([a_clinician()], []), "visits: there is nothing to plan"),
        (a_day([a_clinician()], [a_visit(windows=[[600, 500]])]), "window"),
        (a_day([a_clinician()], [a_visit(service_minutes=5000)]), "visit Ann: its service of 5000"),
    ],
    ids=["empty day", "inverted window", "longer than the shift"],
)
def test_what_cannot_be_planned_is_named_and_no_plan_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record: dict[str, Any], words: str
) -> None:
    day, plan = tmp_path / "day.json", tmp_path / "plan.json"
    day.write_text(json.dumps(record))
    assert main(["--instance", str(day), "--seconds", "0.1", "--out", str(plan)]) == 2
    assert words in capsys.readouterr().err
    assert not plan.exists()
