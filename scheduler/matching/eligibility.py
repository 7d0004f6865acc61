"""Who may: the funnel of hard rules H1-H4 in fixed order, each failure with plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from scheduler.domain.care import ScopeAnswer, scope_answer
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import LicenceStanding, Standing, licence_standing
from scheduler.matching.model import Candidate, Rulebook, Wanted

NOT_VERIFIED = "not verified for this state"


class HardRule(StrEnum):
    """The codes of rules that keep a clinician from a visit; programs see these, people words."""

    CREDENTIAL = "H1"
    SKILL = "H2"
    BLOCKED = "H3"
    SHIFT = "H4"
    TRAVEL = "H5"
    WINDOW = "H6"
    SERIES = "H7"
    REST = "H8"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a clinician is out: the first rule that failed, and words for people."""

    clinician_id: UUID
    rule: HardRule
    words: str


def exclusion(
    clinician: Candidate, wanted: Wanted, days: tuple[date, date], rules: Rulebook
) -> Exclusion | None:
    """Return the first of H1-H3 that keeps the clinician from the visit on these days, or None."""
    for rule, words in (
        (HardRule.CREDENTIAL, credential_problem(clinician, wanted, days, rules)),
        (HardRule.SKILL, _skill_problem(clinician, wanted)),
        (HardRule.BLOCKED, _block_problem(clinician, wanted)),
    ):
        if words:
            return Exclusion(clinician.id, rule, words)
    return None


def credential_problem(
    clinician: Candidate, wanted: Wanted, days: tuple[date, date], rules: Rulebook
) -> str | None:
    """Return why credential, scope rule or licence forbid the visit (I2), or None."""
    if not clinician.active:
        return "not working for the practice"
    state = wanted.place.state
    holder = clinician.holder
    scope = scope_answer(
        rules.scope_rules, state, wanted.service.way_of_giving, holder.credential, days
    )
    if scope is ScopeAnswer.STATE_NOT_VERIFIED:
        return NOT_VERIFIED
    if scope is ScopeAnswer.CREDENTIAL_NOT_ALLOWED:
        return f"{holder.credential.with_article} may not give this care in {STATES[state]}"
    if scope is ScopeAnswer.NEEDS_MORE_PEOPLE:
        return f"{holder.credential.with_article} may not give this care alone in {STATES[state]}"
    standing = licence_standing(holder, state, *days, rules.compacts)
    return None if standing.allows else _licence_words(standing, state)


def _licence_words(standing: Standing, state: str) -> str:
    name = STATES[state]
    if standing.licence and standing.kind is LicenceStanding.EXPIRED:
        through = standing.licence.valid_through
        return f"{name} license expired {through:%m-%d}"
    if standing.licence and standing.kind is LicenceStanding.NOT_YET:
        return f"{name} license not valid before {standing.licence.valid_from:%m-%d}"
    return f"no {name} license or privilege"


def _skill_problem(clinician: Candidate, wanted: Wanted) -> str | None:
    missing = sorted(wanted.service.skills - clinician.skills)
    return f"lacks the skill: {', '.join(missing).replace('_', ' ')}" if missing else None


def _block_problem(clinician: Candidate, wanted: Wanted) -> str | None:
    return "not to be paired" if wanted.patient_id in clinician.blocked_patients else None


class Funnel:
    """H1-H3 for one wish; each clinician and span of days is judged once."""

    def __init__(
        self, wanted: Wanted, clinicians: Mapping[UUID, Candidate], rules: Rulebook
    ) -> None:
        self._wanted = wanted
        self._clinicians = clinicians
        self._rules = _rules_for(wanted, rules)
        self._answers: dict[tuple[UUID, tuple[date, date]], Exclusion | None] = {}

    def exclusion(self, clinician_id: UUID, days: tuple[date, date]) -> Exclusion | None:
        """Return what keeps the clinician from the visit on these days, or None."""
        key = (clinician_id, days)
        if key not in self._answers:
            clinician = self._clinicians[clinician_id]
            self._answers[key] = exclusion(clinician, self._wanted, days, self._rules)
        return self._answers[key]

    def serves(self, wanted: Wanted) -> bool:
        """Say whether the answers hold for another wish too: H1-H3 do not look at its times."""
        mine = self._wanted
        return (mine.patient_id, mine.service, mine.place) == (
            wanted.patient_id,
            wanted.service,
            wanted.place,
        )


def _rules_for(wanted: Wanted, rules: Rulebook) -> Rulebook:
    """Keep the scope rules that can speak about this visit; the rest only costs time."""
    state, way = wanted.place.state, wanted.service.way_of_giving
    return Rulebook(
        tuple(r for r in rules.scope_rules if r.state == state and r.way_of_giving is way),
        rules.compacts,
    )
