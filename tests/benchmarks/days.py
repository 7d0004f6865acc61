"""Small days to plan, for the tests of the benchmarks."""

from typing import Any

from benchmarks.check.reading import read_case, read_plan
from benchmarks.check.rules import Verdict, judge


def a_clinician(
    who: str = "Ada", *, pause: dict[str, Any] | None = None, **other: Any
) -> dict[str, Any]:
    """Return a clinician who works from eight to four; `pause` is the break."""
    return {
        "id": who,
        "start": [39.1, -94.5],
        "end": [39.1, -94.5],
        "shift": [480, 960],
        "break": pause,
        "max_visits": 6,
        "max_travel_minutes": 180,
    } | other


def a_visit(what: str = "Ann", **other: Any) -> dict[str, Any]:
    """Return a visit of an hour that Ada may begin from nine to twelve."""
    return {
        "id": what,
        "point": [39.15, -94.5],
        "service_minutes": 60,
        "windows": [[540, 720]],
        "priority": 1,
        "allowed": ["Ada"],
        "pinned": None,
        "preferred": None,
    } | other


def a_day(
    clinicians: list[dict[str, Any]], visits: list[dict[str, Any]], **other: Any
) -> dict[str, Any]:
    """Return the JSON of a day; travel is estimated unless `travel` says otherwise."""
    return {
        "travel": {"detour": 1.3, "kmh": 40},
        "clinicians": clinicians,
        "visits": visits,
    } | other


def checked(record: dict[str, Any], plan: dict[str, Any]) -> Verdict:
    """Return what the independent checker says of a plan."""
    return judge(read_case(record), read_plan(plan))
