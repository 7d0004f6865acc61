"""The demonstration's sixty patients: who they are and what becomes of each of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from scheduler.adapters.geocoding import ZipGeocoder
from scheduler.demo.clinicians import ZIPS_BY_STATE
from scheduler.domain.geography import PostalAddress
from scheduler.services.intake import Intake, NewPatient


class Part(StrEnum):
    """What a patient shows in the demonstration."""

    RUNNING_SERIES = "series under way"
    NEW_SERIES = "series just planned"
    PAST_HYDRATION = "hydration given"
    HYDRATION_AHEAD = "hydration booked"
    PAST_PRIMARY_CARE = "primary care done"
    PRIMARY_CARE_AHEAD = "primary care booked"
    OPEN = "may choose a time"
    AWAITING_REVIEW = "waits for a review"
    AWAITING_ORDER = "waits for an order"
    UNASSIGNABLE = "nobody can come"


CAST = {
    Part.RUNNING_SERIES: 10,
    Part.NEW_SERIES: 10,
    Part.PAST_HYDRATION: 8,
    Part.HYDRATION_AHEAD: 6,
    Part.PAST_PRIMARY_CARE: 6,
    Part.PRIMARY_CARE_AHEAD: 6,
    Part.OPEN: 4,
    Part.AWAITING_REVIEW: 3,
    Part.AWAITING_ORDER: 4,
    Part.UNASSIGNABLE: 3,
}

_HYDRATION = {Part.PAST_HYDRATION, Part.HYDRATION_AHEAD}
_DOSED = {Part.RUNNING_SERIES, Part.NEW_SERIES, Part.AWAITING_REVIEW, Part.AWAITING_ORDER}
_FAR_ZIPS = ("90012", "67735", "81301")
"""Los Angeles (no scope rule), Goodland (nobody licensed) and Durango (nobody near)."""

_MINORS = 2
_WITHOUT_TEXTS = frozenset({15, 31})
_AREA_CODES = {"KS": "913", "MO": "816", "CO": "303", "TN": "615", "CA": "213"}
_STREETS = ("Fiction Street", "Invented Avenue", "Nowhere Lane", "Made-Up Road", "Pretend Court")
_SURNAMES = ("Sample", "Placeholder", "Fictional", "Testcase", "Specimen", "Pretend")
_GIVEN = (
    *("Abel", "Anya", "Bart", "Beth", "Carl", "Cleo", "Dale", "Dora", "Earl", "Edie"),
    *("Finn", "Flo", "Gabe", "Gwen", "Hank", "Hope", "Ike", "Iris", "Jack", "June"),
    *("Kane", "Kay", "Leo", "Liv", "Mark", "Maya", "Neil", "Nora", "Otto", "Opal"),
    *("Pete", "Pam", "Ray", "Rose", "Saul", "Sue", "Ted", "Tess", "Uri", "Uma"),
    *("Van", "Vera", "Walt", "Wren", "Yves", "Yara", "Zack", "Zara", "Amos", "Cora"),
    *("Dean", "Elsa", "Fred", "Greta", "Hugo", "Inez", "Joel", "Kira", "Lars", "Mona"),
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient, their part, and what they ask for."""

    number: int
    part: Part
    patient: NewPatient
    service_code: str
    intake: Intake


def plan_patients(rng: random.Random, today: date) -> Iterator[PatientPlan]:
    """Yield every patient, always the same for the same seed and day."""
    parts = [part for part, count in CAST.items() for _ in range(count)]
    seen: dict[Part, int] = {}
    for number, part in enumerate(parts):
        nth = seen[part] = seen.get(part, 0) + 1
        minor = part is Part.AWAITING_REVIEW and nth <= _MINORS
        zip_code = _zip_code(rng, number, part, nth)
        born = today - timedelta(days=_days_old(rng, minor=minor))
        flagged = part is Part.AWAITING_REVIEW and not minor
        yield PatientPlan(
            number=number,
            part=part,
            patient=_patient(rng, number, zip_code, born),
            service_code=_service(part),
            intake=Intake(
                condition="fictitious, for the demonstration",
                weight_kg=Decimal(rng.randrange(540, 1060)) / 10,
                flags={"addiction_history": True} if flagged else {},
                treatment_consent=True,
            ),
        )


def _service(part: Part) -> str:
    if part in _HYDRATION:
        return "iv_hydration"
    return "iv_ketamine" if part in _DOSED else "primary_care_visit"


def _zip_code(rng: random.Random, number: int, part: Part, nth: int) -> str:
    if part is Part.UNASSIGNABLE:
        return _FAR_ZIPS[nth - 1]
    states = sorted(ZIPS_BY_STATE)
    return rng.choice(ZIPS_BY_STATE[states[number % len(states)]])


def _days_old(rng: random.Random, *, minor: bool) -> int:
    years = 16 if minor else rng.randrange(21, 78)
    return years * 365 + rng.randrange(30, 300)


def _patient(rng: random.Random, number: int, zip_code: str, born: date) -> NewPatient:
    area = ZipGeocoder().find_zip(zip_code)
    street = f"{rng.randrange(10, 990)} {rng.choice(_STREETS)}"
    phone = None
    if number not in _WITHOUT_TEXTS:
        phone = f"+1{_AREA_CODES[area.state]}555{100 + number:04d}"
    return NewPatient(
        name=f"{_GIVEN[number]} {_SURNAMES[number % len(_SURNAMES)]}",
        birth_date=born,
        phone=phone,
        address=PostalAddress(street, area.place, area.state, zip_code),
        access="Fictitious: side door, ring twice.",
        sms_consent=phone is not None,
    )
