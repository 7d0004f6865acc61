"""A patient asks for a visit: where, what, on which days, with which answers."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from scheduler.domain.dosing import POUNDS_PER_KG, format_number, looks_like_pounds
from scheduler.domain.errors import IllegalTransition, InvalidInput, NotFound
from scheduler.domain.timing import at_local, local_day
from scheduler.services.coverage import ServiceCoverage, services_at
from scheduler.services.desk import Desk
from scheduler.services.intake import MAX_WISH, Intake, NewRequest, request_visit
from scheduler.services.patient_cards import AddressCard, ClinicianCard, address_card, own_id
from scheduler.services.patient_times import addresses_of, last_clinician
from scheduler.store import queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.people import ConsentKind
from scheduler.store.visits import RequestState, VisitRequestRow

USUAL_DAYS = 14
"""How many days a wish spans unless the patient says otherwise."""

_HUNDREDTH = Decimal("0.01")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AskingChoices:
    """What can be asked for at an address; days lie between `today` and `last`."""

    addresses: tuple[AddressCard, ...]
    address: AddressCard
    services: tuple[ServiceCoverage, ...]
    same: ClinicianCard | None
    today: date
    last: date

    @property
    def usual_last(self) -> date:
        """The last day that is proposed."""
        return self.today + timedelta(days=USUAL_DAYS)

    @property
    def served(self) -> tuple[ServiceCoverage, ...]:
        """The services that are given there."""
        return tuple(each for each in self.services if each.served)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a patient asks for; both days count, local to the address."""

    address_id: UUID
    service_code: str
    first_day: date
    last_day: date
    same_clinician: bool


@dataclass(frozen=True, slots=True)
class CheckedWish:
    """A wish that can be sent, in words for its patient."""

    wish: Wish
    address: AddressCard
    service: ServiceCoverage
    same: ClinicianCard | None
    texts_agreed: bool


def asking_choices(desk: Desk, address_id: UUID | None) -> AskingChoices:
    """Return what the patient can ask for at one of their addresses, the first unless named."""
    patient_id = own_id(desk)
    desk.record_look("view addresses", "patient", patient_id, patient_id)
    homes = addresses_of(desk, patient_id)
    chosen = _pick(homes, address_id or homes[0].id)
    today = local_day(desk.now(), chosen.timezone)
    return AskingChoices(
        addresses=homes,
        address=chosen,
        services=services_at(desk, chosen.zip_code, chosen.state),
        same=last_clinician(desk, patient_id),
        today=today,
        last=today + MAX_WISH - timedelta(days=1),
    )


def _pick(homes: tuple[AddressCard, ...], address_id: UUID) -> AddressCard:
    for each in homes:
        if each.id == address_id:
            return each
    raise NotFound("There is no such address.")


def check_wish(desk: Desk, wish: Wish) -> CheckedWish:
    """Return a wish that can be sent.

    Raises:
        InvalidInput: names each part that cannot be: address, service, days.
    """
    patient_id = own_id(desk)
    address = next((a for a in addresses_of(desk, patient_id) if a.id == wish.address_id), None)
    if address is None:
        raise InvalidInput({"address_id": "Choose one of your addresses."})
    services = services_at(desk, address.zip_code, address.state)
    service = next((s for s in services if s.served and s.code == wish.service_code), None)
    problems = _day_problems(wish, local_day(desk.now(), address.timezone))
    if service is None:
        problems["service_code"] = "Choose one of the treatments that we give there."
    if service is None or problems:
        raise InvalidInput(problems)
    same = last_clinician(desk, patient_id) if wish.same_clinician else None
    agreed = queries.has_consent(desk.session, patient_id, ConsentKind.SMS)
    return CheckedWish(wish, address, service, same, agreed)


def _day_problems(wish: Wish, today: date) -> dict[str, str]:
    problems = {}
    latest = today + MAX_WISH - timedelta(days=1)
    if not today <= wish.first_day <= latest:
        problems["first_day"] = "Choose a day from today on, at most 60 days ahead."
    if wish.last_day < wish.first_day:
        problems["last_day"] = "The last day must not be before the first day."
    elif not today <= wish.last_day <= latest:
        problems["last_day"] = "Choose a day from today on, at most 60 days ahead."
    return problems


