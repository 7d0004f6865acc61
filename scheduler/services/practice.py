"""The practice as its patients know it."""

from dataclasses import dataclass

POLICY = (
    "You can move or cancel a visit here until your clinician is on the way. Please do it at least "
    "24 hours before, so that somebody else can have the time. If you cancel later, or nobody is "
    "home when we come, we may charge you for the visit. Call us if you want to know the price. "
    "You pay nothing here."
)
"""The policy of a practice that states none of its own."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The neutral name, the phone number and the web address that texts may carry.

    `policy` is what patients agree to before they book: moving, cancelling, and the price.
    """

    name: str
    phone: str
    base_url: str
    policy: str = POLICY
