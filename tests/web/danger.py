"""People whose server is killed while their form is under way, and who send it once more."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page

from tests.server import Server
from tests.web.dying import AT_THE_ANSWER, GROUP, ORDER, WORKER
from tests.web.hands import Person

MOST_MOMENTS = 20
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")


@dataclass
class Danger:
    """Kills a server at every moment of every form, or once with the answer ready.

    `deaths` counts them by form. With `every_moment` the whole group of processes ends and is
    started anew; else the worker alone, which gunicorn replaces. `wait` lets so much time pass
    that codes are texted again.
    """

    server: Server
    folder: Path
    every_moment: bool
    wait: Callable[[], None]
    deaths: dict[str, int] = field(default_factory=dict)
    _lived: set[str] = field(default_factory=set)

    def threaten(self, form: str) -> bool:
        """Order the next death of a form; False where there is none left to die."""
        died = self.deaths.setdefault(form, 0)
        if form in self._lived or died >= (MOST_MOMENTS if self.every_moment else 1):
            return False
        moment = died if self.every_moment else AT_THE_ANSWER
        order = f"{moment} {GROUP if self.every_moment else WORKER}"
        (self.folder / ORDER).write_text(order)
        return True

    def struck(self, form: str) -> bool:
        """Say whether the server died of the last order; it is up again then."""
        if (self.folder / ORDER).exists():
            (self.folder / ORDER).unlink()
            self._lived.add(form)
            return False
        self.deaths[form] += 1
        if self.every_moment:
            self.server.kill()
            self.server.start()
        return True


@dataclass
class Stubborn(Person):
    """Somebody who sends a form again for as long as no answer comes."""

    danger: Danger | None = None
    tries: int = 6

    def press(self, words: str) -> None:
        """Press a button, and reload the page that did not come until it comes."""
        assert self.danger is not None
        if self._button(words).evaluate("button => button.form.method") != "post":
            super().press(words)
            return
        form = self._form(words)
        send: Callable[[], object] = self._button(words).click
        while self.danger.threaten(form):
            answered = self._sent(send)
            if not self.danger.struck(form) or answered:
                return  # or the browser itself sent it again, as browsers do
            send = self.page.reload
        assert self._sent(send), f"{form}: no answer"

    def wait(self) -> None:
        """Come back when codes are texted again."""
        assert self.danger is not None
        self.danger.wait()

    def _form(self, words: str) -> str:
        """Name a form by its button and where it goes."""
        goes_to = urlsplit(self._button(words).evaluate("button => button.form.action")).path
        return f"{words}: {_ID.sub('x', goes_to)}"

    def _sent(self, send: Callable[[], object]) -> bool:
        """Send a form; say whether a page came for it."""
        try:
            with self.page.expect_navigation():
                send()
        except Error as error:
            if "net::ERR_" not in error.message:
                raise
            self.page.wait_for_url("chrome-error://**")
            return False
        return True


def stubborn(danger: Danger) -> Callable[[Page], Person]:
    """Return how people of a town work whose server is in danger."""
    return lambda page: Stubborn(page, danger=danger)
