"""Rubbish for every field of a form: found in the page's own HTML, sent field by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.test import TestResponse

from tests.web.visitor import Visitor

RUBBISH: dict[str, str] = {
    "nothing": "",
    "ten thousand letters": "x" * 10_240,
    "control signs": "a\x00b\x1bc\x08d",
    "half of a pair": "\ud800",
    "emoji": "🙂🙃🚑",
    "sql": "'; DROP TABLE visit; --",
    "html": "<script>alert(1)</script><b onclick=x>",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a number": "-99999999999999999999",
    "not a number": "NaN",
    "a float": "1e309",
    "a day that is none": "2026-02-31",
    "a far day": "9999-12-31",
    "an unknown choice": "no_such_choice",
    "an unknown id": "00000000-0000-4000-8000-00000000beef",
    "a path": "../../etc/passwd\r\nSet-Cookie: a=b",
    "right to left": "\u202eabc\u2066",
}
"""What is sent, by what it is."""

REPEATED = "the field twice"
_FREE_KINDS = {"text", "textarea", "search"}
_NOT_FIELDS = {"csrf_token"}


@dataclass
class FoundField:
    """A field of a form: its kind, what it holds, and the values that can be chosen."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    required: bool = False
    chosen: bool = False

    @property
    def is_free(self) -> bool:
        """Say whether any text may be right in it."""
        return self.kind in _FREE_KINDS


@dataclass
class FoundForm:
    """A form that is posted: where to, and its fields by name."""

    action: str
    fields: dict[str, FoundField] = field(default_factory=dict)

    def values(self) -> dict[str, str | list[str]]:
        """Return what a browser would send as the page stands."""
        return {
            found.name: list(found.options) if found.kind == "hidden list" else found.value
            for found in self.fields.values()
            if found.kind not in {"radio", "checkbox", "submit"} or found.chosen
        }


class _Reader(HTMLParser):
    """Collects the forms of a page that change something."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self._form: FoundForm | None = None
        self._open: FoundField | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "form":
            posts = given.get("method", "").lower() == "post"
            self._form = FoundForm(given.get("action", "")) if posts else None
            if self._form is not None:
                self.forms.append(self._form)
        elif self._form is not None and tag == "option" and self._open is not None:
            self._option(given)
        elif self._form is not None and tag in {"input", "select", "textarea", "button"}:
            self._field(tag, given)

    def _option(self, given: Mapping[str, str]) -> None:
        assert self._open is not None
        self._open.options.append(given.get("value", ""))
        if "selected" in given or len(self._open.options) == 1:
            self._open.value = given.get("value", "")

    def _field(self, tag: str, given: Mapping[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if not name or name in _NOT_FIELDS:
            return
        kind = given.get("type", "text") if tag == "input" else tag
        kind = "submit" if tag == "button" else kind
        known = self._form.fields.get(name)
        if known is None:
            value = given.get("value", "")
            known = FoundField(name, kind, value, [], "required" in given)
            self._form.fields[name] = known
        elif kind == "hidden":
            known.kind = "hidden list"
        if kind in {"radio", "checkbox", "submit", "hidden"}:
            known.options.append(given.get("value", ""))
        if "checked" in given:
            known.value, known.chosen = given.get("value", ""), True
        self._open = known if tag in {"select", "textarea"} else None

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._open.kind == "textarea":
            self._open.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in {"select", "textarea"}:
            self._open = None


def forms_of(page: TestResponse, action: str = "") -> list[FoundForm]:
    """Return the forms of a page that are posted, those to `action` alone where it is given."""
    reader = _Reader()
    reader.feed(page.get_data(as_text=True))
    out = re.compile(r"/(sign-in/out|staff/sign-out)$")
    found = [form for form in reader.forms if not out.search(form.action)]
    return [form for form in found if not action or form.action.split("?")[0] == action]


@dataclass(frozen=True)
class Sent:
    """What was sent in one field, and what came back."""

    name: str
    what: str
    value: str | list[str]
    answer: TestResponse

    @property
    def page(self) -> str:
        """The answer as text."""
        return self.answer.get_data(as_text=True)


def send_rubbish(
    visitor: Visitor,
    form: FoundForm,
    good: Mapping[str, str | list[str]],
    fields: Sequence[str] = (),
    kinds: frozenset[str] | None = None,
) -> Iterator[Sent]:
    """Send every kind of rubbish in each field of a form, all others as in `good`.

    `good` is laid over what the page holds. `fields`, `kinds`: only these. Yields every answer.
    """
    for name in fields or list(form.fields):
        for what, value in _rubbish_for(form.fields[name], good.get(name)):
            if kinds is not None and what not in kinds:
                continue
            data = {**form.values(), **good, name: value}
            yield Sent(name, what, value, visitor.post(form.action, **data))


def _rubbish_for(
    found: FoundField, good: str | list[str] | None
) -> Iterator[tuple[str, str | list[str]]]:
    for what, value in RUBBISH.items():
        yield what, _sendable(value)
    once = good if isinstance(good, str) else found.value
    yield REPEATED, [once or "a", (once or "a") + "b"]


def _sendable(value: str) -> str:
    """Return the text as a browser could bring it onto the wire."""
    return value.encode("utf-8", "replace").decode()


def assert_rubbish_is_refused(
    visitor: Visitor,
    form: FoundForm,
    good: Mapping[str, str | list[str]],
    may_be_taken: Mapping[str, frozenset[str]] | None = None,
    kinds: frozenset[str] | None = None,
) -> int:
    """Send rubbish in every field; each is refused by name, with all other entries kept.

    `may_be_taken`: for a field, the kinds of rubbish that are right in it; those must only not
    be a fault of ours. `kinds`: only these. Returns how many were refused.
    """
    refused = 0
    for sent in send_rubbish(visitor, form, good, kinds=kinds):
        where = f"{form.action}: {sent.what} in {sent.name}"
        assert sent.answer.status_code < 500, f"{where}: {sent.page}"
        if sent.what in (may_be_taken or {}).get(sent.name, frozenset()):
            continue
        assert sent.answer.status_code == 422, f"{where}: {sent.answer.status_code}"
        assert _names(sent), f"{where}: the field is not named"
        assert_entries_kept(sent, form, good)
        refused += 1
    return refused


def _names(sent: Sent) -> bool:
    return f'href="#{sent.name}"' in sent.page


def assert_entries_kept(sent: Sent, form: FoundForm, good: Mapping[str, str | list[str]]) -> None:
    """Ask that a page that was refused still holds what was typed into the other fields."""
    again: dict[str, FoundField] = {}
    for each in forms_of(sent.answer):
        again |= each.fields
    for name, value in good.items():
        found = again.get(name)
        if name == sent.name or found is None or found.kind == "submit" or name == "once":
            continue
        if found.kind in {"password", "hidden list"}:
            continue
        assert found.value == value, f"{form.action}: {name} was not kept beside {sent.name}"


NEVER_TEXT = frozenset({"nothing", "ten thousand letters", "control signs", REPEATED})
"""What a field for free text that must be filled in never takes."""

EVERYTHING = frozenset({*RUBBISH, REPEATED})
TEXT_IS_RIGHT = EVERYTHING - NEVER_TEXT
"""What a field for free text may take."""
