"""How tests walk through the patients' pages: filled-in forms, one step after the other."""

import re
from html import unescape
from uuid import UUID

from scheduler.domain.questionnaires import GENERAL, load_questionnaire
from tests.web.rubbish import forms_of
from tests.web.site import DOSED, Clinic
from tests.web.visitor import Visitor

_ONCE = re.compile(r'name="once" value="([^"]+)"')
_CHOICE = re.compile(r'name="choice"[^>]*value="([^"]+)"')


def wish(clinic: Clinic, service: str = "checkup", **changes: str) -> dict[str, str]:
    """Return a filled-in first page."""
    return {
        "address_id": str(clinic.flat if service == DOSED else clinic.home),
        "service_code": service,
        "first_day": "2026-10-21",
        "last_day": "2026-10-30",
        "clinician": "any",
    } | changes


def answers(**changes: str) -> dict[str, str]:
    """Return filled-in questions that need no supervision."""
    questions = load_questionnaire(GENERAL).questions()
    given = {f"q_{each.id}": "no" for each in questions if each.options}
    rest = {
        "q_reason": "a cold",
        "q_how_bad": "3",
        "q_medicines": "none to speak of",
        "q_allergies": "nuts",
        "weight": "160",
        "weight_unit": "lb",
        "treatment_consent": "yes",
    }
    return given | rest | changes


def once_of(visitor: Visitor) -> str:
    """Return the token of the page that was seen last."""
    assert visitor.page is not None
    found = _ONCE.search(visitor.page.get_data(as_text=True))
    assert found is not None, visitor.text()
    return found[1]


def choices_of(visitor: Visitor) -> list[str]:
    """Return the times on the page that was seen last."""
    assert visitor.page is not None
    return [unescape(each) for each in _CHOICE.findall(visitor.page.get_data(as_text=True))]


def plan_of(visitor: Visitor) -> list[str]:
    """Return the times of the plan on the page that was seen last."""
    assert visitor.page is not None
    fields = forms_of(visitor.page)[0].fields
    return fields["visits"].options


def asked(visitor: Visitor, clinic: Clinic, service: str = "checkup", **changes: str) -> str:
    """Go through all pages of asking; return the address of the request's page."""
    visitor.get("/my/requests/new")
    first = wish(clinic, service)
    assert visitor.post("/my/requests/new/intake", **first).status_code == 200, visitor.text()
    every = first | answers(**changes)
    assert visitor.post("/my/requests/new/check", **every).status_code == 200, visitor.text()
    answer = visitor.post("/my/requests/new/send", **every, once=once_of(visitor))
    visitor.follow(answer)
    return str(answer.headers["Location"])


def id_in(path: str) -> UUID:
    """Return the id in the address of a page."""
    return UUID(path.rstrip("/").split("/")[3])


def kept(visitor: Visitor, request: str) -> str:
    """Keep the first time of a request; return the address of the page that confirms it."""
    visitor.get(f"{request}/times")
    data = {"choice": choices_of(visitor)[0], "once": once_of(visitor)}
    answer = visitor.post(f"{request}/times", **data)
    visitor.follow(answer)
    return str(answer.headers["Location"])


def booked(visitor: Visitor, clinic: Clinic) -> str:
    """Ask, choose and confirm; return the address of the visit's page."""
    confirm = kept(visitor, asked(visitor, clinic))
    answer = visitor.post(confirm, policy="yes")
    visitor.follow(answer)
    return str(answer.headers["Location"])


def ordered(visitor: Visitor, clinic: Clinic, **changes: object) -> str:
    """Ask for a series and let the prescriber sign; return the address of the request's page."""
    request = asked(visitor, clinic, DOSED)
    order = clinic.order(**changes)
    answer = clinic.as_prescriber.post(f"/requests/{id_in(request)}/order", order)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return request


def planned(visitor: Visitor, request: str) -> None:
    """Take the proposed plan of an ordered series."""
    visitor.get(f"{request}/plan")
    data = {"visits": plan_of(visitor), "policy": "yes", "once": once_of(visitor)}
    visitor.follow(visitor.post(f"{request}/plan", **data))
