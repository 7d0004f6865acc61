"""US phone numbers as people write them."""

import re

_US_PHONE = re.compile(r"(?:\+?1)?(\d{3})(\d{3})(\d{4})", re.ASCII)
_MARKS = re.compile(r"[\s().-]")


def phone_words(number: str) -> str:
    """Return a US phone number as people write it, such as (816) 555-0143; others as they are."""
    match = _US_PHONE.fullmatch(_MARKS.sub("", number))
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number
