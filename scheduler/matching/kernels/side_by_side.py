"""Searches on several cores: rivals on a small day, districts of a large one."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from threading import Event

from scheduler.matching.kernels.districts import MOST_VISITS, District, cut_districts, put_back
from scheduler.matching.kernels.rounds import Rounds, Work, copy_rounds, cost_of, refresh_all
from scheduler.matching.kernels.ruin_recreate import MODULUS, Search, begin_search, improve
from scheduler.matching.stopping import Annealing, PlanCancelled, Progress, Watch

CORES = 2
"""Cores that a search keeps busy; the same count of trials gives the same plan with any number."""
RIVALS = 2
"""A small day is searched by so many, each by its own chance; the best plan is taken."""
TRIALS_A_VISIT = 12
"""How long a district is worked on before districts are cut anew."""
RIVAL_TRIALS = 250
CHUNK = 50
"""Trials between two looks whether to stop."""
LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Searching:
    """How to search: until when, how boldly, and whom to tell."""

    watch: Watch
    annealing: Annealing
    progress: Progress
    stopped: Event = field(default_factory=Event)

    def tell(self, cost: float) -> None:
        """Tell how far the search is; raises PlanCancelled."""
        if not self.progress(self.watch.share(), cost):
            self.stopped.set()
            raise PlanCancelled("The plan was called off.")

    @property
    def must_stop(self) -> bool:
        """Whether the time is up or the plan called off."""
        return self.stopped.is_set() or self.watch.is_over


Means = tuple[Searching, ThreadPoolExecutor]
Task = tuple[Work, Search]


def search(work: Work, first: Search, seed: int, how: Searching) -> Rounds:
    """Return the best plan found from that of a first search; never a worse one.

    Raises:
        PlanCancelled: whoever is told of the progress said no.
    """
    improve(work, first, 0, 1.0, 1.0)  # compiling is not counted
    start = first.best
    how.watch.start()
    with ThreadPoolExecutor(CORES) as pool:
        if len(start.round_of) <= MOST_VISITS:
            return _by_rivals(work, start, seed, (how, pool))
        return _by_districts(work, start, seed, (how, pool))


def _by_rivals(work: Work, start: Rounds, seed: int, means: Means) -> Rounds:
    how, _ = means
    rivals = [begin_search(work, start, seed + number) for number in range(RIVALS)]
    tasks = [(work, rival) for rival in rivals]
    while how.watch.share() < 1:
        _improve_all(tasks, _split(RIVALS * RIVAL_TRIALS, [1] * RIVALS, how), means, _least(rivals))
    how.progress(1.0, _least(rivals))
    return min(rivals, key=lambda rival: float(rival.cost[1])).best


def _least(rivals: Sequence[Search]) -> float:
    return min(float(rival.cost[1]) for rival in rivals)


def _by_districts(work: Work, start: Rounds, seed: int, means: Means) -> Rounds:
    how = means[0]
    chance = Random(seed)  # noqa: S311 - where lines are cut is no secret
    plan, best, least = copy_rounds(start), start, cost_of(work, start)
    while how.watch.share() < 1:
        districts = cut_districts(work, plan, chance)
        tasks = [
            (each.work, begin_search(each.work, each.plan, chance.randrange(MODULUS)))
            for each in districts
        ]
        sizes = [len(each.visits) for each in districts]
        _improve_all(tasks, _split(TRIALS_A_VISIT * sum(sizes), sizes, how), means, least)
        together = _joined(work, plan, districts, [each.best for _, each in tasks])
        cost = cost_of(work, together)
        if cost < least:
            best, least = together, cost
        plan = _joined(work, plan, districts, [each.plan for _, each in tasks])
    how.progress(1.0, least)
    return best


def _joined(
    work: Work, plan: Rounds, districts: Sequence[District], found: Sequence[Rounds]
) -> Rounds:
    joined = copy_rounds(plan)
    for district, part in zip(districts, found, strict=True):
        put_back(joined, district, part)
    refresh_all(work, joined)
    return joined


def _split(trials: int, sizes: Sequence[int], how: Searching) -> list[int]:
    """Return how many trials each gets of those that are due and still allowed."""
    due = int(min(trials, how.watch.trials_left))
    total = sum(sizes)
    marks = [due * sum(sizes[:index]) // total for index in range(len(sizes) + 1)]
    return [high - low for low, high in pairwise(marks)]


def _improve_all(tasks: Sequence[Task], trials: Sequence[int], means: Means, least: float) -> None:
    """Improve all at once, and tell meanwhile how far it is."""
    how, pool = means
    how.tell(least)
    hot = how.annealing.at(how.watch.share())
    cold = how.annealing.at(how.watch.share(sum(trials)))
    futures: list[Future[int]] = [
        pool.submit(_improve, task, many, (hot, cold), lambda: how.must_stop)
        for task, many in zip(tasks, trials, strict=True)
    ]
    while wait(futures, timeout=LOOK_EVERY_SECONDS).not_done:
        how.tell(least)
    how.watch.trials += sum(future.result() for future in futures)


def _improve(
    task: Task, trials: int, span: tuple[float, float], must_stop: Callable[[], bool]
) -> int:
    """Improve one plan while the temperature goes over the span; return the trials made."""
    hot, cold = span
    for done in range(0, trials, CHUNK):
        if must_stop():
            return done
        many = min(CHUNK, trials - done)
        low, high = done / trials, (done + many) / trials
        improve(*task, many, hot * (cold / hot) ** low, hot * (cold / hot) ** high)
    return trials
