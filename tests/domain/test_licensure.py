"""Licences and compact privileges as dated facts, and scope rules that are blocked by default."""

from dataclasses import replace
from datetime import date

import pytest

from scheduler.domain.care import ScopeAnswer, ScopeRule, WayOfGiving, scope_answer
from scheduler.domain.licensure import (
    CompactMember,
    Credential,
    Licence,
    LicenceHolder,
    LicenceStanding,
    licence_standing,
)

RN, MD = Credential.RN, Credential.MD
DAY = date(2026, 10, 27)
NURSES = frozenset({RN, Credential.LPN})


def member(state: str, privilege: date | None = DAY, issues: date | None = DAY) -> CompactMember:
    return CompactMember("NLC", state, NURSES, privilege, issues)


def holder(*licences: Licence, credential: Credential = RN, home: str = "KS") -> LicenceHolder:
    return LicenceHolder(credential, home, licences)


def licence(state: str, *, multistate: bool = False, through: date = date(2027, 1, 1)) -> Licence:
    return Licence(state, RN, "1", multistate, date(2026, 1, 1), through)


MEMBERS = (member("KS"), member("MO"), member("MA", None, None), member("GU", DAY, None))


@pytest.mark.parametrize(
    ("who", "state", "expected"),
    [
        (holder(licence("MO")), "MO", LicenceStanding.LICENSED),
        (holder(licence("KS", multistate=True)), "MO", LicenceStanding.PRIVILEGE),
        (holder(licence("KS")), "MO", LicenceStanding.NONE),
        (holder(licence("KS", multistate=True)), "MA", LicenceStanding.NONE),
        (holder(licence("KS", multistate=True)), "GU", LicenceStanding.PRIVILEGE),
        (holder(licence("GU", multistate=True), home="GU"), "MO", LicenceStanding.NONE),
        (holder(licence("KS", multistate=True), home="CA"), "MO", LicenceStanding.NONE),
        (holder(licence("MO", through=date(2026, 10, 26))), "MO", LicenceStanding.EXPIRED),
        (holder(licence("KS", multistate=True), credential=MD), "MO", LicenceStanding.NONE),
    ],
)
def test_standing(who: LicenceHolder, state: str, expected: LicenceStanding) -> None:
    assert licence_standing(who, state, DAY, DAY, MEMBERS).kind is expected


def test_a_licence_counts_through_its_last_day_and_not_beyond() -> None:
    who = holder(licence("MO", through=DAY))
    assert licence_standing(who, "MO", DAY, DAY, ()).allows
    assert not licence_standing(who, "MO", DAY, date(2026, 10, 28), ()).allows


def test_a_privilege_begins_on_its_day() -> None:
    who = holder(licence("KS", multistate=True))
    eve = date(2026, 10, 26)
    assert licence_standing(who, "MO", eve, eve, MEMBERS).kind is LicenceStanding.NONE


def rule(credential: Credential = RN, *, second: bool = False) -> ScopeRule:
    way = WayOfGiving.IV_INFUSION
    return ScopeRule("MO", credential, way, False, second, "made up", "tests", date(2026, 1, 1))  # noqa: FBT003


@pytest.mark.parametrize(
    ("rules", "state", "credential", "expected"),
    [
        ([rule()], "MO", RN, ScopeAnswer.ALLOWED),
        ([rule()], "CA", RN, ScopeAnswer.STATE_NOT_VERIFIED),
        ([], "MO", RN, ScopeAnswer.STATE_NOT_VERIFIED),
        ([rule()], "MO", MD, ScopeAnswer.CREDENTIAL_NOT_ALLOWED),
        ([rule(second=True)], "MO", RN, ScopeAnswer.NEEDS_MORE_PEOPLE),
    ],
)
def test_what_nobody_verified_is_not_allowed(
    rules: list[ScopeRule], state: str, credential: Credential, expected: ScopeAnswer
) -> None:
    answer = scope_answer(rules, state, WayOfGiving.IV_INFUSION, credential, (DAY, DAY))
    assert answer is expected


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        (replace(rule(second=True), revision=2), ScopeAnswer.NEEDS_MORE_PEOPLE),
        (replace(rule(second=True), verified_on=date(2026, 3, 1)), ScopeAnswer.NEEDS_MORE_PEOPLE),
        (replace(rule(second=True), verified_on=date(2030, 1, 1)), ScopeAnswer.ALLOWED),
        (
            replace(rule(), revision=2, expires_on=date(2025, 12, 31)),
            ScopeAnswer.STATE_NOT_VERIFIED,
        ),
    ],
    ids=["same day", "later day", "not yet verified", "no longer allowed"],
)
def test_the_newest_verification_counts_in_either_order(
    newer: ScopeRule, expected: ScopeAnswer
) -> None:
    for rules in ([rule(), newer], [newer, rule()]):
        answer = scope_answer(rules, "MO", WayOfGiving.IV_INFUSION, RN, (DAY, DAY))
        assert answer is expected


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        (Credential.RN, "An RN"),
        (Credential.LPN, "An LPN"),
        (Credential.NP, "An NP"),
        (Credential.PA, "A PA"),
        (Credential.MD, "An MD"),
        (Credential.DO, "A DO"),
        (Credential.CRNA, "A CRNA"),
        (Credential.PARAMEDIC, "A paramedic"),
    ],
)
def test_a_sentence_begins_with_a_credential_as_it_is_spoken(
    credential: Credential, words: str
) -> None:
    assert credential.with_article == words
