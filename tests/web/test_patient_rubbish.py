"""Rubbish in every field of every form of patients: refused by name, with all entries kept."""

from tests.web.patient_pages import (
    answers,
    asked,
    booked,
    choices_of,
    kept,
    once_of,
    ordered,
    plan_of,
    wish,
)
from tests.web.rubbish import (
    EVERYTHING,
    REPEATED,
    TEXT_IS_RIGHT,
    FoundForm,
    assert_rubbish_is_refused,
    forms_of,
)
from tests.web.site import Clinic
from tests.web.visitor import Visitor, patient_visitor

NOTHING = frozenset({"nothing"})
OPTIONAL_TEXT = TEXT_IS_RIGHT | NOTHING


def only_form(visitor: Visitor) -> FoundForm:
    """Return the one form of the page that was seen last."""
    assert visitor.page is not None
    (form,) = forms_of(visitor.page)
    return form


def test_what_and_when(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    pat.get("/my/requests/new")
    may_be_taken = {"clinician": NOTHING}
    refused = assert_rubbish_is_refused(pat, only_form(pat), wish(lone_clinic), may_be_taken)
    assert refused == 5 * len(EVERYTHING) - 1


def test_the_questions(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    pat.get("/my/requests/new")
    pat.post("/my/requests/new/intake", **wish(lone_clinic))
    form = only_form(pat)
    free = {"q_medicines": OPTIONAL_TEXT, "q_allergies": OPTIONAL_TEXT, "q_reason": TEXT_IS_RIGHT}
    may_be_taken = {**free, "q_how_bad": NOTHING, "clinician": NOTHING}
    good = wish(lone_clinic) | answers()
    assert assert_rubbish_is_refused(pat, form, good, may_be_taken) > 250


def test_the_page_that_sends(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    good = wish(lone_clinic) | answers()
    pat.get("/my/requests/new")
    pat.post("/my/requests/new/check", **good)
    form = only_form(pat)
    some = {name: form.fields[name] for name in ("once", "service_code", "weight", "q_pregnant")}
    rest = {name: each for name, each in form.fields.items() if name not in some}
    for each in rest.values():
        good.setdefault(each.name, each.value)
    shorter = FoundForm(form.action, some)
    assert assert_rubbish_is_refused(pat, shorter, good) == len(some) * len(EVERYTHING)


def test_another_address(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    pat.get("/my/addresses/new")
    good = {
        "label": "hotel",
        "street": "1 Made-Up Road",
        "unit": "7",
        "city": "Kansas City",
        "state": "KS",
        "zip_code": "66101",
    }
    some_text = TEXT_IS_RIGHT
    may_be_taken = {"label": some_text, "street": some_text, "city": some_text}
    assert_rubbish_is_refused(pat, only_form(pat), good, {**may_be_taken, "unit": OPTIONAL_TEXT})


def test_times_and_other_days(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    request = asked(pat, lone_clinic)
    pat.get(f"{request}/times")
    good = {"choice": choices_of(pat)[0], "once": once_of(pat)}
    assert assert_rubbish_is_refused(pat, only_form(pat), good) == 2 * len(EVERYTHING)
    pat.get(f"{request}/days")
    days = {"first_day": "2026-10-22", "last_day": "2026-10-23"}
    assert assert_rubbish_is_refused(pat, only_form(pat), days) == 2 * len(EVERYTHING)


def test_confirming(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    pat.get(kept(pat, asked(pat, lone_clinic)))
    assert assert_rubbish_is_refused(pat, only_form(pat), {}) == len(EVERYTHING)


def test_a_plan(lone_clinic: Clinic) -> None:
    quinn = patient_visitor(lone_clinic.site, lone_clinic.quinn)
    request = ordered(quinn, lone_clinic)
    quinn.get(f"{request}/plan")
    good: dict[str, str | list[str]] = {
        "visits": plan_of(quinn),
        "policy": "yes",
        "once": once_of(quinn),
    }
    assert assert_rubbish_is_refused(quinn, only_form(quinn), good) == 3 * len(EVERYTHING)


def test_moving_and_cancelling(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    visit = booked(pat, lone_clinic)
    pat.get(f"{visit}/move")
    good = {"choice": choices_of(pat)[0], "address_id": str(lone_clinic.home)}
    form = only_form(pat)
    choice = FoundForm(form.action, {"choice": form.fields["choice"]})
    assert assert_rubbish_is_refused(pat, choice, good) == len(EVERYTHING)
    address = FoundForm(form.action, {"address_id": form.fields["address_id"]})
    unknown = {"address_id": frozenset({"an unknown id"})}  # looks like somebody else's: 404
    assert assert_rubbish_is_refused(pat, address, good, unknown) == len(EVERYTHING) - 1
    pat.get(f"{visit}/cancel")
    long_or_broken = {"reason": EVERYTHING - {"ten thousand letters", "control signs", REPEATED}}
    form = only_form(pat)
    for refused in ("ten thousand letters", "control signs", REPEATED):
        assert refused not in long_or_broken["reason"]
    assert assert_rubbish_is_refused(pat, form, {}, long_or_broken) == 3
