"""The answers of an intake as people read them: question words, answer, and what stands out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduler.services.intake import SEED_GROUPS
from scheduler.store.treatment import Clearance, IntakeRow


@dataclass(frozen=True, slots=True)
class Answer:
    """A question as it was worded, and the answer; `flagged` where a prescriber must look."""

    question: str
    answer: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class IntakeView:
    """One intake: its answers, the version of its questions (empty before there were any), and
    what a prescriber said of it.
    """

    intake_id: UUID
    version: str
    answers: tuple[Answer, ...]
    reasons: tuple[str, ...]
    clearance: Clearance
    decided_at: datetime | None
    reason: str
    created_at: datetime


def view_intake(row: IntakeRow) -> IntakeView:
    """Return an intake for reading, whatever the shape of the document it was kept in."""
    document: dict[str, object] = json.loads(row.answers)
    return IntakeView(
        intake_id=row.id,
        version=str(document.get("questionnaire") or "").rpartition("-")[2],
        answers=tuple(_answers(document)),
        reasons=tuple(_words(document.get("supervision"))),
        clearance=row.clearance,
        decided_at=row.decided_at,
        reason=row.reason,
        created_at=row.created_at,
    )


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _answers(document: Mapping[str, object]) -> list[Answer]:
    """Return the answers of a document; an older one holds a condition and flags alone."""
    listed = document.get("answers")
    if isinstance(listed, list):
        return [_listed(each) for each in listed if isinstance(each, dict)]
    answers = []
    if document.get("condition"):
        answers.append(Answer("What the visit is for", str(document["condition"])))
    flags = document.get("flags")
    if isinstance(flags, dict):
        answers += [_flag(str(name), yes=bool(value)) for name, value in flags.items()]
    return answers


def _listed(each: Mapping[str, object]) -> Answer:
    answer = str(each.get("answer", ""))
    return Answer(str(each.get("question", "")), answer, bool(each.get("flagged")))


def _flag(name: str, *, yes: bool) -> Answer:
    words = SEED_GROUPS.get(name, name.replace("_", " "))
    return Answer(f"{words[:1].upper()}{words[1:]}", "Yes" if yes else "No", flagged=yes)
