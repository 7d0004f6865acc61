"""Every word of every page goes through gettext: another language needs a catalogue, no template.

Names, units and signs that are the same in every language are listed here, one by one.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
FORMS = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "scheduler" / "web").rglob("*.py")
)
SAME_EVERYWHERE = frozenset({"911", "mg/kg", "kg", "mg", "CSV", "min"})
"""Words that stay as they are: a number to call, units, a file's format."""

CODES = frozenset({"set out", "running out"})
"""Values that a form sends or code compares; nobody reads them."""

READ_ALOUD = frozenset({"alt", "title", "aria-label", "placeholder", "aria-description"})
WORD = re.compile(r"[A-Za-z][A-Za-z'/-]*")
PHRASE = re.compile(r"[A-Za-z]+[.,:]? [A-Za-z]+")
GAP = "\ue000"
NO_WORDS = re.compile(r'[a-z-]+="[^"]*"|[?][a-z]+=')
"""Attributes and addresses that a macro writes."""

GETTEXT = frozenset({"_", "gettext", "ngettext"})
ENVIRONMENT = Environment(autoescape=True)


def without_code(source: str) -> str:
    """Return a template's own text: code is a gap of as many lines, translated blocks are out."""
    kept, out = [], False
    for _line, kind, text in ENVIRONMENT.lexer.tokeniter(source, None):
        if kind == "data" and not out:
            kept.append(text)
            continue
        if kind == "name" and text in {"trans", "body_class"}:
            out = True
        elif kind == "name" and text in {"endtrans", "endblock"}:
            out = False
        kept.append(GAP if kind in {"variable_begin", "block_begin"} else "")
        kept.append("\n" * text.count("\n"))
    return "".join(kept)


class Words(HTMLParser):
    """Collects what a person would read, each with its line; <code> is typed, not translated."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.in_code = False

    def handle_data(self, data: str) -> None:
        plain = NO_WORDS.sub(lambda found: "\n" * found[0].count("\n"), data)
        for number, line in enumerate(plain.split("\n")):
            words = [word for word in WORD.findall(line) if word not in SAME_EVERYWHERE]
            if words and not self.in_code:
                self.found.append((self.getpos()[0] + number, " ".join(words)))

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        for name, value in pairs:
            if name in READ_ALOUD and value:
                self.handle_data(value)
        self.in_code = self.in_code or tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "code"


def words_in_text(source: str) -> list[tuple[int, str]]:
    """Return the words of a template that stand outside its code."""
    reader = Words()
    reader.feed(without_code(source))
    reader.close()
    return reader.found


def phrases_in_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield literal phrases of a template's code that no call of gettext takes."""
    tree = ENVIRONMENT.parse(source)
    taken = {
        id(each)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in GETTEXT
        for each in call.find_all(nodes.Const)
    }
    for each in tree.find_all(nodes.Const):
        literal = isinstance(each.value, str) and PHRASE.search(each.value)
        if literal and id(each) not in taken and each.value not in CODES:
            yield each.lineno, str(each.value)


def labels_in_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield literal words given to a part of a page that shows them."""
    for call in ENVIRONMENT.parse(source).find_all(nodes.Call):
        place = SHOWN.get(call.node.name, -1) if isinstance(call.node, nodes.Name) else -1
        if 0 <= place < len(call.args) and isinstance(call.args[place], nodes.Const):
            yield call.lineno, str(call.args[place].value)  # type: ignore[attr-defined]


SHOWN = {
    **dict.fromkeys(("field", "textarea", "select", "radios", "checkbox", "checkboxes"), 1),
    **dict.fromkeys(("button", "link_button", "badge", "empty_state"), 0),
}
"""The parts of components.html that show a word, and which of their arguments it is."""


@pytest.mark.parametrize("name", FILES)
def test_every_word_of_a_template_can_be_translated(name: str) -> None:
    source = (TEMPLATES / name).read_text()
    found = [*words_in_text(source), *phrases_in_code(source), *labels_in_code(source)]
    assert [f"templates/{name}:{line}: {words}" for line, words in sorted(found)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello {{ name }}</p>", [(1, "Hello")]),
        ("<p>\n{# said\nby #}{{ x }}\n there</p>", [(4, "there")]),
        ('<img alt="a house">', [(1, "a house")]),
        ('<p class="two words">{{ _("Hello") }} 12 mg</p>', []),
        ("{% trans %}Hello there{% endtrans %}", []),
    ],
)
def test_words_are_found_where_they_stand(source: str, found: list[tuple[int, str]]) -> None:
    assert words_in_text(source) == found


def test_phrases_are_found_in_code() -> None:
    source = '{{ _("Well said") }}\n{{ "Hello there" if x else _("Bye now") }}'
    assert list(phrases_in_code(source)) == [(2, "Hello there")]
    assert list(labels_in_code('{{ button("Send") }}{{ button(_("Send")) }}')) == [(1, "Send")]


def sentences_raised(source: str) -> list[tuple[int, str]]:
    """Return the refusals in code that say a sentence of their own past gettext, with lines."""
    return [
        (node.lineno, first.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ValueError"
        for first in node.args
        if isinstance(first, ast.Constant) and isinstance(first.value, str)
    ]


@pytest.mark.parametrize("name", FORMS)
def test_what_a_form_refuses_is_said_through_gettext(name: str) -> None:
    assert sentences_raised((ROOT / name).read_text()) == []


def test_sentences_that_go_past_gettext_are_found() -> None:
    source = 'raise ValueError("no")\nraise ValueError(_("no"))\nValueError("well")'
    assert sentences_raised(source) == [(1, "no"), (3, "well")]


def test_the_words_can_be_extracted() -> None:
    """What babel.cfg names is read without a fault, templates and code alike."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(str(ROOT), methods, options, keywords, directory_filter=_is_ours)
    files = {name.partition("/")[0] for name, *_rest in found}
    assert files == {"scheduler", "templates"}


def _is_ours(folder: str) -> bool:
    return Path(folder).relative_to(ROOT).parts[:1] in {(), ("scheduler",), ("templates",)}
