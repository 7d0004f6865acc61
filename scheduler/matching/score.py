"""What an option costs: additive terms in equivalent travel minutes, and their weights."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from math import isfinite

import numpy as np

from scheduler.matching.insertion import Numbers
from scheduler.matching.model import Route, Wanted
from scheduler.matching.options import Options


@dataclass(frozen=True, slots=True)
class Weights:
    """What things are worth, in minutes of driving.

    `travel`, `idle`, `spread` are per minute; the others for each time it happens. `spread` counts
    minutes of visits that a clinician's day holds over the mean of that day.
    """

    travel: float = 1
    idle: float = 0.3
    clinician_change: float = 30
    clinician_change_again: float = 45
    preferred_missed: float = 15
    spread: float = 0.5

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not isfinite(value) or value < 0:
                raise ValueError(f"{entry.name} must be a number, 0 or more")


@dataclass(frozen=True, slots=True)
class Terms:
    """One option's cost by cause, each already weighted, in equivalent travel minutes."""

    travel: float
    idle: float
    clinician_change: float
    preference: float
    spread: float

    @property
    def total(self) -> float:
        """The sum of the terms."""
        return self.travel + self.idle + self.clinician_change + self.preference + self.spread

    def readable(self) -> list[tuple[str, float]]:
        """Return the terms that count, in plain words, each with its minutes."""
        words = {
            "more driving": self.travel,
            "waiting beside other visits": self.idle,
            "another clinician than the visit before": self.clinician_change,
            "not the preferred clinician": self.preference,
            "a day fuller than those of others": self.spread,
        }
        return [(text, minutes) for text, minutes in words.items() if minutes]


@dataclass(frozen=True, slots=True)
class Scored:
    """Options with their terms as arrays, one entry an option."""

    options: Options
    travel: Numbers
    idle: Numbers
    preference: Numbers
    spread: Numbers

    @property
    def total(self) -> Numbers:
        """The sums, added in the order in which `Terms.total` adds."""
        return self.travel + self.idle + 0.0 + self.preference + self.spread

    def terms(self, k: int, clinician_change: float = 0.0) -> Terms:
        """Return the terms of option k."""
        return Terms(
            float(self.travel[k]),
            float(self.idle[k]),
            clinician_change,
            float(self.preference[k]),
            float(self.spread[k]),
        )


def score_options(
    options: Options, wanted: Wanted, everyone: Sequence[Route], weights: Weights
) -> Scored:
    """Return the options with their terms; `everyone`: the routes whose mean load counts."""
    routes = options.routes
    over = np.array(_minutes_over_mean(routes, everyone), dtype=np.float64)
    preferred = wanted.preferred_clinician_id
    missed = np.array(
        [preferred is not None and route.clinician_id != preferred for route in routes],
        dtype=np.float64,
    )
    return Scored(
        options,
        options.added_travel * weights.travel,
        options.idle * weights.idle,
        missed[options.route] * weights.preferred_missed,
        over[options.route] * weights.spread,
    )


def _minutes_over_mean(routes: Iterable[Route], everyone: Iterable[Route]) -> list[float]:
    loads: dict[date, list[int]] = defaultdict(list)
    for route in everyone:
        loads[route.on].append(_load(route))
    means = {day: sum(minutes) / len(minutes) for day, minutes in loads.items()}
    return [max(0.0, _load(route) - means[route.on]) for route in routes]


def _load(route: Route) -> int:
    return sum(stop.minutes for stop in route.stops)
