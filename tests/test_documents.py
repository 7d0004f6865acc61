"""Documents that repeat a table of the code are rendered from it, so that neither can drift."""

from pathlib import Path

from scheduler.domain.visits import TRANSITIONS
from tests.web.page_table import PAGES
from tests.web.test_permissions import NO, TABLE, WHO, YES

DOCS = Path(__file__).resolve().parents[1] / "docs"


def rendered_transitions() -> str:
    """Return the table of visit states as it stands in docs/visit-states.md."""
    rows = [
        f"| {state.value} | {event.value} | {after.value} |"
        for (state, event), after in TRANSITIONS.items()
    ]
    return "\n".join(["| from | what happens | to |", "|---|---|---|", *rows])


def test_the_visit_states_in_the_documentation_are_those_of_the_code() -> None:
    assert rendered_transitions() in (DOCS / "visit-states.md").read_text()


def rendered_pages() -> str:
    """Return the table of pages and roles as it stands in docs/permissions.md."""
    rows = [
        f"| `{page}` | {roles.replace('_', ' ').replace(' own', ' (own)')} |"
        for page, roles in PAGES.items()
    ]
    return "\n".join(["| page | roles |", "|---|---|", *rows])


def rendered_calls() -> str:
    """Return the table of API calls and people as it stands in docs/permissions.md."""
    words = {YES: "yes", NO: "no", 404: "hidden"}
    rows = [
        f"| `{act}` | {' | '.join(words[answer] for answer in answers)} |"
        for act, answers in TABLE.items()
    ]
    rule = "|---" * (len(WHO) + 1) + "|"
    return "\n".join([f"| call | {' | '.join(WHO)} |", rule, *rows])


def test_the_permissions_in_the_documentation_are_those_of_the_tests() -> None:
    written = (DOCS / "permissions.md").read_text()
    assert rendered_pages() in written
    assert rendered_calls() in written
