"""Which routes might take a visit, told from the straight line alone."""

from collections.abc import Iterable

from scheduler.matching.eligibility import Funnel
from scheduler.matching.insertion import find_gaps, find_placements
from scheduler.matching.model import Route, Schedule, Wanted
from scheduler.matching.options import routes_in_play, windows_in_minutes, wished_moments
from scheduler.matching.straight_line import least_minutes


def finalists(wishes: Iterable[Wanted], schedule: Schedule) -> list[Route]:
    """Return the routes into which at least one wish would fit if every drive were the shortest.

    Every longer drive only narrows what fits, so a route that is left out cannot take the visit,
    whatever the roads are like.
    """
    kept: dict[int, Route] = {}
    for wanted in dict.fromkeys(wishes):
        for route in _might_take(wanted, schedule):
            kept[id(route)] = route
    return [route for route in schedule.routes if id(route) in kept]


def _might_take(wanted: Wanted, schedule: Schedule) -> list[Route]:
    funnel = Funnel(wanted, schedule.clinicians, schedule.rulebook)
    gaps = find_gaps(routes_in_play(schedule, wished_moments(wanted), funnel), least_minutes)
    placements = find_placements(
        gaps,
        wanted.place.point,
        wanted.service.visit_minutes,
        windows_in_minutes(wanted.windows),
        least_minutes,
    )
    return [gaps.routes[number] for number in sorted(set(gaps.route[placements.gap].tolist()))]
