"""The search for a better day: take neighbouring visits out, put them back better, keep what pays.

The method is slack induction by string removals (J. Christiaens, G. Vanden Berghe, "Slack Induction
by String Removals for Vehicle Routing Problems", Transportation Science 54(2), 2020) over the exact
test of `rounds`, with annealing. What is left out takes its turn in every rebuilding.
"""

from typing import NamedTuple

import numpy as np

from scheduler.matching.kernels.compiled import compiled
from scheduler.matching.kernels.rounds import (
    NEVER,
    NOWHERE,
    Numbers,
    Rounds,
    Whole,
    Work,
    copy_round,
    copy_rounds,
    cost_of,
    fits,
    node_at,
    put,
    refresh,
    take_out,
)

STRING = 10
"""The longest string taken out of one round, and"""
TAKEN_OUT = 10
"""how many visits are taken out at a time on average: the published values."""
BLINK = 0.02
SPLIT = 0.5
SPLIT_DEPTH = 0.01
GUESTS = 12
"""Visits left out that take part in one rebuilding, beside those just taken out."""
FEW_ROUNDS = 40
"""With no more rounds than these, every one of them is tried for every visit."""
WIDE_LOOK = 0.02
MAKE_ROOM = 0.3
"""How often room is made around a visit that is left out rather than around any."""
BY_CHANCE, BY_WORTH, BY_LEEWAY, FARTHEST_FIRST = 0.3, 0.5, 0.75, 0.9
"""How often a rebuilding goes by which order, as a running sum; nearest first has the rest."""
SKIPPED_DRAWS = 8
"""The first numbers of neighbouring seeds are alike."""
PLACES = 1024
"""More places than any round has."""
FORBIDDEN = -1.0
MODULUS = 2147483647
MULTIPLIER = 48271


class Search(NamedTuple):
    """Everything the loop changes: the plan, the best so far, and what it was before a trial.

    `state`: 0 random state, 1 number of visits held, 2 number of touched rounds, 3 stamp of
    the trial, 4 stamp of the look, 5 last version given to a round.
    `cost`: 0 present, 1 best. `held` [V]: visits out of the plan. `touched` [K]: rounds changed by
    the trial; `stamps` [K]: whether they are in it. `seen` [K]: rounds already looked at. `known`
    [V, K, 2]: the cheapest place of a visit in a round with the version of the round for which it
    was worked out (version * PLACES + place, or FORBIDDEN), and its cost; side by side, as memory
    is fetched by such pieces.
    """

    plan: Rounds
    before: Rounds
    best: Rounds
    state: Whole
    cost: Numbers
    held: Whole
    held_before: Whole
    touched: Whole
    stamps: Whole
    seen: Whole
    keys: Numbers
    known: Numbers


def begin_search(work: Work, start: Rounds, seed: int) -> Search:
    """Return a search that begins at a plan; the plan itself stays as it is."""
    plans = [copy_rounds(start) for _ in range(3)]
    rounds, visits = len(start.length), len(start.round_of)
    for plan in plans:
        plan.version[:] = np.arange(1, rounds + 1)
    out = np.flatnonzero(start.round_of == NOWHERE)
    held = np.full(visits, NOWHERE, dtype=np.int64)
    held[: len(out)] = out
    search = Search(
        plan=plans[0],
        before=plans[1],
        best=plans[2],
        state=np.array([seed % (MODULUS - 1) + 1, len(out), 0, 0, 0, rounds], dtype=np.int64),
        cost=np.full(2, cost_of(work, start)),
        held=held,
        held_before=held.copy(),
        touched=np.zeros(rounds, dtype=np.int64),
        stamps=np.zeros(rounds, dtype=np.int64),
        seen=np.zeros(rounds, dtype=np.int64),
        keys=np.zeros(visits),
        known=np.where(work.allowed, 0.0, FORBIDDEN)[:, :, None].repeat(2, axis=2),
    )
    for _ in range(SKIPPED_DRAWS):
        draw(search)
    return search


def put_waiting(work: Work, search: Search) -> None:
    """Put visits that wait where they cost least, dear ones and those with little leeway first."""
    out = np.flatnonzero(search.plan.round_of == NOWHERE)
    search.state[3] += 1
    for visit in out[np.lexsort((work.leeway[out], -work.worth[out]))]:
        search.cost[0] += put_best(work, search, int(visit), 0.0)
    out = np.flatnonzero(search.plan.round_of == NOWHERE)
    search.held[: len(out)] = out
    search.state[1] = len(out)
    _remember(search)


@compiled
def draw(search: Search) -> float:
    """Return the next random number in [0, 1): Lehmer's generator of Park and Miller."""
    search.state[0] = search.state[0] * MULTIPLIER % MODULUS
    return float(search.state[0] / MODULUS)


