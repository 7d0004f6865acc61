"""Weeks of bookings, with and without planning the days anew every night.

python -m benchmarks.booking_weeks [--days 15] [--seeds 1 2] [--asked 22]

Every day patients ask, get offers, choose one and are told. At night the days ahead are left as
they are, planned anew with a tax on what patients were told, or planned anew as if nobody had been
told anything but a window. The same people ask for the same things in all three. Windows told stay;
what may change is who comes, and when inside the window.
"""

import argparse
import os
import platform
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np

from benchmarks.offers import OPENS_UTC, SERVICE, TRAVEL, make_schedule, make_wish, near
from scheduler.domain.timing import TimeWindow, to_minute
from scheduler.matching.day_plan import DayPlan, plan_day
from scheduler.matching.day_problem import DayProblem, DayVisit, Pause, Shift
from scheduler.matching.decide import decide
from scheduler.matching.insertion import route_legs, whole_minutes
from scheduler.matching.model import Route, Schedule, Stop, Wanted
from scheduler.matching.offers import Offer, find_offers
from scheduler.matching.stopping import StopRule

CLINICIANS = 8
HORIZON = 10
TRIALS = 4_000
LEFT_OUT = 333.0
TAX = (120.0, 60.0, 30.0)
"""Minutes of driving that another clinician must save: the day before, in the week, later."""
TAKES_THE_BEST = 0.5
NIGHTS = ("never", "with the tax", "freely")


@dataclass
class Weeks:
    """A practice's days, and what happened so far."""

    schedule: Schedule
    asked: int = 0
    booked: int = 0
    driven: float = 0.0
    made: int = 0
    told: dict[UUID, UUID] = field(default_factory=dict)
    changed: set[UUID] = field(default_factory=set)

    def routes_on(self, day: date) -> list[Route]:
        """Return the routes of a day."""
        return [route for route in self.schedule.routes if route.on == day]

    def put(self, routes: Sequence[Route]) -> None:
        """Replace routes by others of the same clinician and day."""
        new = {(route.clinician_id, route.on): route for route in routes}
        kept = (new.get((r.clinician_id, r.on), r) for r in self.schedule.routes)
        self.schedule = replace(self.schedule, routes=tuple(kept))


@dataclass(frozen=True, slots=True)
class Practice:
    """How much is asked of it, and what changing what patients were told costs it at night."""

    days: int
    asked: int
    tax: Sequence[float] = TAX


def run(seed: int, nights: str, practice: Practice) -> Weeks:
    """Live through the days."""
    days = practice.days
    empty = make_schedule(CLINICIANS, days + HORIZON + 1)
    weeks = Weeks(replace(empty, routes=tuple(replace(r, stops=()) for r in empty.routes)))
    first = min(route.on for route in weeks.schedule.routes)
    rng = random.Random(seed)
    for number in range(days):
        today = first + timedelta(days=number)
        for _ in range(practice.asked):
            _ask(weeks, today, random.Random(rng.getrandbits(64)))
        ahead = [today + timedelta(days=more) for more in range(1, HORIZON + 1)]
        for day in ahead if nights != "never" else ():
            tax = practice.tax if nights == "with the tax" else (0.0, 0.0, 0.0)
            _plan_anew(weeks, day, (day - today).days, tax)
        for route in weeks.routes_on(ahead[0]):
            weeks.driven += float(route_legs(route, TRAVEL).sum())
            weeks.made += len(route.stops)
    return weeks


def _ask(weeks: Weeks, today: date, rng: random.Random) -> None:
    """Let a patient ask for some days of the horizon, choose, and be told."""
    weeks.asked += 1
    soonest = today + timedelta(days=rng.randint(1, 4))
    opens = datetime(soonest.year, soonest.month, soonest.day, OPENS_UTC, tzinfo=UTC)
    window = TimeWindow(opens, opens + timedelta(days=rng.choice([1, 3, HORIZON - 4])))
    wish = make_wish()
    place = replace(wish.place, point=near(rng))
    wanted = replace(wish, patient_id=UUID(int=weeks.asked), place=place, windows=(window,))
    last = today + timedelta(days=HORIZON)
    known = [route for route in weeks.schedule.routes if today < route.on <= last]
    offers = find_offers(wanted, replace(weeks.schedule, routes=tuple(known)), TRAVEL).offers
    if offers:
        best = rng.random() < TAKES_THE_BEST
        _book(weeks, wanted, offers[0] if best else rng.choice(offers))


