"""One start, decided exactly: what a booking asks again under the lock."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import numpy as np

from scheduler.domain.errors import InvalidInput, SchedulingError
from scheduler.domain.timing import TimeWindow, from_minute, to_minute
from scheduler.domain.visits import PlannedTimes
from scheduler.matching.eligibility import Exclusion, Funnel
from scheduler.matching.insertion import (
    Numbers,
    Travel,
    find_gaps,
    retime,
    route_legs,
    timetable,
)
from scheduler.matching.model import Candidate, Route, Rulebook, Stop, Wanted
from scheduler.matching.options import find_options, minute_after, wished_moments

NEW_VISIT = UUID(int=0)
"""Stands for the visit being decided while its route is timed anew."""


class NotEligible(SchedulingError):
    """The clinician may not make this visit; `exclusion` says which rule forbids it."""

    code = "not_eligible"

    def __init__(self, exclusion: Exclusion) -> None:
        super().__init__(f"The clinician may not make this visit: {exclusion.words}.")
        self.exclusion = exclusion


class SlotTaken(SchedulingError):
    """The start cannot be had, or not any more."""

    code = "slot_taken"
    field: ClassVar[str | None] = "starts_at"


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the visit goes in the route, its times, and new arrivals of visits that must shift."""

    position: int
    planned: PlannedTimes
    others: dict[UUID, datetime]


def decide(
    wanted: Wanted,
    candidate: Candidate,
    route: Route,
    starts_at: datetime,
    rulebook: Rulebook,
    travel: Travel,
) -> Decision:
    """Put the visit into the route at exactly this start, by the tests that offers pass.

    Raises:
        InvalidInput: `starts_at` has no zone or is not a whole minute.
        NotEligible: H1-H3 forbid it on the days that the visit can touch.
        SlotTaken: outside the wanted times, the patient is not free, or it does not fit the route.
    """
    if candidate.id != route.clinician_id:
        raise ValueError("route is another clinician's")
    at = _whole_minute(starts_at)
    moments = wished_moments(wanted, at)
    if not len(moments.start):
        raise SlotTaken("This time is outside the times asked for.")
    funnel = Funnel(wanted, {candidate.id: candidate}, rulebook)
    exclusion = funnel.exclusion(candidate.id, moments.spans()[0])
    if exclusion is not None:
        raise NotEligible(exclusion)
    if not moments.free[0]:
        raise SlotTaken("The patient has another visit then.")
    options = find_options(wanted, moments, find_gaps([route], travel), funnel, travel)
    if not len(options.start):
        raise SlotTaken("This time is not free any more.")
    minutes = wanted.service.visit_minutes
    window = TimeWindow(starts_at, from_minute(int(moments.latest[0])))
    planned = PlannedTimes(starts_at, from_minute(at + minutes), window)
    position = int(options.position[0])
    new = Stop(NEW_VISIT, wanted.place.point, at, at, minutes, at)
    return Decision(position, planned, _shifted(route, position, new, travel))


def _whole_minute(starts_at: datetime) -> int:
    if starts_at.tzinfo is None:
        raise InvalidInput({"starts_at": "has no time zone"})
    if to_minute(starts_at) != minute_after(starts_at):
        raise InvalidInput({"starts_at": "is not a whole minute"})
    return to_minute(starts_at)


def _shifted(route: Route, position: int, new: Stop, travel: Travel) -> dict[UUID, datetime]:
    stops = (*route.stops[:position], new, *route.stops[position:])
    longer = replace(route, stops=stops)
    arrivals = retime(longer, route_legs(longer, travel))
    if arrivals is None:
        raise SlotTaken("This time is not free any more.")
    return {
        stop.visit_id: from_minute(arrival)
        for stop, arrival in zip(stops, arrivals, strict=True)
        if stop is not new and arrival != stop.planned
    }


def route_problem(route: Route, travel: Travel) -> str | None:
    """Return in plain words why the route cannot be driven as it stands, or None."""
    if len(route.stops) > route.max_visits:
        return f"{len(route.stops)} visits where the day allows {route.max_visits}"
    legs = route_legs(route, travel)
    if route.stops and legs.sum() > route.max_travel_minutes:
        return f"{legs.sum():.0f} minutes of driving; the day allows {route.max_travel_minutes}"
    if retime(route, legs) is not None:
        return None
    unpaused = replace(route, pause=None)
    if route.pause and retime(unpaused, legs) is not None:
        return "no room for the break"
    return _first_missed(unpaused, legs)


def _first_missed(route: Route, legs: Numbers) -> str:
    departures = timetable(route, legs).e1[1:-1]
    missed = np.flatnonzero(~np.isfinite(departures))
    if len(missed):
        return f"visit {missed[0] + 1} of the day cannot be reached inside its window"
    return "the way home ends after the shift"
