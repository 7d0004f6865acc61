"""What the provider's own description allows a request to say."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DESCRIPTION = (
    Path(__file__).resolve().parents[2].parent / "shared/data/twilio/twilio_api_v2010.json"
)
_MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
_FORM = "application/x-www-form-urlencoded"


@cache
def described_fields() -> Mapping[str, Mapping[str, Any]] | None:
    """Return the documented fields of a new message, or None without the description at hand."""
    if not DESCRIPTION.exists():
        return None
    described = json.loads(DESCRIPTION.read_text())
    body = described["paths"][_MESSAGES]["post"]["requestBody"]
    fields: Mapping[str, Mapping[str, Any]] = body["content"][_FORM]["schema"]["properties"]
    return fields


def undocumented(form: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a form by the provider's description; nothing without it."""
    fields = described_fields()
    if fields is None:
        return []
    wrong = [f"{name} is not documented" for name in form if name not in fields]
    for name, value in form.items():
        pattern = fields.get(name, {}).get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            wrong.append(f"{name} does not match {pattern}")
    return wrong
