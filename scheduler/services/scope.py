"""What each credential may do in each state: statements that somebody verified.

Nothing is allowed that nobody verified. A statement is never changed: a newer verification takes
its place. Where a newer one allows less, visits that are no longer allowed are cancelled with a
message, after somebody has agreed to their number: the law of a state does not wait until they have
been moved.
"""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.care import ScopeAnswer, ScopeRule, WayOfGiving, scope_answer
from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import Credential
from scheduler.services.desk import Desk
from scheduler.services.forbidden_visits import Ending, end_and_cancel
from scheduler.store import mapping
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import AddressRow, Role
from scheduler.store.rules import ScopeRuleRow


class Permission(StrEnum):
    """What was found when a rule was verified."""

    ALONE = "alone"
    SECOND_PERSON = "second_person"
    PRESCRIBER_ON_SITE = "prescriber_on_site"
    NOT_ALLOWED = "not_allowed"


class Standing(StrEnum):
    """What the newest statement says today; a rule that has run out allows nothing."""

    NOT_VERIFIED = "not_verified"
    RUN_OUT = "run_out"
    ALONE = "alone"
    SECOND_PERSON = "second_person"
    PRESCRIBER_ON_SITE = "prescriber_on_site"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class NewRule:
    """A verification to enter: what was found, where it is written, who looked and when."""

    state: str
    credential: Credential
    way_of_giving: WayOfGiving
    permission: Permission
    citation: str
    verified_by: str
    verified_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A statement that was entered; `superseded` where a newer one took its place."""

    rule: ScopeRule
    permission: Permission
    superseded: bool


@dataclass(frozen=True, slots=True)
class StateScope:
    """One state: what each credential may do today by way of giving, and all statements."""

    state: str
    matrix: dict[tuple[Credential, WayOfGiving], Standing]
    entries: tuple[RuleEntry, ...]


def scope_overview(desk: Desk) -> dict[tuple[str, WayOfGiving], tuple[Credential, ...]]:
    """Return who may give care alone today, by state and way of giving.

    What nobody ever verified is left out; nobody at all may give it.
    """
    desk.allow(Role.ADMINISTRATOR)
    rules = [mapping.scope_rule(row) for row in desk.session.scalars(select(ScopeRuleRow))]
    today = _today(desk)
    found = {}
    for state, way in sorted({(rule.state, rule.way_of_giving) for rule in rules}):
        here = [rule for rule in rules if (rule.state, rule.way_of_giving) == (state, way)]
        found[state, way] = tuple(
            each
            for each in Credential
            if scope_answer(here, state, way, each, (today, today)) is ScopeAnswer.ALLOWED
        )
    return found


def scope_of_state(desk: Desk, state: str) -> StateScope:
    """Return the matrix of a state and every statement about it, the newest first."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(ScopeRuleRow)
        .where(ScopeRuleRow.state == state)
        .order_by(ScopeRuleRow.verified_on.desc(), ScopeRuleRow.revision.desc(), ScopeRuleRow.id)
    )
    rules = [mapping.scope_rule(row) for row in rows]
    newest: dict[tuple[Credential, WayOfGiving], ScopeRule] = {}
    entries = []
    for rule in rules:
        key = (rule.credential, rule.way_of_giving)
        entries.append(RuleEntry(rule, _permission(rule), key in newest))
        newest.setdefault(key, rule)
    today = _today(desk)
    matrix = {
        (each, way): _standing(newest.get((each, way)), today)
        for each in Credential
        for way in WayOfGiving
    }
    return StateScope(state, matrix, tuple(entries))


def _today(desk: Desk) -> date:
    return desk.now().astimezone(UTC).date()


def _permission(rule: ScopeRule) -> Permission:
    if rule.expires_on is not None and rule.expires_on < rule.verified_on:
        return Permission.NOT_ALLOWED
    if rule.needs_prescriber_on_site:
        return Permission.PRESCRIBER_ON_SITE
    return Permission.SECOND_PERSON if rule.needs_second_person else Permission.ALONE


