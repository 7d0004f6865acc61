"""What makes a well-formed day impossible to plan, said by clinician and visit."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from benchmarks.model import (
    Id,
    Instance,
    MeasuredTravel,
    absent_places,
    minutes_from,
    minutes_table,
    part_of,
)
from benchmarks.route_times import SLACK, time_route

MOST_PAIRS = 20


def find_faults(instance: Instance) -> tuple[str, ...]:
    """Return one sentence for each fault, none for a day that can be planned.

    A day without visits is a day. So is a visit that nobody is allowed to make: it stays
    unassigned. A pin that cannot be kept, or a visit that could not be made by anyone allowed even
    on an empty day, is a fault.
    """
    if faults := (*_double_ids(instance), *_unknown_people(instance), *_bad_minutes(instance)):
        return faults
    if instance.visits and not instance.clinicians:
        return (f"instance: no clinicians for {len(instance.visits)} visits",)
    faults = (*_visits_without_time(instance), *_wrong_pins(instance), *_out_of_reach(instance))
    return faults or tuple(_clashing_pins(instance))


def _double_ids(instance: Instance) -> Iterator[str]:
    for kind, everyone in (("clinician", instance.clinicians), ("visit", instance.visits)):
        for each, times in Counter(one.id for one in everyone).items():
            if times > 1:
                yield f"{kind} {each}: {times} have this id"


def _unknown_people(instance: Instance) -> Iterator[str]:
    known = {clinician.id for clinician in instance.clinicians}
    for visit in instance.visits:
        named = [("allowed", each) for each in sorted(set(visit.allowed) - known, key=str)]
        named += [("pinned", visit.pinned.clinician)] if visit.pinned else []
        named += [("preferred", visit.preferred)] if visit.preferred is not None else []
        for field, who in named:
            if who not in known:
                yield f"visit {visit.id}, {field}: there is no clinician {who}"


def _bad_minutes(instance: Instance) -> Iterator[str]:
    if not isinstance(instance.travel, MeasuredTravel):
        return
    table = instance.travel.minutes
    used = (
        ~np.eye(len(table), dtype=bool)
        & ~absent_places(instance)
        & ~absent_places(instance)[:, None]
    )
    wrong = (~np.isfinite(table) | (table < 0)) & used
    cut_off = (wrong == used).all(axis=0) & used.any(axis=0)
    for place in np.flatnonzero(cut_off):
        yield f"{_place(instance, int(place))}: it cannot be reached, no way leads there"
    for origin, destination in np.argwhere(wrong & ~cut_off & ~cut_off[:, None])[:MOST_PAIRS]:
        yield (
            f"{_place(instance, int(origin))} to {_place(instance, int(destination))}: "
            f"{table[origin, destination]:g} is no travel time"
        )


def _place(instance: Instance, place: int) -> str:
    people = len(instance.clinicians)
    if place < people:
        return f"clinician {instance.clinicians[place].id} (start)"
    if place < 2 * people:
        return f"clinician {instance.clinicians[place - people].id} (end)"
    return f"visit {instance.visits[place - 2 * people].id}"


def _visits_without_time(instance: Instance) -> Iterator[str]:
    shifts = {each.id: each.shift[1] - each.shift[0] for each in instance.clinicians}
    shortest = min(shifts.values(), default=0.0)
    for visit in instance.visits:
        if not visit.windows:
            yield f"visit {visit.id}: it has no window"
        if visit.service_minutes <= shortest or not visit.takers:
            continue
        longest = max(shifts[who] for who in visit.takers)
        if visit.service_minutes > longest:
            yield (
                f"visit {visit.id}: its service of {visit.service_minutes:g} minutes exceeds "
                f"the longest shift of those allowed, {longest:g} minutes"
            )


def _wrong_pins(instance: Instance) -> Iterator[str]:
    for visit in instance.visits:
        if visit.pinned is None:
            continue
        if visit.pinned.clinician not in visit.allowed:
            yield f"visit {visit.id}: it is pinned to {visit.pinned.clinician}, who is not allowed"
        if not any(opens <= visit.pinned.start <= closes for opens, closes in visit.windows):
            yield f"visit {visit.id}: it is pinned to {visit.pinned.start:g}, outside its windows"


def _out_of_reach(instance: Instance) -> Iterator[str]:
    """A place nobody could drive to in a whole shift is a slip of the file, not a hard day."""
    shifts = np.array([each.shift[1] - each.shift[0] for each in instance.clinicians])
    table = minutes_from(instance, range(len(shifts)))
    for position, visit in enumerate(instance.visits):
        ways = table[:, instance.home_of(position)]
        if (ways > shifts).all():
            yield (
                f"visit {visit.id}: it is out of reach, {ways.min():.0f} minutes from the nearest "
                "clinician's start, more than a shift"
            )


def _clashing_pins(instance: Instance) -> Iterator[str]:
    pins: dict[Id, list[tuple[float, int]]] = {}
    for position, visit in enumerate(instance.visits):
        if visit.pinned:
            pins.setdefault(visit.pinned.clinician, []).append((visit.pinned.start, position))
    for row, clinician in enumerate(instance.clinicians):
        day = part_of(
            instance, row, [position for _, position in sorted(pins.get(clinician.id, ()))]
        )
        clashes = list(_too_close(day))
        yield from clashes
        if not clashes and time_route(day, minutes_table(day), 0, range(len(day.visits))) is None:
            names = ", ".join(str(visit.id) for visit in day.visits)
            yield (
                f"clinician {clinician.id}: the pinned visits {names} cannot be kept with the "
                "shift, the break and the most visits and travel of a day"
            )


def _too_close(day: Instance) -> Iterator[str]:
    table = minutes_table(day)
    for here, (first, second) in enumerate(pairwise(day.visits)):
        way = table[day.home_of(here), day.home_of(here + 1)]
        (start, _), (next_start, _) = first.starts[0], second.starts[0]
        if start + first.service_minutes + way > next_start + SLACK:
            yield (
                f"visit {first.id} and visit {second.id}: both are pinned to one clinician, "
                f"at {start:g} and {next_start:g}, too close for service and travel"
            )
