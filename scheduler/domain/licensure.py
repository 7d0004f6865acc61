"""Who is licensed where: single-state licences and compact privileges, as dated facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_SPOKEN_WITH_A_VOWEL = frozenset("AEFHILMNORSX")
"""Letters whose names begin with a vowel: an RN, an MD, but a PA."""


class Credential(StrEnum):
    """What a clinician is; the values are the letters that stand behind the name."""

    RN = "RN"
    LPN = "LPN"
    NP = "NP"
    PA = "PA"
    MD = "MD"
    DO = "DO"
    CRNA = "CRNA"
    PARAMEDIC = "PARAMEDIC"

    @property
    def letters(self) -> str:
        """Return what stands behind a name, such as RN; a word is not shouted."""
        return "Paramedic" if self is Credential.PARAMEDIC else self.value

    @property
    def with_article(self) -> str:
        """Return it as a sentence begins with it, such as An RN."""
        if self is Credential.PARAMEDIC:
            return "A paramedic"
        article = "An" if self.value[0] in _SPOKEN_WITH_A_VOWEL else "A"
        return f"{article} {self.value}"


PRESCRIBERS = frozenset({Credential.NP, Credential.PA, Credential.MD, Credential.DO})


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence; it counts on every local day from `valid_from` through `valid_through`."""

    state: str
    credential: Credential
    number: str
    multistate: bool
    valid_from: date
    valid_through: date

    def __post_init__(self) -> None:
        if self.valid_through < self.valid_from:
            raise ValueError("valid_through is before valid_from")

    def covers(self, first: date, last: date) -> bool:
        """Say whether the licence is valid on all days from first to last."""
        return self.valid_from <= first and last <= self.valid_through


@dataclass(frozen=True, slots=True)
class CompactMember:
    """A state's place in a licence compact.

    `privilege_from`: from this day a multistate licence of another member may be used in the state.
    `issues_from`: from this day the state gives multistate licences to its own residents.
    None means not (yet); an unknown date is None, so what nobody verified allows nothing.
    """

    compact: str
    state: str
    credentials: frozenset[Credential]
    privilege_from: date | None
    issues_from: date | None


class LicenceStanding(StrEnum):
    """How a clinician stands in a state over a span of days."""

    LICENSED = "licensed"
    PRIVILEGE = "compact privilege"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer and the licence it rests on (for an expired or future one: the one nearest)."""

    kind: LicenceStanding
    licence: Licence | None = None

    @property
    def allows(self) -> bool:
        """Say whether the clinician may practise."""
        return self.kind in {LicenceStanding.LICENSED, LicenceStanding.PRIVILEGE}


@dataclass(frozen=True, slots=True)
class LicenceHolder:
    """What licensure needs of a clinician: credential, home state of residence, licences."""

    credential: Credential
    home_state: str
    licences: tuple[Licence, ...]


def licence_standing(
    holder: LicenceHolder,
    state: str,
    first: date,
    last: date,
    compacts: Iterable[CompactMember],
) -> Standing:
    """Say how the holder stands in the state on all local days from first to last.

    A licence of the state itself comes first; then a multistate licence of the home state, when
    both states are members of a compact for the credential (Nurse Licensure Compact: the licence
    follows the primary state of residence and counts where the patient is).
    """
    own = [
        licence
        for licence in holder.licences
        if licence.credential is holder.credential and licence.state == state
    ]
    abroad = _multistate_licences(holder, state, first, compacts)
    for kind, licences in (
        (LicenceStanding.LICENSED, own),
        (LicenceStanding.PRIVILEGE, abroad),
    ):
        for licence in licences:
            if licence.covers(first, last):
                return Standing(kind, licence)
    return _nearest_failure([*own, *abroad], first)


def _multistate_licences(
    holder: LicenceHolder, state: str, on: date, compacts: Iterable[CompactMember]
) -> list[Licence]:
    members = [member for member in compacts if holder.credential in member.credentials]
    receiving = {
        member.compact
        for member in members
        if member.state == state and member.privilege_from and member.privilege_from <= on
    }
    issuing = {
        member.compact
        for member in members
        if member.state == holder.home_state and member.issues_from and member.issues_from <= on
    }
    if not receiving & issuing:
        return []
    return [
        licence
        for licence in holder.licences
        if licence.multistate
        and licence.credential is holder.credential
        and licence.state == holder.home_state
        and licence.state != state
    ]


def _nearest_failure(licences: list[Licence], first: date) -> Standing:
    if not licences:
        return Standing(LicenceStanding.NONE)
    latest = max(licences, key=lambda licence: licence.valid_through)
    if latest.valid_from > first:
        return Standing(LicenceStanding.NOT_YET, latest)
    return Standing(LicenceStanding.EXPIRED, latest)
