"""No text tells a stranger why somebody is visited, and each fits one SMS."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.domain.messages import Template
from scheduler.domain.timing import TimeWindow
from scheduler.services.texts import FOLDER, say_day, say_window, write_text

TEMPLATES = sorted(FOLDER.rglob("*.txt"))
LONGEST = {
    "practice": "Cottonwood Valley Visits",
    "phone": "(816) 555-0142",
    "day": "Wed Sep 30",
    "window": "11:30 AM-12:30 PM AKDT",
    "ref": "K3F9QX",
    "count": "12",
}
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
CLINICAL = re.compile(
    r"""\b(
    drug\w* | medic\w* | dos(e|es|ed|ing|age) | mg | ml | iv | infus\w* | inject\w* | ketamine
    | treatment\w* | therap\w* | prescri\w* | pharmac\w* | clinic\w* | nurs\w* | doctor\w* | dr
    | physician\w* | patient\w* | hospital\w* | health\w* | psych\w* | mental\w* | depress\w*
    | anxi\w* | addict\w* | opioid\w* | dement\w* | alzheimer\w* | pregnan\w* | cancer\w* | onco\w*
    | hiv | diabet\w* | pain\w* | symptom\w* | diagnos\w* | condition\w* | disease\w* | illness\w*
    | care | weight | blood | lab | test\w* | vaccin\w* | antibod\w* | street | avenue | address
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
OPT_OUT_AND_OPT_IN = re.compile(r"\b(cancel|yes|end|quit|unsubscribe|start|help)\b", re.IGNORECASE)


def filled(path: Path) -> str:
    return write_text(Template(path.stem), LONGEST, path.parent.name)


def test_every_template_has_its_file_and_every_file_its_template() -> None:
    for language in {path.parent for path in TEMPLATES}:
        assert {path.stem for path in language.glob("*")} == {each.value for each in Template}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_words_are_neutral(path: Path) -> None:
    assert CLINICAL.findall(filled(path)) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_one_sms_holds_it(path: Path) -> None:
    text = filled(path)
    assert set(text) <= GSM_7
    assert len(text) <= 160, text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_answer_is_asked_for_that_the_provider_takes_for_itself(path: Path) -> None:
    asked = path.read_text().replace("to end texts", "")
    assert OPT_OUT_AND_OPT_IN.findall(asked) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_text_names_the_practice_and_its_reference(path: Path) -> None:
    assert filled(path).startswith(f"{LONGEST['practice']}: ")
    assert filled(path).endswith("Ref K3F9QX")


@pytest.mark.parametrize("name", ["confirmation", "series_planned", "choose_time"])
def test_first_texts_say_how_to_stop(name: str) -> None:
    assert "STOP to end texts" in write_text(Template(name), LONGEST)


def test_a_missing_word_is_refused() -> None:
    with pytest.raises(KeyError):
        write_text(Template.MOVED, {"practice": "Oak Home Visits"})


@pytest.mark.parametrize(
    ("first", "last", "zone", "said"),
    [
        ((15, 0), (16, 0), "America/Chicago", "10:00-11:00 AM CDT"),
        ((16, 30), (17, 30), "America/Chicago", "11:30 AM-12:30 PM CDT"),
        ((17, 0), (18, 0), "America/Phoenix", "10:00-11:00 AM MST"),
        ((17, 0), (18, 0), "America/Denver", "11:00 AM-12:00 PM MDT"),
        ((15, 0), (15, 0), "America/New_York", "11:00 AM EDT"),
    ],
)
def test_times_are_those_of_the_place(
    first: tuple[int, int], last: tuple[int, int], zone: str, said: str
) -> None:
    window = TimeWindow(*(datetime(2026, 10, 27, *each, tzinfo=UTC) for each in (first, last)))
    assert say_window(window, zone) == said


def test_the_day_is_that_of_the_place() -> None:
    late = datetime(2026, 10, 28, 3, 30, tzinfo=UTC)
    assert say_day(late, "America/New_York") == "Tue Oct 27"
    assert say_day(late, "Asia/Tokyo") == "Wed Oct 28"
