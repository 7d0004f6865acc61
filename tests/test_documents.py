"""Documents that repeat a table of the code are rendered from it, so that neither can drift."""

from pathlib import Path

from scheduler.domain.visits import TRANSITIONS

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
