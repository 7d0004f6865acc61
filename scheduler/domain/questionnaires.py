"""Questionnaires: versioned questions as data, and the check of what was answered to them."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from scheduler.domain.errors import InvalidInput

GENERAL = "general-1"
"""The questions that are asked before every visit; a new version is a new file."""

YES, NO = "yes", "no"
_YES_OR_NO = ((YES, "Yes"), (NO, "No"))
_LONGEST = 500
_LINE_MARKS = "\n\r\t"
_MOST_DIGITS = 12


class QuestionKind(StrEnum):
    """What an answer to a question looks like."""

    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, in the words that a patient reads.

    `flag` is the safety flag that a yes sets. `choices` are values with their words. `minimum` and
    `maximum` bound a number, both included; `longest` bounds a text, in characters.
    """

    id: str
    words: str
    kind: QuestionKind
    required: bool
    hint: str = ""
    flag: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    longest: int = _LONGEST

    def __post_init__(self) -> None:
        if not self.id.isidentifier() or not self.words.strip():
            raise ValueError(f"question {self.id!r} needs an id and words")
        if (self.kind is QuestionKind.CHOICE) != bool(self.choices):
            raise ValueError(f"question {self.id}: a choice has choices, nothing else has")
        if self.flag and self.kind is not QuestionKind.YES_NO:
            raise ValueError(f"question {self.id}: only a yes can set a flag")
        if (self.kind is QuestionKind.NUMBER) != (None not in (self.minimum, self.maximum)):
            raise ValueError(f"question {self.id}: a number has bounds, nothing else has")
        if self.longest < 1:
            raise ValueError(f"question {self.id}: longest is below 1")

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """The values that can be chosen, with their words; none for a number or a text."""
        return _YES_OR_NO if self.kind is QuestionKind.YES_NO else self.choices


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one heading."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """One version of a set of questions."""

    id: str
    version: int
    title: str
    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        ids = [question.id for question in self.questions()]
        if not self.id or self.version < 1 or not ids:
            raise ValueError("a questionnaire needs an id, a version from 1 and questions")
        if len(set(ids)) != len(ids):
            raise ValueError(f"questionnaire {self.id}: two questions have the same id")

    @property
    def name(self) -> str:
        """Id and version together, such as general-1."""
        return f"{self.id}-{self.version}"

    def questions(self) -> Iterator[Question]:
        """Yield every question in order."""
        for section in self.sections:
            yield from section.questions


@dataclass(frozen=True, slots=True)
class Answer:
    """A question as it was worded, and its answer in words; `flagged` where a yes set a flag."""

    id: str
    question: str
    answer: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to one version of a questionnaire; every flag with its yes or no."""

    questionnaire: str
    answers: tuple[Answer, ...]
    flags: Mapping[str, bool]

    def words_of(self, question_id: str) -> str:
        """Return an answer in words, empty where the question was left out."""
        found = (each.answer for each in self.answers if each.id == question_id)
        return next(found, "")


@cache
def load_questionnaire(name: str) -> Questionnaire:
    """Return a questionnaire that comes with the program; raises ValueError for a faulty file."""
    file = resources.files("scheduler").joinpath("data", "intake", f"{name}.json")
    found = read_questionnaire(json.loads(file.read_text(encoding="utf-8")))
    if found.name != name:
        raise ValueError(f"questionnaire {name}: the file holds {found.name}")
    return found


def read_questionnaire(content: Mapping[str, Any]) -> Questionnaire:
    """Return the questionnaire of a JSON document; raises ValueError for what makes no sense."""
    try:
        sections = tuple(
            Section(str(part["title"]), tuple(_question(each) for each in part["questions"]))
            for part in content["sections"]
        )
        return Questionnaire(
            str(content["id"]), int(content["version"]), str(content["title"]), sections
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a questionnaire: {error}") from error


def _question(content: Mapping[str, Any]) -> Question:
    known = set(Question.__dataclass_fields__)
    if not known >= set(content):
        raise ValueError(f"a question has unknown parts: {sorted(set(content) - known)}")
    bounds = {
        name: Decimal(str(content[name])) for name in ("minimum", "maximum") if name in content
    }
    choices = tuple((str(value), str(words)) for value, words in content.get("choices", {}).items())
    given = dict(content) | bounds | {"choices": choices, "kind": QuestionKind(content["kind"])}
    return Question(**given)


def check_answers(asked: Questionnaire, typed: Mapping[str, Sequence[str]]) -> Answers:
    """Return checked answers; `typed` holds what was sent under each question's id.

    Raises:
        InvalidInput: names the id of every question whose answer cannot be used.
    """
    answers: list[Answer] = []
    flags: dict[str, bool] = {}
    problems: dict[str, str] = {}
    for question in asked.questions():
        given = [text.strip() for text in typed.get(question.id, ()) if text.strip()]
        try:
            value = _check(question, given)
        except ValueError as error:
            problems[question.id] = str(error)
            continue
        if question.flag:
            flags[question.flag] = value == YES
        words = dict(question.options).get(value, value)
        flagged = bool(question.flag) and value == YES
        answers.append(Answer(question.id, question.words, words, flagged))
    if problems:
        raise InvalidInput(problems)
    return Answers(asked.name, tuple(answers), flags)


def _check(question: Question, given: Sequence[str]) -> str:
    """Return the one answer, empty where none is needed; raises ValueError in plain words."""
    if not given:
        if question.required:
            raise ValueError("Please answer this.")
        return ""
    if len(given) > 1:
        raise ValueError("Please give one answer.")
    if question.options:
        if given[0] not in dict(question.options):
            raise ValueError("Choose one of the choices.")
        return given[0]
    if question.kind is QuestionKind.NUMBER:
        return _check_number(question, given[0])
    return _check_text(question, given[0])


def _check_number(question: Question, text: str) -> str:
    low, high = question.minimum or Decimal(0), question.maximum or Decimal(0)
    try:
        number = Decimal(text) if text.isascii() and len(text) <= _MOST_DIGITS else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not low <= number <= high:
        raise ValueError(f"Enter a number from {low} to {high}.")
    return f"{number.normalize():f}"


def _check_text(question: Question, text: str) -> str:
    if len(text) > question.longest:
        raise ValueError(f"Use at most {question.longest} characters.")
    if any(unicodedata.category(mark) in {"Cc", "Cs"} for mark in text if mark not in _LINE_MARKS):
        raise ValueError("This text has signs that we cannot read. Please type it again.")
    return text
