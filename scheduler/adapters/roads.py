"""Driving minutes by the roads: an OSRM server, what it said before, and the estimate behind it."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from scheduler.adapters.osrm import (
    OffMap,
    OsrmClient,
    RoadsSilent,
    RoadTable,
    Spot,
    TooMany,
    spot_of,
)
from scheduler.adapters.travel import GeodesicTravel, require, whole
from scheduler.domain.driving import TOP_KMH, DayPart
from scheduler.domain.geography import Point, great_circle_km
from scheduler.matching.straight_line import straight_km

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Leg = tuple[Point, Point]
Pair = tuple[Spot, Spot]
Drive = tuple[float, float, float]
"""Seconds and metres of road, and metres off the road."""

Ask = Callable[[Sequence[Pair], float, dict[Pair, Drive]], None]
"""Asks for pairs until an instant and puts the answers into the dictionary."""

NO_ROAD_MINUTES = 24 * 60.0
"""Stands for a drive that no road allows: longer than any day."""

FEWEST = 2
UNKNOWN: Drive = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class RoadLimits:
    """How much is asked of the road service, and how long its answers are waited for and kept.

    Args:
        table_points: most points in one question (`osrm-routed --max-table-size` is 100).
        radius_metres: a point farther from every road counts as off the map.
        timeout_seconds: for one question.
        patience_seconds: for all questions of one table; the rest is estimated.
        pause_seconds: after a failure nothing is asked for so long.
        kept_pairs: pairs that are remembered at most.
        kept_hours: no answer is used longer: the map may have been built anew.

    Raises:
        ValueError: names the inequality that does not hold.
    """

    table_points: int = 100
    radius_metres: float = 1500.0
    timeout_seconds: float = 4.0
    patience_seconds: float = 12.0
    pause_seconds: float = 30.0
    kept_pairs: int = 200_000
    kept_hours: float = 24.0

    def __post_init__(self) -> None:
        require(
            {
                f"table_points >= {FEWEST}": self.table_points >= FEWEST,
                "0 < radius_metres < infinity": 0 < self.radius_metres < np.inf,
                "0 < timeout_seconds": self.timeout_seconds > 0,
                "timeout_seconds <= patience_seconds": self.timeout_seconds
                <= self.patience_seconds,
                "0 <= pause_seconds < infinity": 0 <= self.pause_seconds < np.inf,
                "kept_pairs >= 2": self.kept_pairs >= FEWEST,
                "0 < kept_hours < infinity": 0 < self.kept_hours < np.inf,
            }
        )


class Remembered(Generic[Key, Value]):
    """Keeps at most `most` values, none of them longer than `seconds`; safe between threads.

    Two halves: when the younger is full or has reached half the age, the older is forgotten.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._half = max(1, most // 2)
        self._half_seconds = seconds / 2
        self._clock = clock
        self._lock = threading.Lock()
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}
        self._since = clock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, keys: Iterable[Key]) -> list[Value | None]:
        """Return what is remembered under each key, or None."""
        young, old = self._young, self._old
        return [young.get(key) or old.get(key) for key in keys]

    def put(self, values: Mapping[Key, Value]) -> None:
        """Remember values, none of which is false; the last ones if there are too many."""
        with self._lock:
            for key, value in values.items():
                self._turn(full=len(self._young) >= self._half)
                self._young[key] = value

    def forget_old(self) -> None:
        """Forget what is too old."""
        with self._lock:
            self._turn(full=False)

    def _turn(self, *, full: bool) -> None:
        age = self._clock() - self._since
        if age >= 2 * self._half_seconds:
            self._young = {}
        if full or age >= self._half_seconds:
            self._old, self._young = self._young, {}
            self._since = self._clock()


