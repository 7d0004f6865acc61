"""Refusals: each has a code that programs may rely on and a sentence that people can read."""

from typing import ClassVar


class SchedulingError(Exception):
    """Base of every refusal this software makes on purpose.

    `code` is stable and part of the API; the text is for people and may change.
    `field` names the input at fault, where there is one.
    """

    code: ClassVar[str] = "refused"
    field: ClassVar[str | None] = None


class NotFound(SchedulingError):
    """The thing asked for does not exist, or is not the asker's to see (the two look alike)."""

    code = "not_found"


class NotAllowed(SchedulingError):
    """The signed-in person may not do this."""

    code = "not_allowed"


class Conflict(SchedulingError):
    """The thing changed since it was read; read it again and decide anew."""

    code = "changed_meanwhile"


class IllegalTransition(SchedulingError):
    """The act does not fit the present state."""

    code = "illegal_transition"


class InvalidInput(SchedulingError):
    """One or more fields cannot be used; `problems` maps each field to what is wrong with it."""

    code = "invalid_input"

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = problems
