"""Many people who want the same thing at the same moment, spread over processes and threads."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from tests.server import Answer, ApiClient

PROCESSES = 4
HEAD_START_SECONDS = 0.3
MOST_TRIES = 200


@dataclass(frozen=True)
class Rival:
    """Somebody with a request of their own; `choice` is what they take first."""

    port: int
    token: str
    request_id: str
    choice: dict[str, object]
    key: str = ""
    seed: int = 0

    def take(self, choice: dict[str, object] | None = None) -> Answer:
        """Try to reserve."""
        path = f"/requests/{self.request_id}/reservation"
        return ApiClient(self.port, self.token).post(path, choice or self.choice, self.key)

    def take_any(self) -> Answer:
        """Try, and go on with one of the fresh offers until there are none."""
        rng = random.Random(self.seed)
        answer = self.take()
        for _ in range(MOST_TRIES):
            if answer.status != 409 or not answer.body["offers"]:
                break
            answer = self.take(as_choice(rng.choice(answer.body["offers"])))
        return answer


def as_choice(offer: dict[str, Any]) -> dict[str, object]:
    """Return what takes an offer."""
    return {"clinician_id": offer["clinician_id"], "starts_at": offer["starts_at"]}


def _all_at(instant: float, rivals: Sequence[Rival], *, follow: bool) -> list[Answer]:
    """Let each rival act in a thread of its own at an instant of the machine's clock."""
    answers: list[Answer | BaseException | None] = [None] * len(rivals)

    def act(number: int, rival: Rival) -> None:
        threading.Event().wait(max(0.0, instant - time.monotonic()))
        try:
            answers[number] = rival.take_any() if follow else rival.take()
        except BaseException as error:  # raised below, in the caller's thread
            answers[number] = error

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [_answer_or_raise(answer) for answer in answers]


def _answer_or_raise(found: Answer | BaseException | None) -> Answer:
    if isinstance(found, Answer):
        return found
    raise found or RuntimeError("a rival did not answer")


class Crowd:
    """Client processes that stay for several races."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def race(self, rivals: Sequence[Rival], *, follow: bool = False) -> list[Answer]:
        """Let all act at once; with `follow` each goes on with fresh offers until none is left."""
        instant = time.monotonic() + HEAD_START_SECONDS
        shares = [rivals[number::PROCESSES] for number in range(PROCESSES)]
        running = [
            self._pool.submit(_all_at, instant, share, follow=follow) for share in shares if share
        ]
        return [answer for share in running for answer in share.result()]


@contextmanager
def crowd_waiting() -> Iterator[Crowd]:
    """Give client processes; they are gone afterwards."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield Crowd(pool)
