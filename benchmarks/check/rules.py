"""The rules of a plan, worked out again from nothing but the two files."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.check.reading import Case, Clinician, Plan, Route, Stop, Visit

HOURS_PER_PRIORITY = 5.556
TOLERANCE = 1e-6
CLAIM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Verdict:
    """The plan's cost, worked out anew, and every rule it breaks."""

    travel_hours: float
    unassigned: int
    unassigned_priority: float
    violations: tuple[str, ...]

    @property
    def cost_hours(self) -> float:
        """Return travel hours plus 5.556 hours for each unit of unassigned priority."""
        return self.travel_hours + HOURS_PER_PRIORITY * self.unassigned_priority


def clock(minute: float) -> str:
    """Return a minute of the day as people read it, with the minute itself."""
    return f"{int(minute // 60):02d}:{int(minute % 60):02d} ({minute:.10g})"


def find_wrong_owners(case: Case, plan: Plan) -> Iterator[str]:
    """Every route has a clinician of its own."""
    for who, times in Counter(route.clinician for route in plan.routes).items():
        if who not in case.clinicians:
            yield f"clinician {who}: has a route but is not in the instance"
        if times > 1:
            yield f"clinician {who}: has {times} routes"


def find_misplaced(case: Case, plan: Plan) -> Iterator[str]:
    """Every visit is in one route or unassigned, once; a pinned one is never left out."""
    places = Counter(stop.visit for route in plan.routes for stop in route.stops)
    places.update(plan.unassigned)
    for what, times in places.items():
        if what not in case.visits:
            yield f"visit {what}: is planned but not in the instance"
        elif times > 1:
            yield f"visit {what}: appears {times} times"
    for what, visit in case.visits.items():
        if what not in places:
            yield f"visit {what}: is missing, neither in a route nor unassigned"
        if visit.pin and what in plan.unassigned:
            yield f"visit {what}: is pinned to {visit.pin[0]} but left unassigned"


def find_wrong_stop(clinician: Clinician, visit: Visit, stop: Stop) -> Iterator[str]:
    """Who may come, when service may start, and how long it takes."""
    label = f"visit {visit.id}"
    if clinician.id not in visit.allowed:
        yield f"{label}: {clinician.id} is not allowed to make it"
    if visit.pin and visit.pin[0] != clinician.id:
        yield f"{label}: is pinned to {visit.pin[0]} but planned for {clinician.id}"
    if visit.pin and abs(visit.pin[1] - stop.start) > TOLERANCE:
        yield f"{label}: is pinned to {clock(visit.pin[1])} but starts at {clock(stop.start)}"
    if not any(a - TOLERANCE <= stop.start <= b + TOLERANCE for a, b in visit.windows):
        windows = ", ".join(f"{clock(opens)} to {clock(closes)}" for opens, closes in visit.windows)
        yield f"{label}: starts at {clock(stop.start)}, outside its windows {windows}"
    if stop.start < stop.arrive - TOLERANCE:
        yield f"{label}: starts at {clock(stop.start)}, before the arrival at {clock(stop.arrive)}"
    if abs(stop.end - stop.start - visit.service_minutes) > TOLERANCE:
        yield f"{label}: lasts {stop.end - stop.start:.10g} minutes, not {visit.service_minutes:g}"


