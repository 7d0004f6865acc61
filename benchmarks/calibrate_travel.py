"""Measure the travel estimate against road minutes, and fit its numbers.

Needs OSRM's programs (`make roads`) and OpenStreetMap extracts, each given with the box to draw
points from as west,south,east,north:

    python -m benchmarks.calibrate_travel baltimore.osm.pbf:-76.6081,39.2586,-76.5288,39.3065 …

Prints detour and speed by distance, then for the calibration in use and for the best one found:
the share of pairs whose estimate is not below the free-flow road minutes, and the estimate's error;
then the share that the estimate still covers where traffic makes the roads slower.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.roads import build_graph, find_programs, nearest_metres, serving
from scheduler.adapters.osrm import OsrmClient, spot_of
from scheduler.adapters.travel import Traffic, TravelCalibration
from scheduler.domain.geography import Point, great_circle_km

Floats = NDArray[np.float64]

PAIRS_PER_TOWN = 400
SNAP_METRES = 300
MIN_STRAIGHT_KM = 0.3
COVERED = 0.8
BANDS_KM = (0.3, 1, 2, 4, 8, 20)
ASKED_AT_ONCE = 50
SLOWER = (1.0, 1.15, 1.25, 1.33)


@dataclass(frozen=True, slots=True)
class Town:
    """Random pairs of one town: straight and road kilometres, free-flow minutes."""

    name: str
    straight_km: Floats
    road_km: Floats
    road_minutes: Floats


def measure(name: str, url: str, box: Sequence[float], rng: np.random.Generator) -> Town:
    """Return random pairs on the roads of a box, measured by the road service."""
    ends = list(itertools.islice(road_points(url, box, rng), 2 * PAIRS_PER_TOWN))
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    client = OsrmClient(url, SNAP_METRES, timeout_seconds=30)
    rows = []
    for first in range(0, len(pairs), ASKED_AT_ONCE):
        some = pairs[first : first + ASKED_AT_ONCE]
        table = client.table([spot_of(a) for a, _ in some], [spot_of(b) for _, b in some])
        for number, (start, end) in enumerate(some):
            straight = great_circle_km(start, end)
            seconds, metres = table.seconds[number, number], table.metres[number, number]
            if straight >= MIN_STRAIGHT_KM and np.isfinite(seconds):
                rows.append((straight, metres / 1000, seconds / 60))
    return Town(name, *np.array(rows, dtype=np.float64).T)


def road_points(url: str, box: Sequence[float], rng: np.random.Generator) -> Iterator[Point]:
    """Yield road points near uniformly drawn ones, without end."""
    west, south, east, north = box
    while True:
        drawn = (float(rng.uniform(west, east)), float(rng.uniform(south, north)))
        longitude, latitude, metres = nearest_metres(url, *drawn)
        if metres <= SNAP_METRES:
            yield Point(latitude, longitude)


def describe(town: Town) -> None:
    """Print detour, speed and minutes by straight distance."""
    detours = np.percentile(town.road_km / town.straight_km, [10, 50, 80, 90])
    speed = np.median(60 * town.road_km / town.road_minutes)
    print(
        f"{town.name}: {len(town.straight_km)} pairs, detour 10/50/80/90 %: {detours.round(2)}, "
        f"median {speed:.0f} km/h"
    )
    for low, high in itertools.pairwise(BANDS_KM):
        band = (town.straight_km >= low) & (town.straight_km < high)
        if band.any():
            minutes = np.percentile(town.road_minutes[band], [20, 50, 80]).round(1)
            detour = np.median(town.road_km[band] / town.straight_km[band])
            kmh = np.median(60 * town.road_km[band] / town.road_minutes[band])
            print(
                f"  {low:>4}-{high} km: {band.sum():>4} pairs, minutes 20/50/80 %: {minutes}, "
                f"detour {detour:.2f}, {kmh:.0f} km/h"
            )


def judge(calibration: TravelCalibration, town: Town) -> tuple[float, float, float]:
    """Return the share covered, the mean error and the mean excess of the rounded estimate."""
    error = np.ceil(calibration.minutes(town.straight_km)) - town.road_minutes
    return (
        float((error >= 0).mean()),
        float(error.mean()),
        float(np.abs(error).mean()),
    )


def covered_in_traffic(town: Town, slower: float) -> float:
    """Return the share of pairs that a plan covers where roads are so many times slower."""
    planned = np.ceil(TravelCalibration().minutes(town.straight_km, Traffic().factor(None)))
    return float((planned >= town.road_minutes * slower).mean())


def fit(towns: Sequence[Town]) -> TravelCalibration:
    """Return the calibration of least mean absolute error that covers enough in every town."""
    grid = itertools.product((26, 28, 30, 32, 34, 36), (70, 80), (4, 6, 8, 10, 12), (0, 1, 2, 3))
    candidates = [TravelCalibration(1.45, *values) for values in grid]
    judged = [(candidate, [judge(candidate, town) for town in towns]) for candidate in candidates]
    enough = [
        (sum(absolute for *_, absolute in figures), candidate)
        for candidate, figures in judged
        if min(covered for covered, *_ in figures) >= COVERED
    ]
    return min(enough, key=lambda pair: pair[0])[1]


def main() -> None:
    """Measure the towns named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("towns", nargs="+", metavar="EXTRACT:WEST,SOUTH,EAST,NORTH")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    programs = find_programs()
    towns = []
    with tempfile.TemporaryDirectory() as folder:
        for text in arguments.towns:
            path, _, box = text.rpartition(":")
            graph = build_graph(programs, Path(path), Path(folder))
            name = graph.name.removesuffix(".osrm")
            with serving(programs, graph) as url:
                towns.append(measure(name, url, [float(side) for side in box.split(",")], rng))
    for town in towns:
        describe(town)
    for label, calibration in (("in use", TravelCalibration()), ("best fit", fit(towns))):
        print(f"{label}: {calibration}")
        for town in towns:
            covered, bias, absolute = judge(calibration, town)
            print(
                f"  {town.name}: {covered:.0%} covered, error {bias:+.1f} min in the mean, "
                f"{absolute:.1f} absolute"
            )
    for town in towns:
        shares = (f"{covered_in_traffic(town, slower):.0%} at {slower}" for slower in SLOWER)
        print(f"plans in {town.name}, covered where roads are slower: {', '.join(shares)}")


if __name__ == "__main__":
    main()
