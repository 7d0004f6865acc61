"""A large day in parts: neighbouring rounds are improved together, apart from the rest.

Parts are cut anew again and again, along other lines, and are worked on side by side.
"""

from random import Random
from typing import NamedTuple

import numpy as np

from scheduler.matching.kernels.rounds import (
    NOWHERE,
    Numbers,
    Rounds,
    Whole,
    Work,
    empty_rounds,
    refresh_all,
)

MOST_VISITS = 250
ROWS_AT_ONCE = 256
"""So that a large day's distances are not all copied to be sorted."""


class District(NamedTuple):
    """Rounds and visits of the whole day (their numbers), and both as a day of their own."""

    rounds: Whole
    visits: Whole
    work: Work
    plan: Rounds


def cut_districts(work: Work, plan: Rounds, chance: Random) -> list[District]:
    """Cut a day into districts of at most MOST_VISITS visits, along lines drawn by chance."""
    rounds, visits = np.arange(len(plan.length)), np.arange(len(plan.round_of))
    parts = _halves(work, plan, (rounds, visits), chance)
    return [_district(work, plan, *part) for part in parts]


def _halves(
    work: Work, plan: Rounds, part: tuple[Whole, Whole], chance: Random
) -> list[tuple[Whole, Whole]]:
    rounds, visits = part
    if len(visits) <= MOST_VISITS or len(rounds) == 1:
        return [part]
    side = _sides(work, visits, chance)
    score = dict(zip(visits.tolist(), side.tolist(), strict=True))
    middles = np.array([_middle(work, plan, k, score, visits) for k in rounds.tolist()])
    order = rounds[np.argsort(middles, kind="stable")]
    half = len(order) // 2
    left = np.zeros(len(plan.length), dtype=np.bool_)
    left[order[:half]] = True
    given = plan.round_of[visits]
    limit = np.sort(middles, kind="stable")[half]
    is_left = np.where(given == NOWHERE, side < limit, left[given])
    first = (np.sort(order[:half]), visits[is_left])
    second = (np.sort(order[half:]), visits[~is_left])
    return _halves(work, plan, first, chance) + _halves(work, plan, second, chance)


def _sides(work: Work, visits: Whole, chance: Random) -> Numbers:
    """Return how much farther each visit is from one drawn visit than from another, far one."""
    offset = 2 * work.allowed.shape[1]
    one = chance.choice(visits.tolist())
    drives = work.minutes[offset + one, offset + visits]
    far = visits[np.argsort(drives)[len(visits) * chance.randrange(50, 100) // 100]]
    return np.asarray(drives - work.minutes[offset + far, offset + visits])


def _middle(work: Work, plan: Rounds, k: int, score: dict[int, float], visits: Whole) -> float:
    """Return the mean side of a round's visits; a free round goes by the visit nearest to it."""
    mine = plan.order[k, : plan.length[k]].tolist()
    if not mine:
        offset = 2 * len(plan.length)
        mine = [int(visits[work.minutes[k, offset + visits].argmin()])]
    return sum(score[visit] for visit in mine) / len(mine)


def _district(work: Work, plan: Rounds, rounds: Whole, visits: Whole) -> District:
    part = part_of(work, rounds, visits)
    new = empty_rounds(part)
    number = np.full(len(plan.round_of) + 1, NOWHERE, dtype=np.int64)
    number[visits] = np.arange(len(visits))
    width = min(new.order.shape[1], plan.order.shape[1])
    new.order[:, :width] = number[plan.order[rounds, :width]]
    new.length[:] = plan.length[rounds]
    refresh_all(part, new)
    return District(rounds, visits, part, new)


def part_of(work: Work, rounds: Whole, visits: Whole) -> Work:
    """Return some rounds and visits as work of their own."""
    many = work.allowed.shape[1]
    nodes = np.concatenate([rounds, many + rounds, 2 * many + visits])
    minutes = work.minutes[np.ix_(nodes, nodes)]
    return Work(
        minutes=minutes,
        service=work.service[visits],
        opens=work.opens[visits],
        closes=work.closes[visits],
        worth=work.worth[visits],
        leeway=work.leeway[visits],
        allowed=work.allowed[np.ix_(visits, rounds)],
        extra=work.extra[np.ix_(visits, rounds)],
        fixed=work.fixed[visits],
        shift=work.shift[rounds],
        pause=work.pause[rounds],
        most_visits=work.most_visits[rounds],
        most_travel=work.most_travel[rounds],
        near=nearest_visits(minutes, len(rounds), work.near.shape[1]),
        near_rounds=nearest(minutes[: len(rounds), 2 * len(rounds) :].T, work.near_rounds.shape[1]),
    )


def nearest(distances: Numbers, many: int) -> Whole:
    """Return for each row its columns from the smallest on, at most so many."""
    many = min(many, distances.shape[1])
    found = np.empty((len(distances), many), dtype=np.int64)
    for first in range(0, len(distances), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        found[rows] = np.argsort(distances[rows], axis=1, kind="stable")[:, :many]
    return found


def nearest_visits(minutes: Numbers, rounds: int, many: int) -> Whole:
    """Return for each visit those that are nearest there and back, itself first."""
    between = minutes[2 * rounds :, 2 * rounds :]
    found = np.empty((len(between), min(many, len(between))), dtype=np.int64)
    for first in range(0, len(between), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        found[rows] = nearest(between[rows] + between[:, rows].T, many)
    return found


def put_back(plan: Rounds, district: District, found: Rounds) -> None:
    """Write what was found in a district into the day's plan; the caller refreshes."""
    plan.order[district.rounds] = NOWHERE
    width = min(found.order.shape[1], plan.order.shape[1])
    numbers = np.append(district.visits, NOWHERE)
    plan.order[district.rounds, :width] = numbers[found.order[:, :width]]
    plan.length[district.rounds] = found.length