def to_kilograms(desk: Desk, weight: Decimal, *, pounds: bool) -> Decimal:
    """Return a weight in kilograms.

    Raises:
        InvalidInput: beside the weight on record it looks like the wrong unit.
    """
    patient_id = own_id(desk)
    kg = in_kilograms(weight, pounds=pounds)
    last = queries.latest_weight(desk.session, patient_id)
    if last is not None and looks_like_pounds(Decimal(last.kg), kg):
        before = f"{format_number(Decimal(last.kg))} kg ({format_pounds(Decimal(last.kg))} lb)"
        raise InvalidInput({"weight": f"Last time it was {before}. Pounds or kilograms?"})
    return kg


_LIGHTEST_KG, _HEAVIEST_KG = Decimal(5), Decimal(500)


def in_kilograms(weight: Decimal, *, pounds: bool) -> Decimal:
    """Return a weight in kilograms; raises InvalidInput for one that no patient can have."""
    kg = (weight / POUNDS_PER_KG).quantize(_HUNDREDTH) if pounds else weight
    if not _LIGHTEST_KG <= kg <= _HEAVIEST_KG:
        limits = f"{_LIGHTEST_KG} and {_HEAVIEST_KG} kg (11 and 1,102 lb)"
        raise InvalidInput({"weight": f"The weight must lie between {limits}. Check the unit."})
    return kg


def format_pounds(kg: Decimal) -> str:
    """Return a weight in whole pounds, as people know it."""
    return format_number((kg * POUNDS_PER_KG).quantize(Decimal(1)))


def send_request(desk: Desk, wish: Wish, intake: Intake, once: str) -> UUID:
    """Send a checked wish with its answers; return the request. `once` makes it one, however often.

    Raises:
        InvalidInput: the wish cannot be any more, such as a day that has passed.
    """
    checked = check_wish(desk, wish)
    span = _span(wish.first_day, wish.last_day, checked.address.timezone)
    preferred = checked.same.id if checked.same else None
    new = NewRequest(own_id(desk), wish.address_id, wish.service_code, *span, intake, preferred)
    return request_visit(desk, new, once)


def _span(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first and last arrival of whole local days."""
    return at_local(first, time(), zone), at_local(last + timedelta(days=1), time(), zone) - _MINUTE


def look_at_days(desk: Desk, request_id: UUID) -> tuple[AddressCard, date, date]:
    """Return a request's address and the days it was asked for."""
    own_id(desk)
    row = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_patient(row.patient_id)
    address = address_card(queries.address_of(desk.session, row.address_id))
    zone = address.timezone
    return address, local_day(row.wanted_from, zone), local_day(row.wanted_until, zone)


def change_days(desk: Desk, request_id: UUID, first_day: date, last_day: date) -> None:
    """Ask for other days of a request that has no visit yet.

    Raises:
        InvalidInput: names the day that cannot be.
        IllegalTransition: the request has its visit, was declined or is closed.
    """
    address, _, _ = look_at_days(desk, request_id)
    today = local_day(desk.now(), address.timezone)
    wish = Wish(address.id, "", first_day, last_day, same_clinician=False)
    problems = _day_problems(wish, today)
    if problems:
        raise InvalidInput(problems)
    with transaction(desk.session) as session:
        lock_patient(session, own_id(desk))
        row = queries.get(session, VisitRequestRow, request_id, "request")
        if row.state not in _WITHOUT_VISIT:
            raise IllegalTransition("This request has no days to change any more.")
        row.wanted_from, row.wanted_until = _span(first_day, last_day, address.timezone)
        desk.record("change days", "visit_request", row.id, row.patient_id)


_WITHOUT_VISIT = {
    RequestState.AWAITING_REVIEW,
    RequestState.AWAITING_ORDER,
    RequestState.OPEN,
}
