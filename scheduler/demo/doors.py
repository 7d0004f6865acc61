"""How the people of the demonstration sign in: e-mail and password, phone and code, or a token."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from scheduler.demo.story import Story
from scheduler.services.sign_in import issue_token
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.people import AccountRow, Role

DEMO_PASSWORD = "oak leaves in november"  # noqa: S105  # printed at start, for fictitious data
TOKENS_GOOD_FOR = timedelta(days=365)
_DOMAIN = "oakhome.example"


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """One person of the demonstration: how to sign in to the pages, and a token for the API."""

    role: Role
    name: str
    sign_in: str
    token: str


@dataclass(frozen=True, slots=True)
class DemoSignIns:
    """One person of each role; the tokens can be read here and nowhere else."""

    entries: tuple[DemoSignIn, ...]


def open_doors(story: Story, password_hash: str) -> DemoSignIns:
    """Give every account its way in; return one person of each role."""
    with transaction(story.session) as session:
        chosen = {actor.account_id: role for role, actor in story.actors.items()}
        for account in session.scalars(select(AccountRow).where(AccountRow.role != Role.PATIENT)):
            local = chosen[account.id].value if account.id in chosen else _slug(account)
            account.set_email(f"{local}@{_DOMAIN}")
            account.password = password_hash
    return DemoSignIns(tuple(_entry(story, role) for role in sorted(story.actors)))


def _slug(account: AccountRow) -> str:
    return re.sub(r"[^a-z]+", ".", account.display_name.lower()).strip(".")


def _entry(story: Story, role: Role) -> DemoSignIn:
    actor = story.actors[role]
    token = issue_token(story.session, story.clock, actor.account_id, TOKENS_GOOD_FOR)
    account = story.session.get_one(AccountRow, actor.account_id)
    if role is not Role.PATIENT or actor.person_id is None:
        return DemoSignIn(role, account.display_name, account.email, token)
    patient = queries.patient_of(story.session, actor.person_id)
    how = f"phone {patient.phone}, born {patient.birth_date}"
    return DemoSignIn(role, patient.name, how, token)