class RoadTravel:
    """Driving minutes by the fastest way on the roads, times the traffic of the hour.

    Where the service does not answer, and for points off its map, the estimate stands in. Where it
    knows that no road leads from one point to the other, the drive takes NO_ROAD_MINUTES. Answers
    are kept in memory only: pairs of homes are health data.
    """

    name = "roads"
    by_network = True

    def __init__(
        self,
        url: str,
        estimate: GeodesicTravel | None = None,
        limits: RoadLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or RoadLimits()
        self._client = OsrmClient(url, self._limits.radius_metres, self._limits.timeout_seconds)
        self._estimate = estimate or GeodesicTravel()
        self._clock = clock
        kept_seconds = self._limits.kept_hours * 3600
        self._drives: Remembered[Pair, Drive] = Remembered(
            self._limits.kept_pairs, kept_seconds, clock
        )
        self._off_map: Remembered[Spot, bool] = Remembered(
            self._limits.kept_pairs, kept_seconds, clock
        )
        self._table_points = self._limits.table_points
        self._ask_again_at = -np.inf
        self.falling_back = False

    def minutes(
        self,
        origins: Sequence[Point],
        destinations: Sequence[Point],
        part: DayPart | None = None,
    ) -> Floats:
        """Return whole minutes, one row an origin, one column a destination."""
        drives = self._table(origins, destinations)
        straight = straight_km(origins, destinations)
        return self._whole_minutes(drives, straight, part)

    def legs(self, legs: Sequence[Leg], part: DayPart | None = None) -> Floats:
        """Return whole minutes of each drive, from its first point to its second."""
        drives = self._single(legs)
        return self._whole_minutes(drives, np.array([great_circle_km(*leg) for leg in legs]), part)

    def kilometres(self, legs: Sequence[Leg]) -> Floats:
        """Return kilometres of road of each drive; estimated where no road is known."""
        drives = self._single(legs)
        by_road = (drives[:, 1] + drives[:, 2]) / 1000
        return np.where(np.isfinite(by_road), by_road, self._estimate.kilometres(legs))

    def _whole_minutes(self, drives: Floats, straight: Floats, part: DayPart | None) -> Floats:
        """Return minutes for drives (last axis: see Drive) between points so far apart."""
        seconds, off_metres = drives[..., 0], drives[..., 2]
        calibration = self._estimate.calibration
        off_road = off_metres / 1000 * calibration.detour / calibration.kmh_short * 60
        factor = self._estimate.traffic.factor(part)
        by_road = calibration.from_door_to_door((seconds / 60 + off_road) * factor)
        by_road = np.maximum(by_road, straight * 60 / TOP_KMH)
        by_road = np.minimum(by_road, NO_ROAD_MINUTES)
        estimated = calibration.minutes(straight, factor)
        return whole(np.where(np.isnan(seconds), estimated, by_road))

    def _single(self, legs: Sequence[Leg]) -> Floats:
        pairs = [(spot_of(start), spot_of(goal)) for start, goal in legs]
        return self._learned(pairs, self._ask_legs)

    def _table(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
        starts, goals = list(map(spot_of, origins)), list(map(spot_of, destinations))
        pairs = [(start, goal) for start in starts for goal in goals]
        return self._learned(pairs, self._ask_table).reshape(len(starts), len(goals), 3)

    def _learned(self, pairs: Sequence[Pair], ask: Ask) -> Floats:
        """Return one row a pair (see Drive), asking for what is not remembered.

        NaN where the service knows nothing or does not answer; that is said once.
        """
        self._drives.forget_old()
        self._off_map.forget_old()
        fresh: dict[Pair, Drive] = {}
        began = self._clock()
        missing = self._missing(pairs) if began >= self._ask_again_at else []
        if missing:
            try:
                ask(missing, began + self._limits.patience_seconds, fresh)
            except RoadsSilent as trouble:
                self._fall_back(trouble)
            else:
                self._be_back()
        known = zip(pairs, self._drives.get(pairs), strict=True)
        drives = [drive or fresh.get(pair, UNKNOWN) for pair, drive in known]
        return np.array(drives, dtype=np.float64).reshape(len(pairs), 3)

    def _fall_back(self, trouble: RoadsSilent) -> None:
        self._ask_again_at = self._clock() + self._limits.pause_seconds
        if not self.falling_back:
            log.warning("road service does not answer, drives are estimated: %s", trouble)
        self.falling_back = True

    def _be_back(self) -> None:
        if self.falling_back:
            log.warning("road service answers again")
        self.falling_back = False

    def _missing(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the pairs that must be asked for, each once."""
        known = zip(pairs, self._drives.get(pairs), strict=True)
        unknown = list(dict.fromkeys(pair for pair, drive in known if drive is None))
        spots = {spot for pair in unknown for spot in pair}
        off = {spot for spot, is_off in zip(spots, self._off_map.get(spots), strict=True) if is_off}
        return [pair for pair in unknown if not (pair[0] in off or pair[1] in off)]

    def _ask_table(self, pairs: Sequence[Pair], until: float, fresh: dict[Pair, Drive]) -> None:
        """Ask for whole pieces of a table, every answer of which is kept."""
        rows, columns = _ends(pairs)
        for some_rows, some_columns in blocks(rows, columns, self._table_points):
            missing = self._missing([(a, b) for a in some_rows for b in some_columns])
            self._ask_in_time(missing, until)
            try:
                fresh.update(self._ask(*_ends(missing)))
            except TooMany:
                self._ask_for_fewer()
                left = [pair for pair in pairs if pair not in fresh]
                self._ask_table(left, until, fresh)
                return

    def _ask_legs(self, pairs: Sequence[Pair], until: float, fresh: dict[Pair, Drive]) -> None:
        """Ask for single drives, many in one question; what lies beside them is not kept."""
        left = list(pairs)
        while left:
            some = left[: max(1, self._table_points // 2)]
            self._ask_in_time(some, until)
            try:
                fresh.update(self._ask(*_ends(some), only=frozenset(some)))
            except TooMany:
                self._ask_for_fewer()
                continue
            left = left[len(some) :]

    def _ask_in_time(self, pairs: Sequence[Pair], until: float) -> None:
        if pairs and self._clock() >= until:
            raise RoadsSilent("too slow for a table of this size")

    def _ask_for_fewer(self) -> None:
        if self._table_points <= FEWEST:
            raise RoadsSilent("takes not even two points") from None
        self._table_points = max(FEWEST, self._table_points // 2)

    def _ask(
        self, starts: list[Spot], goals: list[Spot], only: frozenset[Pair] | None = None
    ) -> dict[Pair, Drive]:
        """Return and remember what is answered, leaving out spots that are off the map."""
        while starts and goals:
            try:
                table = self._client.table(starts, goals)
            except OffMap as off:
                spot = (*starts, *goals)[off.number]
                self._off_map.put({spot: True})
                starts = [start for start in starts if start != spot]
                goals = [goal for goal in goals if goal != spot]
                continue
            found = {
                pair: drive
                for pair, drive in _pairs(starts, goals, table)
                if only is None or pair in only
            }
            self._drives.put(found)
            return found
        return {}


def _ends(pairs: Sequence[Pair]) -> tuple[list[Spot], list[Spot]]:
    """Return the first spots and the second spots, each once."""
    return list(dict.fromkeys(a for a, _ in pairs)), list(dict.fromkeys(b for _, b in pairs))


def _pairs(
    starts: Sequence[Spot], goals: Sequence[Spot], table: RoadTable
) -> Iterator[tuple[Pair, Drive]]:
    together = np.stack([table.seconds, table.metres, table.off_metres], axis=2).tolist()
    for start, row in zip(starts, together, strict=True):
        for goal, (seconds, metres, off_metres) in zip(goals, row, strict=True):
            yield (start, goal), (seconds, metres, off_metres)


def blocks(
    rows: Sequence[Spot], columns: Sequence[Spot], most: int
) -> Iterator[tuple[list[Spot], list[Spot]]]:
    """Cut a table into pieces of at most `most` spots, rows and columns counted together."""
    half = most // 2
    if len(columns) <= half:
        high, wide = most - max(1, len(columns)), max(1, len(columns))
    else:
        high = max(1, min(half, len(rows)))
        wide = most - high
    for row in range(0, len(rows), high):
        for column in range(0, len(columns), wide):
            yield list(rows[row : row + high]), list(columns[column : column + wide])