def overlap(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return how many minutes two spans share."""
    return max(0.0, min(first[1], second[1]) - max(first[0], second[0]))


def find_wrong_break(clinician: Clinician, route: Route) -> Iterator[str]:
    """A break is taken by whoever has one and works, in its window and inside the shift."""
    label = f"clinician {clinician.id}"
    if clinician.break_minutes is None or route.break_start is None:
        if route.break_start is not None:
            yield f"{label}: takes a break but has none"
        if clinician.break_minutes is not None:
            yield f"{label}: works without the break"
        return
    begins, finishes = route.break_start, route.break_start + clinician.break_minutes
    opens, closes = clinician.break_window
    if not opens - TOLERANCE <= begins <= closes + TOLERANCE:
        window = f"{clock(opens)} to {clock(closes)}"
        yield f"{label}: the break starts at {clock(begins)}, outside its window {window}"
    if begins < clinician.shift[0] - TOLERANCE or finishes > clinician.shift[1] + TOLERANCE:
        yield f"{label}: the break at {clock(begins)} is not inside the shift"
    yield from find_interrupted(route, (begins, finishes))


def find_interrupted(route: Route, pause: tuple[float, float]) -> Iterator[str]:
    """No visit and no arrival falls into the break."""
    label = f"clinician {route.clinician}: the break at {clock(pause[0])}"
    first, last = pause[0] + TOLERANCE, pause[1] - TOLERANCE
    for stop in route.stops:
        if first < stop.start < last or overlap(pause, (stop.start, stop.end)) > TOLERANCE:
            yield f"{label} overlaps visit {stop.visit}"
        if first < stop.arrive < last:
            yield f"{label} is not over at the arrival at visit {stop.visit}"


def find_wrong_times(clinician: Clinician, route: Route, legs: list[float]) -> Iterator[str]:
    """Each leg takes its minutes, apart from the break, inside the shift."""
    pause = (0.0, 0.0)
    if clinician.break_minutes is not None and route.break_start is not None:
        pause = (route.break_start, route.break_start + clinician.break_minutes)
    free = clinician.shift[0]
    for stop, leg in zip(route.stops, legs, strict=False):
        driven = stop.arrive - free - overlap(pause, (free, stop.arrive))
        if driven < leg - TOLERANCE:
            yield (
                f"visit {stop.visit}: {clinician.id} arrives at {clock(stop.arrive)} after "
                f"{driven:.10g} minutes of driving since {clock(free)}; the way takes {leg:.10g}"
            )
        free = stop.end
    back = free + legs[-1]
    if overlap(pause, (free, back)) > TOLERANCE:
        back += pause[1] - pause[0]
    if back > clinician.shift[1] + TOLERANCE:
        yield (
            f"clinician {clinician.id}: the day ends at {clock(back)}, after the shift's end at "
            f"{clock(clinician.shift[1])}"
        )


def legs_of(case: Case, clinician: Clinician, visits: list[Visit]) -> list[float]:
    """Return the minutes of each leg, the first and the last included."""
    if not visits:
        return []
    places = [case.start_of(clinician), *(case.home_of(visit) for visit in visits)]
    last = case.minutes(places[-1], case.end_of(clinician)) if clinician.has_end else 0.0
    return [*(case.minutes(here, there) for here, there in pairwise(places)), last]


def find_wrong_route(
    clinician: Clinician, route: Route, visits: list[Visit], legs: list[float]
) -> Iterator[str]:
    """All that a route with stops may break."""
    for visit, stop in zip(visits, route.stops, strict=True):
        yield from find_wrong_stop(clinician, visit, stop)
    yield from find_wrong_times(clinician, route, legs)
    yield from find_wrong_break(clinician, route)
    label = f"clinician {clinician.id}"
    if len(visits) > clinician.max_visits:
        yield f"{label}: has {len(visits)} visits, at most {clinician.max_visits:g} are allowed"
    if sum(legs) > clinician.max_travel_minutes + TOLERANCE:
        most = f"{clinician.max_travel_minutes:g}"
        yield f"{label}: drives {sum(legs):.10g} minutes, at most {most} are allowed"


def find_wrong_claims(plan: Plan, travel: float, assigned: float) -> Iterator[str]:
    """The plan's two sums are what its routes add up to."""
    if abs(plan.travel_minutes - travel) > CLAIM_TOLERANCE:
        yield f"plan: claims {plan.travel_minutes:.10g} minutes of travel, not {travel:.10g}"
    if abs(plan.assigned_priority - assigned) > CLAIM_TOLERANCE:
        yield f"plan: claims {plan.assigned_priority:.10g} assigned priority, not {assigned:.10g}"


def judge(case: Case, plan: Plan) -> Verdict:
    """Return the cost of a plan and every rule it breaks.

    A route of an unknown clinician, or with an unknown visit, is named and counts for nothing.
    """
    violations = [*find_wrong_owners(case, plan), *find_misplaced(case, plan)]
    travel, assigned = 0.0, set()
    for route in plan.routes:
        clinician = case.clinicians.get(route.clinician)
        visits = [case.visits[stop.visit] for stop in route.stops if stop.visit in case.visits]
        if clinician is None or not visits or len(visits) < len(route.stops):
            continue
        legs = legs_of(case, clinician, visits)
        violations += find_wrong_route(clinician, route, visits, legs)
        travel += sum(legs)
        assigned |= {visit.id for visit in visits}
    total = sum(visit.priority for visit in case.visits.values())
    won = sum(case.visits[what].priority for what in assigned)
    violations += find_wrong_claims(plan, travel, won)
    lost = len(case.visits) - len(assigned)
    return Verdict(travel / 60, lost, total - won, tuple(violations))
