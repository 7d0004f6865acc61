"""Why not: for each clinician without an option, the first hard rule in the way, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import numpy as np

from scheduler.matching.eligibility import Exclusion, Funnel, HardRule
from scheduler.matching.insertion import Travel, find_gaps
from scheduler.matching.model import Route, Schedule, Wanted
from scheduler.matching.options import Flags, Moments, find_options

NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Search:
    """One wish against one schedule: what a reason is found, and checked again, with."""

    wanted: Wanted
    schedule: Schedule
    moments: Moments
    funnel: Funnel
    travel: Travel

    def reached_by(self, routes: Sequence[Route]) -> set[UUID]:
        """Return the clinicians who would have an option if their days were these routes."""
        gaps = find_gaps(routes, self.travel)
        options = find_options(self.wanted, self.moments, gaps, self.funnel, self.travel)
        return {options.routes[index].clinician_id for index in set(options.route.tolist())}


def explain(search: Search, without: Sequence[UUID]) -> tuple[Exclusion, ...]:
    """Return one exclusion for each clinician in `without`, in their order."""
    spans = search.moments.spans()
    found: dict[UUID, Exclusion] = {}
    left: dict[UUID, list[Route]] = {}
    for clinician_id in without:
        allowed = [days for days in spans if search.funnel.exclusion(clinician_id, days) is None]
        if not spans:
            found[clinician_id] = Exclusion(
                clinician_id, HardRule.WINDOW, "no start inside the wanted times"
            )
        elif not allowed:
            found[clinician_id] = _first_failure(search.funnel, clinician_id, spans[0])
        else:
            routes, problem = _shifts(search, clinician_id, allowed)
            left[clinician_id] = routes
            if problem:
                found[clinician_id] = problem
    open_cases = [clinician_id for clinician_id in without if clinician_id not in found]
    found.update(_route_reasons(search, {key: left[key] for key in open_cases}))
    return tuple(found[clinician_id] for clinician_id in without)


def _first_failure(funnel: Funnel, clinician_id: UUID, days: tuple[date, date]) -> Exclusion:
    answer = funnel.exclusion(clinician_id, days)
    if answer is None:
        raise ValueError("the clinician is not excluded on these days")
    return answer


def _shifts(
    search: Search, clinician_id: UUID, allowed: list[tuple[date, date]]
) -> tuple[list[Route], Exclusion | None]:
    """Return the clinician's routes that reach into the moments, or what keeps them from any."""
    moments = _on_spans(search.moments, allowed)
    minutes = search.wanted.service.visit_minutes
    days = {day for span in allowed for day in span}
    mine = [route for route in search.schedule.routes if route.clinician_id == clinician_id]
    usable = [route for route in mine if _works(route, moments, minutes).any()]
    if not usable:
        off = [search.schedule.off.get((clinician_id, day)) for day in sorted(days)]
        return [], Exclusion(clinician_id, HardRule.SHIFT, _shift_words(mine, days, off))
    free = moments.take(moments.free)
    if any(_works(route, free, minutes).any() for route in usable):
        return usable, None
    if moments.take(~moments.patient_busy).start.size:
        words = "the series already has a visit that day"
        return usable, Exclusion(clinician_id, HardRule.SERIES, words)
    return usable, Exclusion(clinician_id, HardRule.WINDOW, "the patient has another visit then")


def _on_spans(moments: Moments, allowed: list[tuple[date, date]]) -> Moments:
    spans = {(first.toordinal(), last.toordinal()) for first, last in allowed}
    pairs = zip(moments.first_day.tolist(), moments.last_day.tolist(), strict=True)
    return moments.take(np.array([pair in spans for pair in pairs], dtype=np.bool_))


def _works(route: Route, moments: Moments, minutes: int) -> Flags:
    return (route.shift_start <= moments.start) & (moments.start + minutes <= route.shift_end)


def _shift_words(mine: list[Route], days: set[date], off: list[str | None]) -> str:
    reasons = [reason for reason in off if reason is not None]
    if reasons and not any(route.on in days for route in mine):
        return reasons[0] or "off that day"
    if any(route.on in days for route in mine):
        return "works at other hours on these days"
    return "no shift on these days"


def _route_reasons(search: Search, routes: dict[UUID, list[Route]]) -> dict[UUID, Exclusion]:
    """Relax one rule after the other, the hardest first; the first that still fails is named."""
    found = {
        clinician_id: Exclusion(clinician_id, HardRule.REST, "has as many visits as a day may hold")
        for clinician_id, mine in routes.items()
        if all(len(route.stops) >= route.max_visits for route in mine)
    }
    every = [route for mine in routes.values() for route in mine]
    empty = [replace(route, stops=(), max_visits=1) for route in every]
    near = search.reached_by([replace(route, pause=None) for route in empty])
    rested = search.reached_by(empty)
    unlimited = search.reached_by([replace(route, max_travel_minutes=NO_LIMIT) for route in every])
    for clinician_id in routes:
        if clinician_id in found:
            continue
        if clinician_id not in near:
            rule, words = HardRule.TRAVEL, "too far"
        elif clinician_id not in rested:
            rule, words = HardRule.REST, "no room for the break"
        elif clinician_id in unlimited:
            rule, words = HardRule.REST, "would drive more than a day allows"
        else:
            rule, words = HardRule.TRAVEL, "no room between other visits"
        found[clinician_id] = Exclusion(clinician_id, rule, words)
    return found
