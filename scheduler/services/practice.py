"""The practice as its patients know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Practice:
    """The neutral name, the phone number and the web address that texts may carry."""

    name: str
    phone: str
    base_url: str
