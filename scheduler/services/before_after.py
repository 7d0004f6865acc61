"""What an administrator's change was, for the audit record: before and after, field by field."""

from collections.abc import Mapping


def changes_in_words(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the fields that differ as `name: old > new`, separated by semicolons."""
    names = [*before, *(name for name in after if name not in before)]
    return "; ".join(
        f"{name}: {_said(before.get(name))} > {_said(after.get(name))}"
        for name in names
        if before.get(name) != after.get(name)
    )


def _said(value: object) -> str:
    return "nothing" if value is None or value == "" else str(value)
