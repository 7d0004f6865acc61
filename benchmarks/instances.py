"""Make days to plan: python -m benchmarks.instances --visits 400 --seed 1 --out FILE

One town with clusters of homes; about five visits a clinician, more than fit. The same numbers make
the same bytes on every machine. The format is in docs/benchmarks/format.md.
"""

import argparse
import json
import math
import random
from argparse import RawDescriptionHelpFormatter
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.instance_file import parse_instance
from benchmarks.model import Pin, minutes_table
from benchmarks.route_times import time_route

Record = dict[str, Any]
Pair = list[float]

VISITS_PER_CLINICIAN = 5
CENTRE = (39.1, -94.58)
HALF_HEIGHT_KM = 20.0
KM_PER_DEGREE = 111.195
DETOUR, KMH = 1.3, 40.0
SKILLS = {"infusion": 0.45, "injection": 0.2, "check": 0.2, "hydration": 0.1, "child": 0.05}
SKILL_HELD = {"infusion": 0.65, "injection": 0.6, "check": 0.7, "hydration": 0.5, "child": 0.3}
SERVICE_MINUTES = {"infusion": (65, 115), "injection": (35, 60), "check": (30, 60)}
OTHER_SERVICE_MINUTES = (30, 75)
FIRST_START, LAST_START = 480, 990
LOAD = 0.74  # service asked for, as a share of the minutes that clinicians have beside breaks
BAN_SHARE = 0.04
PIN_SHARE = 0.08
PREFERRED_SHARE = 0.3


def make_instance(visits: int, seed: int, *, measured: bool = False) -> Record:
    """Return the JSON of a day; `measured` gives travel as an asymmetric table of minutes."""
    rng = random.Random(f"{visits} visits, seed {seed}")
    clusters = _make_clusters(rng, max(3, round(visits / 25)))
    people = max(2, round(visits / VISITS_PER_CLINICIAN))
    clinicians = [_make_clinician(rng, clusters, number) for number in range(people)]
    held = _deal_skills(rng, people)
    asked = [_make_visit(rng, clusters, number) for number in range(visits)]
    for visit, skill in asked:
        able = [c["id"] for c, skills in zip(clinicians, held, strict=True) if skill in skills]
        visit["allowed"] = [who for who in able if rng.random() >= BAN_SHARE]
        if visit["allowed"] and rng.random() < PREFERRED_SHARE:
            visit["preferred"] = rng.choice(visit["allowed"])
    _fill_days(clinicians, [visit for visit, _ in asked])
    record: Record = {
        "travel": {"detour": DETOUR, "kmh": KMH},
        "clinicians": clinicians,
        "visits": [visit for visit, _ in asked],
    }
    if measured:
        record["travel"] = {"minutes": _make_minutes(rng, record)}
    _pin_some(rng, record)
    return record


def _make_clusters(rng: random.Random, count: int) -> list[tuple[Pair, float]]:
    """Return centres in kilometres from the town's, each with its spread in kilometres."""
    side = HALF_HEIGHT_KM
    return [
        ([rng.uniform(-side, side), rng.uniform(-side, side)], rng.uniform(0.5, 2.5))
        for _ in range(count)
    ]


def _make_point(rng: random.Random, clusters: list[tuple[Pair, float]]) -> Pair:
    if rng.random() < 0.25:
        north, east = (rng.uniform(-HALF_HEIGHT_KM, HALF_HEIGHT_KM) for _ in range(2))
    else:
        centre, spread = rng.choice(clusters)
        north, east = (rng.gauss(middle, spread) for middle in centre)
    latitude = CENTRE[0] + north / KM_PER_DEGREE
    longitude = CENTRE[1] + east / (KM_PER_DEGREE * math.cos(math.radians(CENTRE[0])))
    return [round(latitude, 5), round(longitude, 5)]


def _make_clinician(rng: random.Random, clusters: list[tuple[Pair, float]], number: int) -> Record:
    start = _make_point(rng, clusters)
    end_roll = rng.random()
    opens = rng.choice((450, 480, 510, 540))
    closes = opens + rng.choice((420, 480, 480, 540))
    middle = opens + rng.choice((180, 210, 240))
    return {
        "id": f"c{number + 1}",
        "start": start,
        "end": start if end_roll < 0.8 else None if end_roll < 0.9 else _make_point(rng, clusters),
        "shift": [opens, closes],
        "break": {"minutes": 30, "window": [middle - 45, middle + 45]}
        if rng.random() < 0.75
        else None,
        "max_visits": rng.choice((5, 6, 6, 7)),
        "max_travel_minutes": rng.choice((150, 180, 180, 240)),
    }