@compiled
def _touch(search: Search, k: int) -> None:
    if search.stamps[k] == search.state[3]:
        return
    search.stamps[k] = search.state[3]
    search.touched[search.state[2]] = k
    search.state[2] += 1
    copy_round(search.plan, search.before, k)


@compiled
def improve(work: Work, search: Search, trials: int, hot: float, cold: float) -> None:
    """Make a number of trials while the temperature falls from hot to cold (minutes of cost)."""
    cooling = (cold / hot) ** (1.0 / max(trials, 1))
    temperature = hot
    for _ in range(trials):
        count_before = search.state[1]
        for index in range(count_before):
            search.held_before[index] = search.held[index]
        search.state[2] = 0
        search.state[3] += 1
        change = _ruin(work, search)
        change += _recreate(work, search, count_before)
        threshold = -temperature * np.log(max(draw(search), 1e-12))
        if change < threshold:
            search.cost[0] += change
            if search.cost[0] < search.cost[1] - 1e-7:
                _remember(search)
        else:
            _undo(search)
            for index in range(count_before):
                search.held[index] = search.held_before[index]
            search.state[1] = count_before
        temperature *= cooling


@compiled
def _remember(search: Search) -> None:
    search.cost[1] = search.cost[0]
    for visit in range(len(search.plan.round_of)):
        search.best.round_of[visit] = search.plan.round_of[visit]
    for k in range(len(search.plan.length)):
        if search.best.version[k] != search.plan.version[k]:
            copy_round(search.plan, search.best, k)


@compiled
def _undo(search: Search) -> None:
    for index in range(search.state[2]):
        k = search.touched[index]
        for i in range(search.plan.length[k]):
            search.plan.round_of[search.plan.order[k, i]] = NOWHERE
    for index in range(search.state[2]):
        copy_round(search.before, search.plan, search.touched[index])


@compiled
def _renew(work: Work, search: Search, k: int) -> bool:
    """Work out a changed round anew, under a version that no other order ever had."""
    search.state[5] += 1
    search.plan.version[k] = search.state[5]
    return refresh(work, search.plan, k)


@compiled
def _ruin(work: Work, search: Search) -> float:
    """Take strings of visits near a random one out of their rounds; return the change of cost."""
    plan = search.plan
    visits, rounds = len(plan.round_of), len(plan.length)
    used = 0
    for k in range(rounds):
        used += plan.length[k] > 0
    if used == 0:
        return 0.0
    mean = (visits - search.state[1]) / used
    longest = min(float(STRING), mean)
    most = 4.0 * TAKEN_OUT / (1.0 + longest) - 1.0
    strings = int(draw(search) * most + 1.0)
    seed = int(draw(search) * visits)
    if search.state[1] > 0 and draw(search) < MAKE_ROOM:
        seed = search.held[int(draw(search) * search.state[1])]
    change = 0.0
    for step in range(work.near.shape[1]):
        neighbour = work.near[seed, step]
        k = plan.round_of[neighbour]
        if strings == 0:
            break
        if k == NOWHERE or search.stamps[k] == search.state[3]:
            continue
        size = int(draw(search) * min(float(plan.length[k]), longest) + 1.0)
        change += _take_string(work, search, neighbour, min(size, plan.length[k]))
        strings -= 1
    return change


@compiled
def _take_string(work: Work, search: Search, visit: int, size: int) -> float:
    """Take out a string of visits around one; half the time leave a stretch inside it in place.

    Returns the change of cost; NEVER where what is left cannot be driven, so that the trial fails.
    """
    plan = search.plan
    k = plan.round_of[visit]
    _touch(search, k)
    at = 0
    while plan.order[k, at] != visit:
        at += 1
    keep = 0
    if size > 1 and draw(search) < SPLIT:
        keep = 1
        while size + keep < plan.length[k] and draw(search) > SPLIT_DEPTH:
            keep += 1
        keep = min(keep, plan.length[k] - size)
    span = size + keep
    first_low, first_high = max(0, at - span + 1), min(at, plan.length[k] - span)
    first = first_low + int(draw(search) * (first_high - first_low + 1))
    skip = first + 1 + int(draw(search) * (size - 1)) if size > 1 else first + span
    change = -plan.travel[k]
    for index in range(first + span - 1, first - 1, -1):
        each = plan.order[k, index]
        if skip <= index < skip + keep or work.fixed[each]:
            continue
        take_out(plan, k, index)
        change += work.worth[each] - work.extra[each, k]
        search.held[search.state[1]] = each
        search.state[1] += 1
    if not _renew(work, search, k):  # the direct drive may be the longer one
        return NEVER
    return float(change + plan.travel[k])


@compiled
def _recreate(work: Work, search: Search, guests_from: int) -> float:
    """Put what is held back, one by one in a drawn order, each at its cheapest place."""
    _invite(search, guests_from)
    total = search.state[1]
    first = max(0, guests_from - GUESTS)
    _sort_held(work, search, first, total)
    change = 0.0
    kept = first
    for index in range(first, total):
        visit = search.held[index]
        gain = put_best(work, search, visit, BLINK)
        change += gain
        if search.plan.round_of[visit] == NOWHERE:
            search.held[kept] = visit
            kept += 1
    search.state[1] = kept
    return change