def _book(weeks: Weeks, wanted: Wanted, offer: Offer) -> None:
    schedule = weeks.schedule
    route = next(
        r for r in schedule.routes if (r.clinician_id, r.on) == (offer.clinician_id, offer.on)
    )
    candidate = schedule.clinicians[offer.clinician_id]
    decision = decide(wanted, candidate, route, offer.starts_at, schedule.rulebook, TRAVEL)
    visit = UUID(int=10_000 + weeks.asked)
    window = decision.planned.window
    stop = Stop(
        visit,
        wanted.place.point,
        to_minute(window.starts_at),
        to_minute(window.ends_at),
        SERVICE.visit_minutes,
        to_minute(offer.starts_at),
    )
    shifted = [
        replace(each, planned=to_minute(decision.others[each.visit_id]))
        if each.visit_id in decision.others
        else each
        for each in route.stops
    ]
    shifted.insert(decision.position, stop)
    weeks.put([replace(route, stops=tuple(shifted))])
    weeks.told[visit] = offer.clinician_id
    weeks.booked += 1


def _plan_anew(weeks: Weeks, day: date, ahead: int, tax: Sequence[float]) -> None:
    routes = weeks.routes_on(day)
    if sum(len(route.stops) for route in routes) < 2:
        return
    problem = _problem(weeks, routes, _tax(ahead, tax))
    current = [[stop.visit_id for stop in route.stops] for route in routes]
    plan = plan_day(problem, StopRule(trials=TRIALS), seed=ahead, current=current)
    weeks.put(list(_routes_of(plan, routes)))
    for each in plan.rounds:
        for stop in each.stops:
            if isinstance(stop.visit, UUID) and weeks.told[stop.visit] != each.clinician:
                weeks.changed.add(stop.visit)
                weeks.told[stop.visit] = UUID(str(each.clinician))


def _tax(ahead: int, tax: Sequence[float]) -> float:
    if ahead == 1:
        return tax[0]
    return tax[1] if ahead <= 7 else tax[2]


def _problem(weeks: Weeks, routes: Sequence[Route], tax: float) -> DayProblem:
    who = frozenset(route.clinician_id for route in routes)
    stops = [stop for route in routes for stop in route.stops]
    visits = tuple(
        DayVisit(
            stop.visit_id,
            stop.minutes,
            ((stop.earliest, stop.latest),),
            who,
            LEFT_OUT,
            {each: tax for each in who if each != weeks.told[stop.visit_id]},
            promised=True,
        )
        for stop in stops
    )
    points = [route.start for route in routes] + [route.end or route.start for route in routes]
    points += [stop.point for stop in stops]
    minutes = np.array(whole_minutes(TRAVEL(points, points)))
    return DayProblem(tuple(_shift(route) for route in routes), visits, minutes)


def _shift(route: Route) -> Shift:
    pause = route.pause
    return Shift(
        route.clinician_id,
        route.shift_start,
        route.shift_end,
        Pause(pause.earliest, pause.latest, pause.minutes) if pause else None,
        route.max_visits,
        route.max_travel_minutes,
    )


def _routes_of(plan: DayPlan, routes: Sequence[Route]) -> Iterator[Route]:
    stops = {stop.visit_id: stop for route in routes for stop in route.stops}
    for route, each in zip(routes, plan.rounds, strict=True):
        order = (
            replace(stops[UUID(str(stop.visit))], planned=int(stop.start)) for stop in each.stops
        )
        yield replace(route, stops=tuple(order))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of each way to spend the nights, and what the tax keeps of the gain."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.booking_weeks")
    parser.add_argument("--days", type=int, default=15)
    parser.add_argument("--asked", type=int, default=22, help="patients a day")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--tax", type=float, nargs=3, default=TAX, help="minutes")
    asked = parser.parse_args(arguments)
    practice = Practice(asked.days, asked.asked, asked.tax)
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, seeds {asked.seeds}")
    print(
        f"{CLINICIANS} clinicians, {asked.days} days, {asked.asked} patients a day, tax {asked.tax}"
    )
    driving: dict[str, list[float]] = {nights: [] for nights in NIGHTS}
    for seed in asked.seeds:
        for nights in NIGHTS:
            weeks = run(seed, nights, practice)
            a_visit = weeks.driven / max(weeks.made, 1)
            driving[nights].append(a_visit)
            print(
                f"seed {seed}, planned anew {nights:12s}: {a_visit:5.1f} min of driving a visit,"
                f" {weeks.booked / weeks.asked:6.1%} got an offer,"
                f" {len(weeks.changed) / max(weeks.booked, 1):6.1%} got another clinician",
                flush=True,
            )
    never, taxed, freely = (sum(driving[nights]) for nights in NIGHTS)
    if never > freely:
        print(f"the tax keeps {(never - taxed) / (never - freely):.0%} of the gain")


if __name__ == "__main__":
    main()