def _deal_skills(rng: random.Random, people: int) -> list[set[str]]:
    """Return each clinician's skills; of each skill there is the same share in every day made."""
    held: list[set[str]] = [set() for _ in range(people)]
    for skill, share in SKILL_HELD.items():
        for row in rng.sample(range(people), max(1, round(share * people))):
            held[row].add(skill)
    return held


def _make_visit(
    rng: random.Random, clusters: list[tuple[Pair, float]], number: int
) -> tuple[Record, str]:
    skill = rng.choices(list(SKILLS), list(SKILLS.values()))[0]
    shortest, longest = SERVICE_MINUTES.get(skill, OTHER_SERVICE_MINUTES)
    visit = {
        "id": f"v{number + 1}",
        "point": _make_point(rng, clusters),
        "service_minutes": rng.randrange(shortest, longest + 1, 5),
        "windows": _make_windows(rng),
        "priority": rng.choice((1, 1, 1, 1, 2, 2, 4)),
        "allowed": [],
        "pinned": None,
        "preferred": None,
    }
    return visit, skill


def _fill_days(clinicians: list[Record], visits: list[Record]) -> None:
    """Stretch or shrink every service so that the days are equally full whatever the dice said."""
    has = sum(c["shift"][1] - c["shift"][0] - (30 if c["break"] else 0) for c in clinicians)
    factor = LOAD * has / sum(visit["service_minutes"] for visit in visits)
    for visit in visits:
        visit["service_minutes"] = 5 * round(visit["service_minutes"] * factor / 5)


def _make_windows(rng: random.Random) -> list[Pair]:
    """Return one to three windows apart from each other, between 08:00 and 16:30."""
    count = rng.choices((1, 2, 3), (0.6, 0.25, 0.15))[0]
    length = rng.choice({1: (60, 120, 240, 480), 2: (60, 120, 180), 3: (60, 120)}[count])
    share = (LAST_START - FIRST_START) // count
    quarters = (share - length) // 15 - 1
    opens = [FIRST_START + n * share + 15 * rng.randint(0, quarters) for n in range(count)]
    return [[first, first + length] for first in opens]


def _make_minutes(rng: random.Random, record: Record) -> list[Pair]:
    """Return minutes that differ by direction: uphill, one-way streets, the commute into town."""
    instance = parse_instance(record)
    table = minutes_table(instance)
    into = [rng.uniform(0.9, 1.25) for _ in table]
    return [
        [
            round(float(minutes) * into[column] + (row != column), 1)
            for column, minutes in enumerate(r)
        ]
        for row, r in enumerate(table)
    ]


def _pin_some(rng: random.Random, record: Record) -> None:
    """Pin a share of the visits so that the pins of each clinician can all be kept."""
    instance = parse_instance(record)
    table = minutes_table(instance)
    rows = {clinician.id: row for row, clinician in enumerate(instance.clinicians)}
    pinned = list(instance.visits)
    days: dict[str, list[tuple[float, int]]] = {}
    for number, visit in enumerate(record["visits"]):
        if not visit["allowed"] or rng.random() >= PIN_SHARE:
            continue
        who, (opens, closes) = rng.choice(visit["allowed"]), rng.choice(visit["windows"])
        start = opens + 15 * rng.randint(0, (closes - opens) // 15)
        before, pinned[number] = pinned[number], replace(pinned[number], pinned=Pin(who, start))
        day = sorted([*days.get(who, ()), (start, number)])
        trial = replace(instance, visits=tuple(pinned))
        if time_route(trial, table, rows[who], [place for _, place in day]) is None:
            pinned[number] = before
        else:
            days[who] = day
            visit["pinned"] = {"clinician": who, "start": start}


def main() -> None:
    """Write the day asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.instances",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--visits", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--measured", action="store_true", help="travel as an asymmetric table of minutes"
    )
    arguments = parser.parse_args()
    if arguments.visits < 1:
        parser.error("--visits must be at least 1")
    record = make_instance(arguments.visits, arguments.seed, measured=arguments.measured)
    arguments.out.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
