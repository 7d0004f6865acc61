"""The questions before a visit as forms send them back, whoever types: patient or dispatcher."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from flask import request
from werkzeug.datastructures import MultiDict

from scheduler.domain.errors import InvalidInput
from scheduler.domain.questionnaires import (
    GENERAL,
    Answers,
    Questionnaire,
    check_answers,
    load_questionnaire,
)
from scheduler.services.intake import Intake

QUESTION = "q_"
"""How the names of the questionnaire's fields begin."""

Typed = MultiDict[str, str]
_Found = TypeVar("_Found")


def questions() -> Questionnaire:
    """Return the questions that are asked before every visit."""
    return load_questionnaire(GENERAL)


def question_names() -> tuple[str, ...]:
    """Return the names of the questionnaire's fields."""
    return tuple(QUESTION + each.id for each in questions().questions())


def beside_questions() -> Typed:
    """Return what was typed into the other fields of the form."""
    return MultiDict(
        (name, value)
        for name, value in request.form.items(multi=True)
        if not name.startswith(QUESTION)
    )


def read_answers() -> Answers:
    """Return what was answered; raises InvalidInput naming every bad answer by its field."""
    typed = {each.id: request.form.getlist(QUESTION + each.id) for each in questions().questions()}
    try:
        return check_answers(questions(), typed)
    except InvalidInput as error:
        problems = {QUESTION + key: words for key, words in error.problems.items()}
        raise InvalidInput(problems) from error


def with_answers(read: Callable[[], _Found]) -> tuple[_Found, Answers]:
    """Return what `read` finds in the other fields, and the answers.

    Raises:
        InvalidInput: names the bad fields of both at once.
    """
    problems: dict[str, str] = {}
    found: list[_Found] = []
    answers = None
    try:
        found.append(read())
    except InvalidInput as error:
        problems |= error.problems
    try:
        answers = read_answers()
    except InvalidInput as error:
        problems |= error.problems
    if answers is None or not found:
        raise InvalidInput(problems)
    return found[0], answers


def intake_of(answers: Answers, weight_kg: Decimal, *, sms_consent: bool = False) -> Intake:
    """Return an intake of which the treatment was agreed to."""
    return Intake(
        condition=answers.words_of("reason"),
        weight_kg=weight_kg,
        flags=answers.flags,
        treatment_consent=True,
        sms_consent=sms_consent,
        answers=answers,
    )
