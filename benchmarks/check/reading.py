"""Read an instance and a plan, by no other means than the standard library."""

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EARTH_RADIUS_KM = 6371.0


class UnreadableFileError(Exception):
    """A file is not what the format says; the text names the place."""


@dataclass(frozen=True)
class Clinician:
    """One clinician's day; minutes of the day. `row` is the place among the clinicians."""

    id: str
    row: int
    has_end: bool
    shift: tuple[float, float]
    break_minutes: float | None
    break_window: tuple[float, float]
    max_visits: float
    max_travel_minutes: float


@dataclass(frozen=True)
class Visit:
    """One visit; minutes of the day. `row` is the place among the visits."""

    id: str
    row: int
    service_minutes: float
    windows: tuple[tuple[float, float], ...]
    priority: float
    allowed: frozenset[str]
    pin: tuple[str, float] | None


@dataclass(frozen=True)
class Case:
    """An instance: who there is, what is asked, and the minutes from one place to another."""

    clinicians: dict[str, Clinician]
    visits: dict[str, Visit]
    minutes: Callable[[int, int], float]

    def start_of(self, clinician: Clinician) -> int:
        """Return the number of the clinician's starting place."""
        return clinician.row

    def end_of(self, clinician: Clinician) -> int:
        """Return the number of the place where the clinician's day ends."""
        return len(self.clinicians) + clinician.row

    def home_of(self, visit: Visit) -> int:
        """Return the number of the visit's place."""
        return 2 * len(self.clinicians) + visit.row


@dataclass(frozen=True)
class Stop:
    """A visit in a route as the plan claims it."""

    visit: str
    arrive: float
    start: float
    end: float


@dataclass(frozen=True)
class Route:
    """A clinician's day as the plan claims it."""

    clinician: str
    break_start: float | None
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Plan:
    """What the plan's file claims."""

    routes: tuple[Route, ...]
    unassigned: tuple[str, ...]
    travel_minutes: float
    assigned_priority: float


def load(path: Path) -> Any:
    """Return the JSON of a file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"{path.name}: {error}") from error


def get(record: Any, key: str, where: str) -> Any:
    """Return a field that must be there."""
    if not isinstance(record, dict) or key not in record:
        raise UnreadableFileError(f"{where}: {key} is missing")
    return record[key]


def items(record: Any, key: str, where: str) -> list[Any]:
    """Return a field that must be a list."""
    value = get(record, key, where)
    if not isinstance(value, list):
        raise UnreadableFileError(f"{where}: {key} is not a list")
    return value


def number(value: Any, where: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnreadableFileError(f"{where}: {value!r} is not a number")
    return float(value)


def pair(value: Any, where: str) -> tuple[float, float]:
    """Return two finite numbers."""
    if not isinstance(value, list) or len(value) != 2:
        raise UnreadableFileError(f"{where}: {value!r} is not a pair of numbers")
    return number(value[0], where), number(value[1], where)


def name(value: Any, where: str) -> str:
    """Return an id: a text, or a number taken as its text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableFileError(f"{where}: {value!r} is not an id")
    return str(value)


def read_clinician(record: Any, row: int) -> Clinician:
    """Return one clinician of the instance."""
    who = name(get(record, "id", f"clinician in place {row + 1}"), "clinicians")
    where = f"clinician {who}"
    pause = record.get("break")
    return Clinician(
        who,
        row,
        record.get("end") is not None,
        pair(get(record, "shift", where), f"{where}, shift"),
        None if pause is None else number(get(pause, "minutes", where), f"{where}, break"),
        (0.0, 0.0) if pause is None else pair(get(pause, "window", where), f"{where}, break"),
        number(get(record, "max_visits", where), f"{where}, max_visits"),
        number(get(record, "max_travel_minutes", where), f"{where}, max_travel_minutes"),
    )


