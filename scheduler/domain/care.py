"""What the practice does in homes: services, ways of giving, and the state rules of scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduler.domain.licensure import Credential


class WayOfGiving(StrEnum):
    """Route of administration; `NONE` where the service gives no medicine."""

    IV_INFUSION = "iv_infusion"
    IM = "im"
    SUBCUTANEOUS = "subcutaneous"
    LOZENGE_SL = "lozenge_sl"
    TABLET_ORAL = "tablet_oral"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CareService:
    """A service as the practice offers it; all lengths in minutes.

    `dosed` services follow a protocol and its series; `needs_order` ones are never booked without
    a prescriber's valid order (I5).
    """

    code: str
    name: str
    way_of_giving: WayOfGiving
    skills: frozenset[str]
    needs_order: bool
    dosed: bool
    preparation_minutes: int
    care_minutes: int
    pack_down_minutes: int
    arrival_window_minutes: int

    def __post_init__(self) -> None:
        for name in ("preparation_minutes", "pack_down_minutes", "arrival_window_minutes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative")
        if self.care_minutes <= 0:
            raise ValueError("care_minutes is not positive")
        if self.dosed and not self.needs_order:
            raise ValueError("a dosed service needs an order")

    @property
    def visit_minutes(self) -> int:
        """From arrival to the end of pack-down."""
        return self.preparation_minutes + self.care_minutes + self.pack_down_minutes


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """A verified statement that a credential may give care this way in homes of a state.

    Facts with a source and a date; `None` in `expires_on` means until the next verification. One
    that runs out before it was verified says that the care may not be given (any more).
    `revision` counts the verifications of one day.
    """

    state: str
    credential: Credential
    way_of_giving: WayOfGiving
    needs_prescriber_on_site: bool
    needs_second_person: bool
    citation: str
    verified_by: str
    verified_on: date
    expires_on: date | None = None
    revision: int = 1

    def counts_on(self, first: date, last: date) -> bool:
        """Say whether the rule was verified by then and has not run out."""
        return self.verified_on <= first and (self.expires_on is None or last <= self.expires_on)


class ScopeAnswer(StrEnum):
    """What the rules of a state say; everything but ALLOWED is a refusal."""

    ALLOWED = "allowed"
    STATE_NOT_VERIFIED = "state not verified"
    CREDENTIAL_NOT_ALLOWED = "credential not allowed"
    NEEDS_MORE_PEOPLE = "needs a second person"


def scope_answer(
    rules: Iterable[ScopeRule],
    state: str,
    way: WayOfGiving,
    credential: Credential,
    days: tuple[date, date],
) -> ScopeAnswer:
    """Say whether the credential may give care this way in the state on all the days.

    No row for the state and way of giving means blocked: what nobody verified is not allowed. Of
    the rows for a credential the one verified last counts, also when it has run out.
    """
    first, last = days
    newest: dict[Credential, ScopeRule] = {}
    for rule in rules:
        if rule.state == state and rule.way_of_giving is way and rule.verified_on <= first:
            newest[rule.credential] = max(newest.get(rule.credential, rule), rule, key=_age)
    here = {each: rule for each, rule in newest.items() if rule.counts_on(first, last)}
    if not here:
        return ScopeAnswer.STATE_NOT_VERIFIED
    if credential not in here:
        return ScopeAnswer.CREDENTIAL_NOT_ALLOWED
    mine = here[credential]
    if mine.needs_prescriber_on_site or mine.needs_second_person:
        return ScopeAnswer.NEEDS_MORE_PEOPLE
    return ScopeAnswer.ALLOWED


def _age(rule: ScopeRule) -> tuple[date, int]:
    return rule.verified_on, rule.revision
