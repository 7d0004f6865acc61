"""The tour prints every part of the main job, in plain words."""

import re

import pytest

from tests.demo.conftest import Tour

pytestmark = pytest.mark.xdist_group("demo")


@pytest.mark.parametrize(
    "heading",
    [
        "1. The request",
        "2. Why this clinician",
        "3. The series",
        "4. The routes of ",
        "5. What the patient is texted",
    ],
)
def test_every_part_is_printed(tour: Tour, heading: str) -> None:
    assert f"\n{heading}" in tour.printed


def test_only_the_released_dose_is_shown_in_mg(tour: Tour) -> None:
    series = part(tour, "3. The series", "4. The routes")
    assert re.findall(r"[\d.]+ mg\b(?!/)", series) == ["18 mg"]
    assert "0.25 mg/kg x 72.4 kg = 18 mg, released" in series
    assert series.count("dose not released yet") == 5


def test_reasons_name_the_expired_license_and_the_missing_skill(tour: Tour) -> None:
    reasons = part(tour, "2. Why this clinician", "3. The series")
    assert "Missouri license expired" in reasons
    assert "no Missouri license or privilege: " in reasons
    assert "lacks the skill" in reasons


def test_routes_say_when_to_leave_and_how_long_to_drive(tour: Tour) -> None:
    routes = part(tour, "4. The routes", "5. What the patient")
    assert re.search(r"leave by \d\d:\d\d, drive \d+ min to MO 64108", routes)
    assert re.search(r"promised .* CST\), end \d\d:\d\d", routes)


def test_texts_show_their_time_where_the_patient_lives_and_no_dose(tour: Tour) -> None:
    texts = part(tour, "5. What the patient is texted", None)
    times = re.findall(r"^\w{3} \w{3} \d+, (\d\d):\d\d ([AP]M) C[SD]T$", texts, re.MULTILINE)
    assert len(times) >= 6
    assert all(8 <= int(hour) % 12 + 12 * (half == "PM") < 21 for hour, half in times)
    assert " mg" not in texts


def test_no_engine_code_reaches_the_screen(tour: Tour) -> None:
    assert not re.search(r"\bH\d\b|[A-Z]+_[A-Z]+|[a-z]_[a-z]|ELIGIBLE|TENTATIVE", tour.printed)


def part(tour: Tour, begins: str, ends: str | None) -> str:
    rest = tour.printed[tour.printed.index(begins) :]
    return rest if ends is None else rest[: rest.index(ends)]
