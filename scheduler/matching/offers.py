"""Which visits can be offered: all that fit, ranked, and the few that a person chooses from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import numpy as np

from scheduler.domain.timing import TimeWindow, from_minute
from scheduler.matching.eligibility import NOT_VERIFIED, Exclusion, Funnel, HardRule
from scheduler.matching.insertion import Indices, Travel, find_gaps
from scheduler.matching.model import Schedule, Wanted
from scheduler.matching.options import find_options, routes_in_play, wished_moments
from scheduler.matching.reasons import Search, explain
from scheduler.matching.score import Scored, Terms, Weights, score_options

PARTS_OF_DAY = (12 * 60, 17 * 60)
"""Morning ends at noon, afternoon at five."""
APART_MINUTES = 60
DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Offer:
    """A visit that can be had.

    `on`: local day of the clinician's route; `ends_at`: end of pack-down; `window`: the arrival
    window that would be promised.
    """

    clinician_id: UUID
    on: date
    starts_at: datetime
    ends_at: datetime
    window: TimeWindow
    terms: Terms
    added_travel_minutes: int


class EmptyCause(StrEnum):
    """Why there is nothing to offer; the one nearest to succeeding decides."""

    NOT_VERIFIED_STATE = "not_verified_state"
    NOBODY_LICENSED = "nobody_licensed"
    NOBODY_SKILLED = "nobody_skilled"
    NOBODY_NEAR = "nobody_near"
    NOBODY_WORKS = "nobody_works"
    NO_FREE_TIME = "no_free_time"

    @property
    def words(self) -> str:
        """The cause for people."""
        return _CAUSE_WORDS[self]


_CAUSE_WORDS = {
    EmptyCause.NOT_VERIFIED_STATE: "This care is not verified for the state of the address.",
    EmptyCause.NOBODY_LICENSED: "Nobody here may give this care in the state of the address.",
    EmptyCause.NOBODY_SKILLED: "Nobody who is licensed there has the skills, or may be paired.",
    EmptyCause.NOBODY_NEAR: "Nobody of the practice is near enough to the address.",
    EmptyCause.NOBODY_WORKS: "Nobody who could come works at these times.",
    EmptyCause.NO_FREE_TIME: "Everybody who could come is taken at these times.",
}


@dataclass(frozen=True, slots=True)
class OfferList:
    """The chosen offers, best first; who has none and why; and, when empty, the cause."""

    offers: tuple[Offer, ...]
    exclusions: tuple[Exclusion, ...]
    cause: EmptyCause | None


def find_offers(
    wanted: Wanted,
    schedule: Schedule,
    travel: Travel,
    weights: Weights = DEFAULT_WEIGHTS,
    most: int = 6,
) -> OfferList:
    """Return at most `most` offers, spread over days and times of day.

    The soonest is always among them, and the best of the preferred clinician where there is one.

    Raises:
        ValueError: `most` is below 1.
    """
    if most < 1:
        raise ValueError("most must be 1 or more")
    search, scored = _search(wanted, schedule, travel, weights)
    options = scored.options
    able = {options.routes[index].clinician_id for index in set(options.route.tolist())}
    without = sorted(set(schedule.clinicians) - able)
    exclusions = explain(search, without)
    offers = tuple(make_offer(scored, k, wanted) for k in _choose(scored, wanted, most))
    return OfferList(offers, exclusions, None if offers else _cause(wanted, schedule, exclusions))


def rank_options(
    wanted: Wanted, schedule: Schedule, travel: Travel, weights: Weights = DEFAULT_WEIGHTS
) -> list[Offer]:
    """Return every feasible option, by total, then start, then clinician id."""
    _, scored = _search(wanted, schedule, travel, weights)
    return [make_offer(scored, k, wanted) for k in _ranking(scored).tolist()]


def _search(
    wanted: Wanted, schedule: Schedule, travel: Travel, weights: Weights
) -> tuple[Search, Scored]:
    moments = wished_moments(wanted)
    funnel = Funnel(wanted, schedule.clinicians, schedule.rulebook)
    gaps = find_gaps(routes_in_play(schedule, moments, funnel), travel)
    options = find_options(wanted, moments, gaps, funnel, travel)
    search = Search(wanted, schedule, moments, funnel, travel)
    return search, score_options(options, wanted, schedule.routes, weights)


def _ranking(scored: Scored) -> Indices:
    """Return the numbers of the options, best first; they come sorted by start and clinician."""
    return np.argsort(scored.total, kind="stable")


def make_offer(
    scored: Scored,
    k: int,
    wanted: Wanted,
    latest: int | None = None,
    clinician_change: float = 0.0,
) -> Offer:
    """Return option k; `latest` (epoch minute) shortens the promised window at its end."""
    options = scored.options
    route = options.routes[int(options.route[k])]
    moment = int(options.moment[k])
    start = int(options.moments.start[moment])
    if latest is None:
        latest = int(options.moments.latest[moment])
    return Offer(
        route.clinician_id,
        route.on,
        from_minute(start),
        from_minute(start + wanted.service.visit_minutes),
        TimeWindow(from_minute(start), from_minute(latest)),
        scored.terms(k, clinician_change),
        int(options.added_travel[k]),
    )


def _choose(scored: Scored, wanted: Wanted, most: int) -> list[int]:
    """Return the numbers of the chosen options, best first."""
    ranking = _ranking(scored).tolist()
    if not ranking:
        return []
    chosen = _always(scored, wanted, ranking)[:most]
    rank = np.empty(len(ranking), dtype=np.int64)
    rank[ranking] = np.arange(len(ranking))
    while len(chosen) < min(most, len(ranking)):
        chosen.append(_least_crowded(scored, chosen, rank))
    return sorted(chosen, key=lambda k: int(rank[k]))


def _always(scored: Scored, wanted: Wanted, ranking: list[int]) -> list[int]:
    options = scored.options
    start, total = options.start, scored.total
    soonest = min(ranking, key=lambda k: (int(start[k]), float(total[k])))
    preferred = wanted.preferred_clinician_id
    for k in ranking:
        if options.routes[int(options.route[k])].clinician_id == preferred:
            return list(dict.fromkeys((soonest, k)))
    return [soonest]


def _least_crowded(scored: Scored, chosen: list[int], rank: Indices) -> int:
    """Return the option with fewest chosen on its day, then in its part of day, then the best.

    Between those two and the rank: at least an hour from each chosen start.
    """
    moments, moment = scored.options.moments, scored.options.moment
    day, start = moments.first_day[moment], moments.start[moment]
    part = np.searchsorted(PARTS_OF_DAY, moments.clock[moment], side="right")
    same_day, same_part, near = (np.zeros(len(rank), dtype=np.int64) for _ in range(3))
    for k in chosen:
        same_day += day == day[k]
        same_part += part == part[k]
        near += np.abs(start - start[k]) < APART_MINUTES
    same_day[chosen] = len(rank) + 1
    return int(np.lexsort((rank, near, same_part, same_day))[0])


def _cause(wanted: Wanted, schedule: Schedule, exclusions: Sequence[Exclusion]) -> EmptyCause:
    care = (wanted.place.state, wanted.service.way_of_giving)
    if care not in {(rule.state, rule.way_of_giving) for rule in schedule.rulebook.scope_rules}:
        return EmptyCause.NOT_VERIFIED_STATE
    rules = {exclusion.rule for exclusion in exclusions}
    if not rules:
        return EmptyCause.NOBODY_NEAR
    if rules <= {HardRule.CREDENTIAL}:
        unverified = any(exclusion.words == NOT_VERIFIED for exclusion in exclusions)
        return EmptyCause.NOT_VERIFIED_STATE if unverified else EmptyCause.NOBODY_LICENSED
    if rules <= {HardRule.CREDENTIAL, HardRule.SKILL, HardRule.BLOCKED}:
        return EmptyCause.NOBODY_SKILLED
    if rules <= {HardRule.CREDENTIAL, HardRule.SKILL, HardRule.BLOCKED, HardRule.SHIFT}:
        return EmptyCause.NOBODY_WORKS
    return EmptyCause.NO_FREE_TIME
