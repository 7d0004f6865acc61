"""Read the file of a day to plan; what is wrong with it is said by clinician and visit.

The format is in docs/benchmarks/format.md.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.instance_faults import find_faults
from benchmarks.model import (
    Break,
    Clinician,
    EstimatedTravel,
    Id,
    Instance,
    MeasuredTravel,
    Pin,
    Point,
    Span,
    Visit,
)

T = TypeVar("T")


class InstanceError(ValueError):
    """The file is not a day that can be planned; `problems` has one sentence for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read_instance(path: Path) -> Instance:
    """Return the day in a file; raises InstanceError with every problem found."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstanceError([f"{path.name}: {error}"]) from error
    return parse_instance(record)


def parse_instance(record: Any) -> Instance:
    """Return the day that the JSON describes; raises InstanceError with every problem found."""
    problems: list[str] = []
    clinicians = _each(record, "clinicians", _clinician, problems)
    visits = _each(record, "visits", _visit, problems)
    try:
        travel = _travel(_field(record, "travel", "instance"), 2 * len(clinicians) + len(visits))
    except InstanceError as error:
        raise InstanceError([*problems, *error.problems]) from error
    if problems:
        raise InstanceError(problems)
    instance = Instance(travel, tuple(clinicians), tuple(visits))
    if faults := find_faults(instance):
        raise InstanceError(faults)
    return instance


def _each(record: Any, key: str, parse: Callable[[Any, int], T], problems: list[str]) -> list[T]:
    found = []
    try:
        rows = _list(record, key, "instance")
    except InstanceError as error:
        problems += error.problems
        return []
    for position, row in enumerate(rows, start=1):
        try:
            found.append(parse(row, position))
        except InstanceError as error:
            problems += error.problems
    return found


def _clinician(record: Any, position: int) -> Clinician:
    who = _id(_field(record, "id", f"clinician in place {position}"), f"clinician {position}")
    where = f"clinician {who}"
    end = record.get("end")
    return Clinician(
        id=who,
        start=_point(_field(record, "start", where), f"{where}, start"),
        end=None if end is None else _point(end, f"{where}, end"),
        shift=_span(_field(record, "shift", where), f"{where}, shift"),
        pause=_break(record.get("break"), where),
        max_visits=_count(_field(record, "max_visits", where), f"{where}, max_visits"),
        max_travel_minutes=_amount(
            _field(record, "max_travel_minutes", where), f"{where}, max_travel_minutes"
        ),
    )


def _break(record: Any, where: str) -> Break | None:
    if record is None:
        return None
    label = f"{where}, break"
    return Break(
        _amount(_field(record, "minutes", label), f"{label}, minutes"),
        _span(_field(record, "window", label), f"{label}, window"),
    )


def _visit(record: Any, position: int) -> Visit:
    what = _id(_field(record, "id", f"visit in place {position}"), f"visit {position}")
    where = f"visit {what}"
    preferred = record.get("preferred")
    return Visit(
        id=what,
        point=_point(_field(record, "point", where), f"{where}, point"),
        service_minutes=_amount(
            _field(record, "service_minutes", where), f"{where}, service_minutes"
        ),
        windows=tuple(_span(each, f"{where}, window") for each in _list(record, "windows", where)),
        priority=_amount(_field(record, "priority", where), f"{where}, priority"),
        allowed=_ids(_list(record, "allowed", where), f"{where}, allowed"),
        pinned=_pin(record.get("pinned"), f"{where}, pinned"),
        preferred=None if preferred is None else _id(preferred, f"{where}, preferred"),
    )


def _pin(record: Any, where: str) -> Pin | None:
    if record is None:
        return None
    return Pin(
        _id(_field(record, "clinician", where), f"{where}, clinician"),
        _number(_field(record, "start", where), f"{where}, start"),
    )


def _travel(record: Any, places: int) -> EstimatedTravel | MeasuredTravel:
    if isinstance(record, dict) and "minutes" in record:
        return _matrix(_list(record, "minutes", "travel"), places)
    detour = _number(_field(record, "detour", "travel"), "travel, detour")
    kmh = _number(_field(record, "kmh", "travel"), "travel, kmh")
    if detour <= 0 or kmh <= 0:
        raise InstanceError([f"travel: detour {detour:g} and kmh {kmh:g} must be above 0"])
    return EstimatedTravel(detour, kmh)


def _matrix(rows: list[Any], places: int) -> MeasuredTravel:
    if len(rows) != places:
        raise InstanceError([f"travel: minutes has {len(rows)} rows for {places} places"])
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != places:
            long = len(row) if isinstance(row, list) else "no"
            raise InstanceError(
                [f"travel: minutes, row {number} is not square: {long} columns, {places} places"]
            )
    try:
        table = np.array(
            [[math.inf if minutes is None else minutes for minutes in row] for row in rows],
            dtype=np.float64,
        ).reshape(places, places)
    except (TypeError, ValueError) as error:
        raise InstanceError([f"travel: minutes must be numbers: {error}"]) from error
    return MeasuredTravel(table)


def _field(record: Any, key: str, where: str) -> Any:
    if not isinstance(record, dict) or record.get(key) is None:
        raise InstanceError([f"{where}: {key} is missing"])
    return record[key]


def _list(record: Any, key: str, where: str) -> list[Any]:
    value = _field(record, key, where)
    if not isinstance(value, list):
        raise InstanceError([f"{where}: {key} must be a list"])
    return value


def _id(value: Any, where: str) -> Id:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InstanceError([f"{where}: {value!r} is not an id"])
    return value


def _ids(values: list[Any], where: str) -> tuple[Id, ...]:
    """Return each id once; equal texts are one object, as a long day repeats each of them often."""
    kinds = set(map(type, values))
    if not kinds <= {str, int}:
        for value in values:
            _id(value, where)
    return tuple(dict.fromkeys(map(sys.intern, values) if kinds == {str} else values))


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InstanceError([f"{where}: {value!r} is not a finite number"])
    return float(value)


def _amount(value: Any, where: str) -> float:
    amount = _number(value, where)
    if amount < 0:
        raise InstanceError([f"{where}: {amount:g} is below 0"])
    return amount


def _count(value: Any, where: str) -> int:
    amount = _amount(value, where)
    if amount != int(amount):
        raise InstanceError([f"{where}: {amount:g} is not a whole number"])
    return int(amount)


def _pair(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise InstanceError([f"{where}: {value!r} is not a pair of numbers"])
    return _number(value[0], where), _number(value[1], where)


def _span(value: Any, where: str) -> Span:
    opens, closes = _pair(value, where)
    if opens > closes:
        raise InstanceError([f"{where}: it ends at {closes:g}, before it begins at {opens:g}"])
    return opens, closes


def _point(value: Any, where: str) -> Point:
    latitude, longitude = _pair(value, where)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise InstanceError([f"{where}: {latitude:g}, {longitude:g} is no place on Earth"])
    return latitude, longitude