@compiled
def _invite(search: Search, waiting: int) -> None:
    """Bring a drawn few of those that were out before to the end of their part of the list."""
    for step in range(min(GUESTS, waiting)):
        last = waiting - 1 - step
        chosen = int(draw(search) * (last + 1))
        search.held[last], search.held[chosen] = search.held[chosen], search.held[last]


@compiled
def _sort_held(work: Work, search: Search, first: int, total: int) -> None:
    way = draw(search)
    for index in range(first, total):
        search.keys[index] = _key(work, search, search.held[index], way)
    for index in range(first + 1, total):
        key, visit, slot = search.keys[index], search.held[index], index
        while slot > first and search.keys[slot - 1] > key:
            search.keys[slot], search.held[slot] = search.keys[slot - 1], search.held[slot - 1]
            slot -= 1
        search.keys[slot], search.held[slot] = key, visit


@compiled
def _key(work: Work, search: Search, visit: int, way: float) -> float:
    """Return what a rebuilding sorts by: chance, worth, leeway, or the drive from a start."""
    if way < BY_CHANCE:
        return draw(search)
    if way < BY_WORTH:
        return float(-work.worth[visit])
    if way < BY_LEEWAY:
        return float(work.leeway[visit])
    drive = float(work.minutes[work.near_rounds[visit, 0], 2 * len(search.seen) + visit])
    return -drive if way < FARTHEST_FIRST else drive


@compiled
def put_best(work: Work, search: Search, visit: int, blink: float) -> float:
    """Put a visit at its cheapest place where that costs less than leaving it out.

    Returns the change of cost. Places are passed over with the chance `blink`.
    """
    plan = search.plan
    rounds = len(plan.length)
    best_round, best_place, best = NOWHERE, 0, work.worth[visit]
    if rounds <= FEW_ROUNDS or draw(search) < WIDE_LOOK:
        for k in range(rounds):
            best_round, best_place, best = _look(
                work, search, visit, k, blink, (best_round, best_place, best)
            )
    else:
        best_round, best_place, best = _look_near(work, search, visit, blink)
    if best_round == NOWHERE:
        return 0.0
    _touch(search, best_round)
    put(plan, visit, best_round, best_place)
    _renew(work, search, best_round)
    return float(best - work.worth[visit])


@compiled
def _look_near(work: Work, search: Search, visit: int, blink: float) -> tuple[int, int, float]:
    """Look into the rounds of the nearest visits and into those that start nearest."""
    found = (NOWHERE, 0, work.worth[visit])
    search.state[4] += 1
    for step in range(work.near.shape[1]):
        neighbour = work.near[visit, step]
        k = search.plan.round_of[neighbour]
        if k != NOWHERE and search.seen[k] != search.state[4]:
            search.seen[k] = search.state[4]
            found = _look(work, search, visit, k, blink, found)
    for step in range(work.near_rounds.shape[1]):
        k = work.near_rounds[visit, step]
        if search.seen[k] != search.state[4]:
            search.seen[k] = search.state[4]
            found = _look(work, search, visit, k, blink, found)
    return found


@compiled
def _look(
    work: Work,
    search: Search,
    visit: int,
    k: int,
    blink: float,
    found: tuple[int, int, float],
) -> tuple[int, int, float]:
    """Return the cheapest place found so far, with that of one more round."""
    known = search.known[visit, k, 0]
    if known == FORBIDDEN or draw(search) < blink:
        return found
    version = search.plan.version[k]
    if known < version * PLACES or known >= (version + 1) * PLACES:
        place, cost = cheapest_place(work, search.plan, visit, k)
        known = float(version * PLACES + place)
        search.known[visit, k, 0] = known
        search.known[visit, k, 1] = cost
    if search.known[visit, k, 1] < found[2]:
        return k, int(known) % PLACES, search.known[visit, k, 1]
    return found


@compiled
def cheapest_place(work: Work, plan: Rounds, visit: int, k: int) -> tuple[int, float]:
    """Return where in a round a visit adds least, and how much; NEVER when it fits nowhere."""
    chosen, best = 0, NEVER
    if plan.length[k] >= work.most_visits[k]:
        return chosen, best
    me = 2 * len(plan.length) + visit
    room = work.most_travel[k] - plan.travel[k] + 1e-9
    for place in range(plan.length[k] + 1):
        before, after = node_at(work, plan, k, place), node_at(work, plan, k, place + 1)
        drive = work.minutes[before, me] + work.minutes[me, after]
        if plan.length[k] > 0:
            drive -= work.minutes[before, after]
        if drive < best and drive <= room and fits(work, plan, visit, k, place):
            chosen, best = place, drive
    return chosen, best + work.extra[visit, k]
