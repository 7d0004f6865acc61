"""How people work a page in tests: by pointing at things, or with nothing but the keyboard."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

MOST_TABS = 150
MOST_ARROWS = 30
HAS_FOCUS = "element => element === document.activeElement"
IN_ITS_GROUP = """element => {
  const active = document.activeElement;
  return active === element || (active.type === 'radio' && active.name === element.name);
}"""
SHOWS_FOCUS = """element => {
  const look = getComputedStyle(element);
  const outlined = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2;
  return element.matches(':focus-visible') && (outlined || look.boxShadow !== 'none');
}"""


@dataclass
class Person:
    """Somebody at a browser who points and clicks; `tries` is how often they begin again."""

    page: Page
    tries: int = 1

    @property
    def told(self) -> str:
        """The words of the page."""
        return self.page.locator("main").inner_text()

    def open(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path)

    def follow(self, words: str) -> None:
        """Take the first link of the page's content that holds these words."""
        link = self.page.locator("main").get_by_role("link", name=words).first
        where = self.page.url
        self._activate(link)
        self.page.wait_for_url(lambda url: url != where)

    def write(self, name: str, text: str) -> None:
        """Fill in a field; days are given as 2026-10-24 and times as 13:05."""
        self.page.locator(f"#{name}").fill(text)

    def tick(self, box: str) -> None:
        """Tick the first box or radio button that a selector finds."""
        self.page.locator(box).first.check()

    def pick(self, name: str, label: str) -> None:
        """Choose from a list by the words of an entry."""
        self.page.locator(f"#{name}").select_option(label=label)

    def press(self, words: str) -> None:
        """Press the first button that holds these words; return when the next page is there."""
        with self.page.expect_navigation():
            self._activate(self._button(words))

    def wait(self) -> None:
        """Wait for as long as a limit asks; nobody does who is not hindered."""
        raise AssertionError(f"asked to wait: {self.told}")

    def _button(self, words: str) -> Locator:
        return self.page.get_by_role("button", name=words).first

    def _activate(self, control: Locator) -> None:
        control.click()


class Typist(Person):
    """Somebody who never points: reaches everything by Tab, and sees where the focus is."""

    def write(self, name: str, text: str) -> None:
        """Tab to a field and type over what it holds."""
        field = self.page.locator(f"#{name}")
        self._reach(field)
        kind = field.get_attribute("type")
        if kind not in {"date", "time"}:
            self.page.keyboard.press("Control+A")
        self.page.keyboard.type(as_typed(kind or "text", text))
        if kind != "password":
            assert field.input_value() == text, f"{name} was typed as {field.input_value()}"

    def tick(self, box: str) -> None:
        """Tab to a box and press Space; between radio buttons go by arrows."""
        control = self.page.locator(box).first
        self._reach(control, IN_ITS_GROUP)
        for _ in range(MOST_ARROWS):
            if control.evaluate(HAS_FOCUS):
                break
            self.page.keyboard.press("ArrowDown")
        assert control.evaluate(SHOWS_FOCUS), f"no focus to be seen on {box}"
        if not control.is_checked():
            self.page.keyboard.press("Space")
        assert control.is_checked()

    def pick(self, name: str, label: str) -> None:
        """Tab to a list and type the words of the entry."""
        field = self.page.locator(f"#{name}")
        self._reach(field)
        self.page.keyboard.type(label)
        chosen = field.evaluate("list => list.selectedOptions[0].label")
        assert chosen == label, chosen

    def _activate(self, control: Locator) -> None:
        self._reach(control)
        self.page.keyboard.press("Enter")

    def _reach(self, control: Locator, there: str = HAS_FOCUS) -> None:
        """Press Tab until a control has the focus, and see that it shows."""
        control.wait_for()
        for _ in range(MOST_TABS):
            if control.evaluate(there):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"{control} is not reached by {MOST_TABS} Tabs: {self.page.url}")
        if there == HAS_FOCUS:
            assert control.evaluate(SHOWS_FOCUS), f"no focus to be seen on {control}"


def as_typed(kind: str, text: str) -> str:
    """Return what an American types into a field: 2026-10-24 is 10242026, 13:05 is 0105PM."""
    if kind == "date":
        year, month, day = text.split("-")
        return f"{month}{day}{year}"
    if kind == "time":
        hour, minute = (int(part) for part in text.split(":"))
        return f"{hour % 12 or 12:02}{minute:02}{'PM' if hour >= 12 else 'AM'}"
    return text
