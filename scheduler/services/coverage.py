"""Does the practice come here? The first question of the first page."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from scheduler.domain.care import ScopeAnswer, scope_answer
from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import Place, Precision, UnknownZip, ZipArea, parse_zip
from scheduler.domain.licensure import Credential
from scheduler.domain.timing import local_day
from scheduler.matching.eligibility import exclusion
from scheduler.matching.model import Rulebook, Wanted
from scheduler.services.desk import SYSTEM_ID, Desk
from scheduler.store import mapping, queries
from scheduler.store.rules import CareServiceRow

REACH_KM = 160.0
"""Clinicians who start farther away than this are not looked at (about two hours of driving)."""


@dataclass(frozen=True, slots=True)
class ServiceCoverage:
    """One service at a place: `served`, or the reason why not."""

    code: str
    name: str
    needs_order: bool
    served: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer for a ZIP code; `ask_address` where the ZIP crosses a state line."""

    area: ZipArea
    ask_address: bool
    services: tuple[ServiceCoverage, ...]

    @property
    def served(self) -> bool:
        """Say whether any service is given there."""
        return any(service.served for service in self.services)


def check_coverage(desk: Desk, zip_text: str) -> Coverage:
    """Say what the practice does in a ZIP area, by today's licences and scope rules.

    Raises:
        InvalidInput: the text is no ZIP code, or none that exists.
    """
    try:
        area = desk.ports.geocoder.find_zip(parse_zip(zip_text))
    except (ValueError, UnknownZip) as error:
        raise InvalidInput({"zip_code": str(error)}) from error
    return Coverage(area, area.crosses_state_line, _services(desk, area))


def services_at(desk: Desk, zip_code: str, state: str) -> tuple[ServiceCoverage, ...]:
    """Return every service at an address that is known, by today's licences and scope rules."""
    area = desk.ports.geocoder.find_zip(zip_code)
    return _services(desk, replace(area, state=state, states=frozenset({state})))


def _services(desk: Desk, area: ZipArea) -> tuple[ServiceCoverage, ...]:
    today = local_day(desk.now(), area.timezone)
    rows = desk.session.scalars(
        select(CareServiceRow).where(CareServiceRow.active).order_by(CareServiceRow.name)
    ).all()
    return tuple(_cover(desk, area, row, today) for row in rows)


def _cover(desk: Desk, area: ZipArea, row: CareServiceRow, today: date) -> ServiceCoverage:
    answers = [_reason(desk, area, state, row, today) for state in sorted(area.states)]
    reason = min(answers, key=len)
    return ServiceCoverage(row.code, row.name, row.needs_order, not reason, reason)


def _reason(desk: Desk, area: ZipArea, state: str, row: CareServiceRow, today: date) -> str:
    """Return why the service is not given in the state, or nothing."""
    service = mapping.care_service(row)
    place = Place(area.point, state, area.zip_code, area.timezone, Precision.ZIP)
    rules = queries.read_rulebook(desk.session, state)
    if not _verified(rules, place, row, today):
        return "This service is not yet verified for the state."
    wanted = Wanted(SYSTEM_ID, service, place, ())
    for clinician in queries.clinicians_near(desk.session, area.point, REACH_KM):
        if exclusion(mapping.candidate(clinician), wanted, (today, today), rules) is None:
            return ""
    return "No licensed clinician is near enough at present."


def _verified(rules: Rulebook, place: Place, row: CareServiceRow, today: date) -> bool:
    return any(
        scope_answer(rules.scope_rules, place.state, row.way_of_giving, each, (today, today))
        is not ScopeAnswer.STATE_NOT_VERIFIED
        for each in Credential
    )
