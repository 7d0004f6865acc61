"""The rounds of a day in arrays: what is asked, a plan, and whether one more visit fits.

The test is that of `insertion`: two states at every stop, break still to come and break taken. Here
it is asked one place at a time, millions of times, for visits with several windows.

Nodes are numbered as rows and columns of `minutes`: first the start of each round, then the end of
each, then the visits. A round is one clinician's route of the day.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.matching.kernels.compiled import compiled

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = np.inf
NOWHERE = -1


class Work(NamedTuple):
    """What is to be done, by whom; V visits, K rounds. Times and costs in minutes.

    `minutes` [2K+V, 2K+V]: drives. `service` [V]: time in the home. `opens`, `closes` [V, W]:
    windows in which it may start, sorted; unused ones are NEVER, -NEVER. `worth` [V]: what leaving
    it out costs. `allowed`, `extra` [V, K]: who may, and what it costs beside driving. `fixed` [V]:
    stays where it is. `shift` [K, 2]; `pause` [K, 3]: first and last start, length, or NEVER,
    -NEVER, 0. `most_visits`, `most_travel` [K]. `leeway` [V]: length of its
    windows together. `near` [V, R]: visits by distance, itself first.
    `near_rounds` [V, Q]: rounds by distance of their start.
    """

    minutes: Numbers
    service: Numbers
    opens: Numbers
    closes: Numbers
    worth: Numbers
    leeway: Numbers
    allowed: Flags
    extra: Numbers
    fixed: Flags
    shift: Numbers
    pause: Numbers
    most_visits: Whole
    most_travel: Numbers
    near: Whole
    near_rounds: Whole


class Rounds(NamedTuple):
    """A plan: `order` [K, M] visits of each round, `length` [K], `round_of` [V] or NOWHERE.

    `e0`, `e1` [K, M+2]: earliest departure at the start, each stop and the end, break not taken /
    taken. `l0`, `l1`: latest start there, break still to come / taken. `travel` [K]: minutes
    driven. `version` [K]: another number for every other order of a round's visits.
    """

    order: Whole
    length: Whole
    round_of: Whole
    e0: Numbers
    e1: Numbers
    l0: Numbers
    l1: Numbers
    travel: Numbers
    version: Whole


def empty_rounds(work: Work) -> Rounds:
    """Return a plan in which nobody has a visit."""
    visits, rounds = work.allowed.shape
    longest = int(min(visits, work.most_visits.max(initial=0)))
    places = (rounds, max(longest, 1) + 2)
    plan = Rounds(
        order=np.full((rounds, max(longest, 1)), NOWHERE, dtype=np.int64),
        length=np.zeros(rounds, dtype=np.int64),
        round_of=np.full(visits, NOWHERE, dtype=np.int64),
        e0=np.zeros(places),
        e1=np.zeros(places),
        l0=np.zeros(places),
        l1=np.zeros(places),
        travel=np.zeros(rounds),
        version=np.zeros(rounds, dtype=np.int64),
    )
    for k in range(rounds):
        refresh(work, plan, k)
    return plan


def copy_rounds(plan: Rounds) -> Rounds:
    """Return the same plan in arrays of its own."""
    return Rounds(*[array.copy() for array in plan])  # type: ignore[arg-type]


@compiled
def node_at(work: Work, plan: Rounds, k: int, place: int) -> int:
    """Return the node at a place of a round: 0 is its start, length + 1 its end."""
    rounds = len(plan.length)
    if place == 0:
        return k
    if place > plan.length[k]:
        return rounds + k
    return int(2 * rounds + plan.order[k, place - 1])


@compiled
def earliest_start(work: Work, visit: int, arrival: float) -> float:
    """Return the first moment at or after the arrival at which the visit may start."""
    for w in range(work.opens.shape[1]):
        if arrival <= work.closes[visit, w]:
            return max(arrival, float(work.opens[visit, w]))
    return NEVER


@compiled
def latest_start(work: Work, visit: int, limit: float) -> float:
    """Return the last moment at or before the limit at which the visit may start."""
    for w in range(work.opens.shape[1] - 1, -1, -1):
        if limit >= work.opens[visit, w]:
            return min(limit, float(work.closes[visit, w]))
    return -NEVER


@compiled
def arrival_with_pause(work: Work, k: int, departure: float, leg: float) -> float:
    """Return the earliest arrival when the break is taken on the leg, or NEVER."""
    if departure > work.pause[k, 1]:
        return NEVER
    return float(max(departure + leg, work.pause[k, 0]) + work.pause[k, 2])


@compiled
def departure_with_pause(work: Work, k: int, latest: float, leg: float) -> float:
    """Return the latest departure when the break is taken on the leg before `latest`."""
    if work.pause[k, 0] + work.pause[k, 2] > latest:
        return -NEVER
    return float(min(work.pause[k, 1], latest - work.pause[k, 2] - leg))


@compiled
def refresh(work: Work, plan: Rounds, k: int) -> bool:
    """Work out a round anew; say whether it can be driven within all limits."""
    driven = 0.0
    if plan.length[k] > 0:
        for place in range(plan.length[k] + 1):
            driven += work.minutes[node_at(work, plan, k, place), node_at(work, plan, k, place + 1)]
    plan.travel[k] = driven
    _forward(work, plan, k)
    _backward(work, plan, k)
    last = plan.length[k] + 1
    in_time = min(plan.e0[k, last], plan.e1[k, last]) < NEVER
    return bool(in_time and driven <= work.most_travel[k] and plan.length[k] <= work.most_visits[k])


@compiled
def refresh_all(work: Work, plan: Rounds) -> None:
    """Work out every round anew, and who makes each visit."""
    for visit in range(len(plan.round_of)):
        plan.round_of[visit] = NOWHERE
    for k in range(len(plan.length)):
        for index in range(plan.length[k]):
            plan.round_of[plan.order[k, index]] = k
        refresh(work, plan, k)


@compiled
def _forward(work: Work, plan: Rounds, k: int) -> None:
    rested = work.pause[k, 2] == 0
    plan.e0[k, 0] = NEVER if rested else work.shift[k, 0]
    plan.e1[k, 0] = work.shift[k, 0] if rested else NEVER
    count = plan.length[k]
    for place in range(1, count + 2):
        leg = 0.0
        if count > 0:
            leg = work.minutes[node_at(work, plan, k, place - 1), node_at(work, plan, k, place)]
        free = plan.e0[k, place - 1] + leg
        taken = min(
            plan.e1[k, place - 1] + leg,
            arrival_with_pause(work, k, plan.e0[k, place - 1], leg),
        )
        if place <= count:
            visit = plan.order[k, place - 1]
            plan.e0[k, place] = earliest_start(work, visit, free) + work.service[visit]
            plan.e1[k, place] = earliest_start(work, visit, taken) + work.service[visit]
        else:
            plan.e0[k, place] = NEVER
            plan.e1[k, place] = taken if taken <= work.shift[k, 1] else NEVER


@compiled
def _backward(work: Work, plan: Rounds, k: int) -> None:
    count = plan.length[k]
    plan.l0[k, count + 1] = -NEVER
    plan.l1[k, count + 1] = work.shift[k, 1]
    for place in range(count, 0, -1):
        visit = plan.order[k, place - 1]
        leg = work.minutes[node_at(work, plan, k, place), node_at(work, plan, k, place + 1)]
        after = plan.l1[k, place + 1]
        free = max(plan.l0[k, place + 1] - leg, departure_with_pause(work, k, after, leg))
        plan.l0[k, place] = latest_start(work, visit, free - work.service[visit])
        plan.l1[k, place] = latest_start(work, visit, after - leg - work.service[visit])


@compiled
def fits(work: Work, plan: Rounds, visit: int, k: int, place: int) -> bool:
    """Say whether the visit can be driven to after `place` of the round; looks at times only."""
    rounds = len(plan.length)
    to = work.minutes[node_at(work, plan, k, place), 2 * rounds + visit]
    onward = work.minutes[2 * rounds + visit, node_at(work, plan, k, place + 1)]
    free, rested = plan.e0[k, place], plan.e1[k, place]
    after, service = plan.l1[k, place + 1], work.service[visit]
    low = min(rested + to, arrival_with_pause(work, k, free, to))
    if earliest_start(work, visit, low) <= after - onward - service:
        return True
    high = max(plan.l0[k, place + 1] - onward, departure_with_pause(work, k, after, onward))
    return bool(earliest_start(work, visit, free + to) <= high - service)


@compiled
def put(plan: Rounds, visit: int, k: int, place: int) -> None:
    """Put a visit after `place` of a round; the caller refreshes."""
    for index in range(plan.length[k], place, -1):
        plan.order[k, index] = plan.order[k, index - 1]
    plan.order[k, place] = visit
    plan.length[k] += 1
    plan.round_of[visit] = k


@compiled
def take_out(plan: Rounds, k: int, index: int) -> int:
    """Take the visit at an index of a round's order out of the plan; the caller refreshes."""
    visit = int(plan.order[k, index])
    for i in range(index, plan.length[k] - 1):
        plan.order[k, i] = plan.order[k, i + 1]
    plan.length[k] -= 1
    plan.order[k, plan.length[k]] = NOWHERE
    plan.round_of[visit] = NOWHERE
    return visit


@compiled
def cost_of(work: Work, plan: Rounds) -> float:
    """Return the cost of a plan in minutes: driving, extras, and what is left out."""
    total = 0.0
    for k in range(len(plan.travel)):
        total += plan.travel[k]
    for visit in range(len(plan.round_of)):
        k = plan.round_of[visit]
        total += work.worth[visit] if k == NOWHERE else work.extra[visit, k]
    return total


@compiled
def copy_round(source: Rounds, target: Rounds, k: int) -> None:
    """Make a round of the target that of the source; `round_of` is set for its visits."""
    target.length[k] = source.length[k]
    target.travel[k] = source.travel[k]
    target.version[k] = source.version[k]
    for index in range(source.length[k]):
        target.order[k, index] = source.order[k, index]
        target.round_of[source.order[k, index]] = k
    for place in range(source.length[k] + 2):
        target.e0[k, place], target.e1[k, place] = source.e0[k, place], source.e1[k, place]
        target.l0[k, place], target.l1[k, place] = source.l0[k, place], source.l1[k, place]
