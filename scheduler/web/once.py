"""Forms that act once: a token drawn for each, and the key of the act that it stands for."""

import secrets
from typing import Annotated, Literal

from pydantic import StringConstraints

from scheduler.services.repeats import digest_of

Once = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$", max_length=64)]
"""A token that is drawn for one form: the same form sent twice is one act."""

Agreed = Literal["yes"]
"""A box that must be ticked."""


def draw_once() -> str:
    """Return a fresh token for a form."""
    return secrets.token_urlsafe(24)


def repeat_key(once: str, *content: object) -> str:
    """Return the key of one act: a form that comes again with another content is another act."""
    return digest_of(once, *content)