def _standing(rule: ScopeRule | None, today: date) -> Standing:
    if rule is None:
        return Standing.NOT_VERIFIED
    permission = _permission(rule)
    if permission is not Permission.NOT_ALLOWED and not rule.counts_on(today, today):
        return Standing.RUN_OUT
    return Standing(permission.value)


def add_rule(desk: Desk, new: NewRule, agreed: int | None = None) -> int:
    """Enter a verification, which takes the place of older ones; return how many visits it ends.

    The newest one entered again changes nothing.

    Raises:
        InvalidInput: verified in the future, before the newest one, or run out already.
        WouldCancel: another number of visits than `agreed`; nothing was changed.
    """
    desk.allow(Role.ADMINISTRATOR)
    _check(desk, new)
    newest = _newest(desk.session, new)
    if newest is not None and _same(newest, new):
        return 0

    def change() -> None:
        latest = _newest(desk.session, new)
        if latest is not None and latest.verified_on > new.verified_on:
            raise InvalidInput({"verified_on": f"must not be before {latest.verified_on}"})
        same_day = latest is not None and latest.verified_on == new.verified_on
        row = _row(new, latest.revision + 1 if latest is not None and same_day else 1)
        desk.session.add(row)
        words = f"{STATES[new.state]}, {new.credential}, {new.way_of_giving.value}: " + (
            f"{_permission_of(latest)} > {new.permission.value}; {new.citation}"
        )
        desk.record("verify scope rule", "scope_rule", row.id, reason=words)

    return end_and_cancel(
        desk,
        Ending(
            change=change,
            concerns=ClinicianRow.credential == new.credential,
            touches=(
                AddressRow.state == new.state,
                ClinicianRow.credential == new.credential,
            ),
            reason=f"rules of {STATES[new.state]}",
            agreed=agreed,
        ),
    )


def _check(desk: Desk, new: NewRule) -> None:
    problems = {}
    if new.verified_on > _today(desk):
        problems["verified_on"] = "must not lie in the future"
    if new.permission is Permission.NOT_ALLOWED and new.expires_on is not None:
        problems["expires_on"] = "must be empty where the care is not allowed"
    elif new.expires_on is not None and new.expires_on < _today(desk):
        problems["expires_on"] = "must not lie in the past"
    if problems:
        raise InvalidInput(problems)


def _newest(session: Session, new: NewRule) -> ScopeRuleRow | None:
    return session.scalar(
        select(ScopeRuleRow)
        .where(
            ScopeRuleRow.state == new.state,
            ScopeRuleRow.credential == new.credential,
            ScopeRuleRow.way_of_giving == new.way_of_giving,
        )
        .order_by(ScopeRuleRow.verified_on.desc(), ScopeRuleRow.revision.desc())
        .limit(1)
    )


def _same(row: ScopeRuleRow, new: NewRule) -> bool:
    fresh = _row(new, row.revision)
    names = ("needs_prescriber_on_site", "needs_second_person", "citation", "verified_by")
    dates = ("verified_on", "expires_on")
    return all(getattr(row, name) == getattr(fresh, name) for name in (*names, *dates))


def _row(new: NewRule, revision: int) -> ScopeRuleRow:
    never = new.verified_on - timedelta(days=1)
    return ScopeRuleRow(
        state=new.state,
        credential=new.credential,
        way_of_giving=new.way_of_giving,
        needs_prescriber_on_site=new.permission is Permission.PRESCRIBER_ON_SITE,
        needs_second_person=new.permission is Permission.SECOND_PERSON,
        citation=new.citation,
        verified_by=new.verified_by,
        verified_on=new.verified_on,
        revision=revision,
        expires_on=never if new.permission is Permission.NOT_ALLOWED else new.expires_on,
    )


def _permission_of(row: ScopeRuleRow | None) -> str:
    return "not verified" if row is None else _permission(mapping.scope_rule(row)).value
