"""Offers in process: how long 14 days take as the practice grows, beside one plain loop.

The peer asks the booking's own question, `decide`, once for every quarter hour of every route: what
offers would cost without arrays. Both find the same starts, or the run fails.
"""

import math
import os
import platform
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from scheduler.adapters.travel import GeodesicTravel
from scheduler.domain.care import CareService, ScopeRule, WayOfGiving
from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import Place, Point, Precision
from scheduler.domain.licensure import Credential, Licence, LicenceHolder
from scheduler.domain.timing import TimeWindow, to_minute
from scheduler.matching.decide import decide
from scheduler.matching.model import Break, Candidate, Route, Rulebook, Schedule, Stop, Wanted
from scheduler.matching.offers import rank_options

SEED = 7
DAYS = 14
SIZES = (10, 40, 160)
PEER_SIZE = 10
REPEATS = 5
FIRST = date(2026, 11, 23)
OPENS_UTC = 14
SERVICE = CareService("visit", "Visit", WayOfGiving.NONE, frozenset(), False, False, 5, 80, 10, 60)
TRAVEL = GeodesicTravel().minutes


def near(rng: random.Random) -> Point:
    """Return a point in a city of some 50 by 50 km."""
    return Point(39.1 + rng.uniform(-0.25, 0.25), -94.6 + rng.uniform(-0.3, 0.3))


def _route(rng: random.Random, clinician: UUID, day: date) -> Route:
    opens = to_minute(datetime(day.year, day.month, day.day, OPENS_UTC, tzinfo=UTC))
    stops = tuple(
        Stop(UUID(int=rng.getrandbits(128)), near(rng), at, at + 60, 95, at)
        for at in (opens + 60, opens + 300)
        if rng.random() < 0.7
    )
    home = near(rng)
    pause = Break(30, opens + 180, opens + 300)
    return Route(clinician, day, opens, opens + 540, home, home, pause, 6, 240, stops)


def make_schedule(clinicians: int, days: int = DAYS) -> Schedule:
    """Return a seeded schedule of some days, two visits a day on most of them."""
    rng = random.Random(SEED)
    ids = [UUID(int=number + 1) for number in range(clinicians)]
    licence = Licence("MO", Credential.RN, "1", False, date(2026, 1, 1), date(2030, 1, 1))
    holder = LicenceHolder(Credential.RN, "MO", (licence,))
    rule = ScopeRule(
        "MO", Credential.RN, WayOfGiving.NONE, False, False, "made up", "made up", date(2026, 1, 1)
    )
    dates = [FIRST + timedelta(days=offset) for offset in range(days)]
    return Schedule(
        {each: Candidate(each, "RN", True, holder, frozenset()) for each in ids},
        tuple(_route(rng, each, day) for each in ids for day in dates),
        Rulebook((rule,), ()),
    )


def make_wish() -> Wanted:
    """Return a visit wanted at any time of the 14 days."""
    opens = datetime(FIRST.year, FIRST.month, FIRST.day, OPENS_UTC, tzinfo=UTC)
    window = TimeWindow(opens, opens + timedelta(days=DAYS))
    place = Place(Point(39.08, -94.58), "MO", "64108", "America/Chicago", Precision.STREET)
    return Wanted(UUID(int=0), SERVICE, place, (window,))


def _fastest(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def one_by_one(wanted: Wanted, schedule: Schedule) -> set[tuple[UUID, datetime]]:
    """Return every start that `decide` accepts, asked a quarter of an hour at a time."""
    found = set()
    window = wanted.windows[0]
    for route in schedule.routes:
        opens = datetime.fromtimestamp(route.shift_start * 60, tz=UTC)
        for quarter in range((route.shift_end - route.shift_start) // 15):
            start = opens + timedelta(minutes=15 * quarter)
            if not window.holds(start):
                continue
            candidate = schedule.clinicians[route.clinician_id]
            try:
                decide(wanted, candidate, route, start, schedule.rulebook, TRAVEL)
            except SchedulingError:
                continue
            found.add((route.clinician_id, start))
    return found


def main() -> None:
    """Print times over three sizes, the exponent of growth, and the ratio to the plain loop."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, seed {SEED}"
    )
    wanted = make_wish()
    times = []
    for size in SIZES:
        schedule = make_schedule(size)
        taken = _fastest(partial(rank_options, wanted, schedule, TRAVEL))
        times.append(taken)
        print(f"offers, {size:4d} clinicians x {DAYS} days: {taken * 1000:8.1f} ms")
    growth = math.log(times[-1] / times[0]) / math.log(SIZES[-1] / SIZES[0])
    print(f"growth: time ~ routes^{growth:.2f}")
    schedule = make_schedule(PEER_SIZE)
    began = time.perf_counter()
    plain = one_by_one(wanted, schedule)
    taken = time.perf_counter() - began
    ours = {(o.clinician_id, o.starts_at) for o in rank_options(wanted, schedule, TRAVEL)}
    if ours != plain:
        raise SystemExit(f"the two disagree on {len(ours ^ plain)} starts")
    longer = f"{taken / times[0]:.0f} times as long"
    print(f"one by one, {PEER_SIZE} clinicians: {taken * 1000:.0f} ms, {longer}")
    print(f"both found the same {len(ours)} starts")
