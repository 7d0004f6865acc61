"""Questions as data: the file that comes with the program, and the check of answers."""

from typing import Any

import pytest

from scheduler.domain.errors import InvalidInput
from scheduler.domain.questionnaires import (
    GENERAL,
    check_answers,
    load_questionnaire,
    read_questionnaire,
)
from scheduler.services.intake import SEED_GROUPS

SMALL: dict[str, Any] = {
    "id": "small",
    "version": 3,
    "title": "A few questions",
    "sections": [
        {
            "title": "One",
            "questions": [
                {
                    "id": "pregnant",
                    "words": "Pregnant?",
                    "kind": "yes_no",
                    "required": True,
                    "flag": "pregnant",
                },
                {"id": "note", "words": "A note?", "kind": "text", "required": False, "longest": 9},
                {
                    "id": "pain",
                    "words": "Pain?",
                    "kind": "number",
                    "required": False,
                    "minimum": 0,
                    "maximum": 10,
                },
                {
                    "id": "who",
                    "words": "Who?",
                    "kind": "choice",
                    "required": True,
                    "choices": {"me": "I myself", "you": "You"},
                },
            ],
        }
    ],
}


def asked(**changes: Any) -> dict[str, Any]:
    """Return the small questionnaire with its first question changed."""
    first, *others = SMALL["sections"][0]["questions"]
    part = {"title": "One", "questions": [first | changes, *others]}
    return SMALL | {"sections": [part]}


def test_the_general_questions_ask_after_everything_that_needs_a_prescriber() -> None:
    general = load_questionnaire(GENERAL)
    assert general.name == "general-1"
    flags = {question.flag for question in general.questions() if question.flag}
    assert flags >= set(SEED_GROUPS)


def test_answers_keep_wording_version_and_flags() -> None:
    found = check_answers(
        read_questionnaire(SMALL),
        {"pregnant": ["yes"], "note": [" a b "], "pain": ["4.0"], "who": ["me"]},
    )
    assert found.questionnaire == "small-3"
    assert found.flags == {"pregnant": True}
    rows = [(each.question, each.answer, each.flagged) for each in found.answers]
    assert rows == [
        ("Pregnant?", "Yes", True),
        ("A note?", "a b", False),
        ("Pain?", "4", False),
        ("Who?", "I myself", False),
    ]
    assert found.words_of("note") == "a b"
    assert found.words_of("no such") == ""


def test_what_may_be_left_out_is_empty_and_a_no_sets_the_flag_to_no() -> None:
    found = check_answers(read_questionnaire(SMALL), {"pregnant": ["no"], "who": ["you"]})
    assert found.flags == {"pregnant": False}
    assert [each.answer for each in found.answers] == ["No", "", "", "You"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pregnant": []}, "Please answer this."),
        ({"pregnant": ["  "]}, "Please answer this."),
        ({"pregnant": ["maybe"]}, "Choose one of the choices."),
        ({"pregnant": ["yes", "no"]}, "Please give one answer."),
        ({"note": ["0123456789"]}, "Use at most 9 characters."),
        ({"note": ["a\x00b"]}, "This text has signs that we cannot read. Please type it again."),
        ({"note": ["\ud800"]}, "This text has signs that we cannot read. Please type it again."),
        ({"pain": ["11"]}, "Enter a number from 0 to 10."),
        ({"pain": ["-1"]}, "Enter a number from 0 to 10."),
        ({"pain": ["NaN"]}, "Enter a number from 0 to 10."),
        ({"pain": ["1e9999999999"]}, "Enter a number from 0 to 10."),
        ({"pain": ["٣"]}, "Enter a number from 0 to 10."),
        ({"who": ["them"]}, "Choose one of the choices."),
    ],
)
def test_what_cannot_be_used_is_named(wrong: dict[str, list[str]], words: str) -> None:
    good = {"pregnant": ["no"], "who": ["me"]}
    with pytest.raises(InvalidInput) as refused:
        check_answers(read_questionnaire(SMALL), good | wrong)
    assert refused.value.problems == dict.fromkeys(wrong, words)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(read_questionnaire(SMALL), {"pain": ["much"]})
    assert set(refused.value.problems) == {"pregnant", "pain", "who"}


@pytest.mark.parametrize(
    "content",
    [
        {},
        SMALL | {"version": 0},
        SMALL | {"id": ""},
        SMALL | {"sections": []},
        SMALL | {"sections": [*SMALL["sections"], *SMALL["sections"]]},
        asked(kind="text"),
        asked(kind="no such kind"),
        asked(choices={"a": "A"}),
        asked(minimum=1, maximum=2),
        asked(words=" "),
        asked(id="not an id"),
        asked(mistyped=True),
        asked(longest=0),
    ],
)
def test_a_questionnaire_that_makes_no_sense_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_questionnaire(content)
