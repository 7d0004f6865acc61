"""Measure the travel estimate against free-flow road minutes, and fit its numbers.

Needs `pip install osrm-bindings` (wheels for Python 3.12 and later) and OpenStreetMap extracts,
each given with the box to draw points from as west,south,east,north:

    python -m benchmarks.calibrate_travel baltimore.osm.pbf:-76.6081,39.2586,-76.5288,39.3065 …

Prints detour and speed by distance, then for the calibration in use and for the best one found:
the share of pairs whose estimate is not below the road minutes, and the estimate's error.
"""

import argparse
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osrm  # type: ignore[import-not-found,unused-ignore]  # for this measurement only
from numpy.typing import NDArray

from scheduler.adapters.travel import TravelCalibration
from scheduler.domain.geography import Point, great_circle_km

Floats = NDArray[np.float64]

PAIRS_PER_TOWN = 400
SNAP_METRES = 300
MIN_STRAIGHT_KM = 0.3
COVERED = 0.8
BANDS_KM = (0.3, 1, 2, 4, 8, 20)
OSRM = Path(osrm.__file__).parent


@dataclass(frozen=True, slots=True)
class Town:
    """Random pairs of one town: straight and road kilometres, free-flow minutes."""

    name: str
    straight_km: Floats
    road_km: Floats
    road_minutes: Floats


def build_graph(extract: Path, folder: Path) -> Path:
    """Return the path of a contracted road graph made from an OpenStreetMap extract."""
    copy = Path(shutil.copy(extract, folder))
    graph = folder / extract.name.replace(".osm.pbf", ".osrm")
    profile = OSRM / "share" / "profiles" / "car.lua"
    for step in (["osrm-extract", "-p", profile, copy], ["osrm-contract", graph]):
        command = [str(OSRM / "bin" / str(step[0])), *map(str, step[1:])]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (our own command)
    return graph


def measure(name: str, graph: Path, box: Sequence[float], rng: np.random.Generator) -> Town:
    """Return random pairs on the roads of a box, measured by the router."""
    router = osrm.OSRM(storage_config=str(graph), use_shared_memory=False)
    ends = list(itertools.islice(road_points(router, box, rng), 2 * PAIRS_PER_TOWN))
    rows = []
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        route = router.Table(
            osrm.TableParameters(
                coordinates=[start, end],
                sources=[0],
                destinations=[1],
                annotations=["duration", "distance"],
            )
        )
        straight = great_circle_km(Point(start[1], start[0]), Point(end[1], end[0]))
        seconds, metres = route["durations"][0][0], route["distances"][0][0]
        if straight >= MIN_STRAIGHT_KM and seconds is not None:
            rows.append((straight, metres / 1000, seconds / 60))
    return Town(name, *np.array(rows, dtype=np.float64).T)


def road_points(
    router: osrm.OSRM, box: Sequence[float], rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """Yield (longitude, latitude) of road points near uniformly drawn ones, without end."""
    west, south, east, north = box
    while True:
        drawn = (float(rng.uniform(west, east)), float(rng.uniform(south, north)))
        nearest = router.Nearest(osrm.NearestParameters(coordinates=[drawn]))["waypoints"][0]
        if nearest["distance"] <= SNAP_METRES:
            yield nearest["location"][0], nearest["location"][1]


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
    towns = []
    with tempfile.TemporaryDirectory() as folder:
        for text in arguments.towns:
            path, _, box = text.rpartition(":")
            graph = build_graph(Path(path), Path(folder))
            name = graph.name.removesuffix(".osrm")
            towns.append(measure(name, graph, [float(side) for side in box.split(",")], rng))
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


if __name__ == "__main__":
    main()
