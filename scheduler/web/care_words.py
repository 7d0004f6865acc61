"""Plain words of care: ways of giving, protocols, doses and weights."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext as _

from scheduler.domain.care import WayOfGiving
from scheduler.domain.dosing import POUNDS_PER_KG, format_mg, format_number
from scheduler.domain.protocols import Escalation, GapRule, GapUnit, Level, ProtocolStatus
from scheduler.services.door import DoorOutcome
from scheduler.store.treatment import Clearance
from scheduler.web.presenters import clock_words, zone_words

_TENTH = Decimal("0.1")


def register(app: Flask) -> None:
    """Give the templates their words."""
    app.add_template_filter(format_mg, "mg")
    app.add_template_filter(format_number, "number")
    for function in (
        care_words,
        dose_words,
        gap_words,
        kg_words,
        tolerance_words,
        year_words,
        zone_words,
    ):
        app.add_template_global(function)


def care_words(value: StrEnum) -> str:
    """Return plain words for a way of giving, a protocol's status or rise, or a clearance."""
    return _words()[type(value)][value]


def dose_words(level: Level) -> str:
    """Return a level's dose, such as 0.5 mg/kg over 40 minutes."""
    if level.mg_per_kg is not None:
        amount = f"{format_number(level.mg_per_kg)} mg/kg"
    elif level.fixed_mg is not None:
        amount = format_mg(level.fixed_mg)
    else:
        return str(_("not stated"))
    if not level.minutes:
        return amount
    return str(_("%(amount)s over %(minutes)s minutes", amount=amount, minutes=level.minutes))


def gap_words(gap: GapRule | None) -> str:
    """Return the time between two doses, such as 72 to 120 hours from end to start."""
    if gap is None:
        return str(_("not stated"))
    if gap.unit is GapUnit.LOCAL_DAYS:
        words = _("%(least)s to %(most)s days between visits", least=gap.minimum, most=gap.maximum)
    else:
        words = _(
            "%(least)s to %(most)s hours from the end of one dose to the start of the next",
            least=gap.minimum,
            most=gap.maximum,
        )
    return str(words)


def kg_words(kg: Decimal) -> str:
    """Return a weight in both units, such as 72.4 kg (159.6 lb)."""
    pounds = (kg * POUNDS_PER_KG).quantize(_TENTH)
    return f"{format_number(kg)} kg ({format_number(pounds)} lb)"


def year_words(instant: datetime, zone: str) -> str:
    """Return day with year, time and zone, such as Nov 8, 2026, 2:00 PM CST."""
    local = instant.astimezone(ZoneInfo(zone))
    time_of_day = f"{clock_words(instant, zone)} {zone_words(instant, zone)}"
    return f"{local:%b} {local.day}, {local.year}, {time_of_day}"


def tolerance_words(code: str) -> str:
    """Return how a dose was borne; what was typed freely is returned as it is."""
    return tolerances().get(code, code)


def tolerances() -> dict[str, str]:
    """Return the ways in which a dose can be borne, by code."""
    return {
        "good": _("well"),
        "fair": _("with some side effects"),
        "poor": _("badly"),
    }


def _words() -> dict[type[StrEnum], dict[StrEnum, str]]:
    return {
        WayOfGiving: {
            WayOfGiving.IV_INFUSION: _("into a vein (IV infusion)"),
            WayOfGiving.IM: _("into a muscle (IM)"),
            WayOfGiving.SUBCUTANEOUS: _("under the skin (subcut)"),
            WayOfGiving.LOZENGE_SL: _("lozenge under the tongue"),
            WayOfGiving.TABLET_ORAL: _("tablet by mouth"),
            WayOfGiving.NONE: _("no medicine is given"),
        },
        ProtocolStatus: {
            ProtocolStatus.EXAMPLE: _("example only, never ordered"),
            ProtocolStatus.DRAFT: _("draft, not approved"),
            ProtocolStatus.APPROVED: _("approved"),
            ProtocolStatus.RETIRED: _("retired"),
        },
        Escalation: {
            Escalation.FIXED: _("the dose stays the same"),
            Escalation.SCHEDULED_ASCENDING: _("the dose rises by plan"),
            Escalation.RESPONSE_GUIDED: _("the dose rises only by response"),
            Escalation.PRESCRIBER_CHOICE: _("the prescriber chooses each dose"),
        },
        Clearance: {
            Clearance.NOT_NEEDED: _("no review needed"),
            Clearance.WAITING: _("waiting for a review"),
            Clearance.CLEARED: _("cleared"),
            Clearance.DECLINED: _("declined"),
        },
        DoorOutcome: door_outcomes(),
    }


def door_outcomes() -> dict[StrEnum, str]:
    """Return how a visit can end at the door."""
    return {
        DoorOutcome.NO_ANSWER: _("Nobody answers the door"),
        DoorOutcome.WRONG_ADDRESS: _("The address is wrong"),
        DoorOutcome.REFUSED: _("The visit is refused"),
        DoorOutcome.UNSAFE: _("It is not safe here"),
        DoorOutcome.CLINICIAN_UNABLE: _("I cannot make this visit"),
    }