def read_visit(record: Any, row: int) -> Visit:
    """Return one visit of the instance."""
    what = name(get(record, "id", f"visit in place {row + 1}"), "visits")
    where = f"visit {what}"
    pin = record.get("pinned")
    return Visit(
        what,
        row,
        number(get(record, "service_minutes", where), f"{where}, service_minutes"),
        tuple(pair(window, f"{where}, windows") for window in items(record, "windows", where)),
        number(get(record, "priority", where), f"{where}, priority"),
        frozenset(name(each, f"{where}, allowed") for each in items(record, "allowed", where)),
        None
        if pin is None
        else (
            name(get(pin, "clinician", where), f"{where}, pinned"),
            number(get(pin, "start", where), f"{where}, pinned"),
        ),
    )


def great_circle_minutes(
    points: list[tuple[float, float] | None], detour: float, kmh: float
) -> Callable[[int, int], float]:
    """Return the driving minutes between numbered points; from and to no point it takes none."""

    def minutes(origin: int, destination: int) -> float:
        here, there = points[origin], points[destination]
        if here is None or there is None:
            return 0.0
        lat_a, lon_a, lat_b, lon_b = map(math.radians, (*here, *there))
        across = math.sin((lat_b - lat_a) / 2) ** 2
        along = math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
        km = 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(across + along)))
        return km * detour / kmh * 60

    return minutes


def matrix_minutes(rows: list[Any], size: int) -> Callable[[int, int], float]:
    """Return the minutes of a square table over all places."""
    if len(rows) != size or any(not isinstance(r, list) or len(r) != size for r in rows):
        raise UnreadableFileError(f"travel: minutes is not {size} rows of {size}")
    table = [[number(value, f"travel, row {i}") for value in row] for i, row in enumerate(rows)]
    return lambda origin, destination: table[origin][destination]


def read_travel(record: Any) -> Callable[[int, int], float]:
    """Return the instance's travel minutes by numbered place: starts, ends, visits."""
    travel = get(record, "travel", "instance")
    clinicians, visits = record["clinicians"], record["visits"]
    if isinstance(travel, dict) and "minutes" in travel:
        return matrix_minutes(items(travel, "minutes", "travel"), 2 * len(clinicians) + len(visits))
    found = [get(each, "start", "clinician") for each in clinicians]
    found += [each.get("end") for each in clinicians]
    found += [get(each, "point", "visit") for each in visits]
    points = [None if each is None else pair(each, "point") for each in found]
    detour = number(get(travel, "detour", "travel"), "travel, detour")
    kmh = number(get(travel, "kmh", "travel"), "travel, kmh")
    if kmh <= 0:
        raise UnreadableFileError("travel: kmh must be above 0")
    return great_circle_minutes(points, detour, kmh)


def read_case(record: Any) -> Case:
    """Return the instance of a file's JSON."""
    clinicians = [read_clinician(r, i) for i, r in enumerate(items(record, "clinicians", "file"))]
    visits = [read_visit(r, i) for i, r in enumerate(items(record, "visits", "file"))]
    for kind, ids in (("clinician", [c.id for c in clinicians]), ("visit", [v.id for v in visits])):
        for each, times in Counter(ids).items():
            if times > 1:
                raise UnreadableFileError(f"{kind} {each}: there are {times} of this id")
    by_clinician = {clinician.id: clinician for clinician in clinicians}
    return Case(by_clinician, {visit.id: visit for visit in visits}, read_travel(record))


def read_route(record: Any) -> Route:
    """Return one route of the plan."""
    who = name(get(record, "clinician", "route"), "route")
    where = f"route of {who}"
    pause = record.get("break_start")
    stops = []
    for each in items(record, "stops", where):
        what = name(get(each, "visit", where), where)
        times = (number(get(each, k, where), f"{where}, {k}") for k in ("arrive", "start", "end"))
        stops.append(Stop(what, *times))
    return Route(who, None if pause is None else number(pause, f"{where}, break"), tuple(stops))


def read_plan(record: Any) -> Plan:
    """Return the plan of a file's JSON."""
    return Plan(
        tuple(read_route(route) for route in items(record, "routes", "plan")),
        tuple(name(each, "unassigned") for each in items(record, "unassigned", "plan")),
        number(get(record, "travel_minutes", "plan"), "plan, travel_minutes"),
        number(get(record, "assigned_priority", "plan"), "plan, assigned_priority"),
    )
