"""A patient calls: dispatch asks for them, by the same rules as the patients' own pages."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.errors import InvalidInput, NotFound
from scheduler.domain.timing import at_local, local_day
from scheduler.services.coverage import ServiceCoverage, services_at
from scheduler.services.desk import Desk
from scheduler.services.intake import MAX_WISH, Intake, NewRequest, request_visit
from scheduler.store import queries
from scheduler.store.people import AddressRow, Role

USUAL_DAYS = 14


@dataclass(frozen=True, slots=True)
class PhoneChoices:
    """What can be asked for: addresses, and the services given at any of them."""

    addresses: tuple[tuple[UUID, str], ...]
    services: tuple[ServiceCoverage, ...]
    today: date

    @property
    def usual_last(self) -> date:
        """The last day that is proposed."""
        return self.today + timedelta(days=USUAL_DAYS)


@dataclass(frozen=True, slots=True)
class PhoneWish:
    """What a patient asks for on the phone; both days count, local to the address."""

    patient_id: UUID
    address_id: UUID
    service_code: str
    days: tuple[date, date]


def phone_choices(desk: Desk, patient_id: UUID) -> PhoneChoices:
    """Return what a patient can ask for; raises NotFound."""
    desk.allow(Role.DISPATCHER)
    patient = queries.patient_of(desk.session, patient_id)
    rows = desk.session.scalars(
        select(AddressRow)
        .where(AddressRow.patient_id == patient_id)
        .order_by(AddressRow.created_at)
    ).all()
    served: dict[str, ServiceCoverage] = {}
    for row in rows:
        for each in services_at(desk, row.zip_code, row.state):
            if each.served:
                served.setdefault(each.code, each)
    return PhoneChoices(
        tuple((row.id, f"{row.label}: {row.street}, {row.state} {row.zip_code}") for row in rows),
        tuple(served.values()),
        local_day(desk.now(), patient.timezone),
    )


def ask_by_phone(desk: Desk, wish: PhoneWish, intake: Intake, once: str) -> UUID:
    """Take a request for a patient on the phone; the same form sent twice makes one.

    Raises:
        InvalidInput: names each part that cannot be: address, service, days.
    """
    desk.allow(Role.DISPATCHER)
    address = queries.get(desk.session, AddressRow, wish.address_id, "address")
    if address.patient_id != wish.patient_id:
        raise NotFound("There is no such address.")
    served = {
        each.code for each in services_at(desk, address.zip_code, address.state) if each.served
    }
    problems = {} if wish.service_code in served else {"service_code": "is not given there"}
    problems |= _wrong_days(wish.days, local_day(desk.now(), address.timezone))
    if problems:
        raise InvalidInput(problems)
    opens, closes = _span(desk, wish.days, address.timezone)
    new = NewRequest(wish.patient_id, wish.address_id, wish.service_code, opens, closes, intake)
    return request_visit(desk, new, once)


def _wrong_days(days: tuple[date, date], today: date) -> dict[str, str]:
    first, last = days
    problems = {}
    if not today <= first < today + MAX_WISH:
        problems["first_day"] = "must lie between today and 60 days from now"
    if last < first:
        problems["last_day"] = "must not be before the first day"
    elif last - first >= MAX_WISH:
        problems["last_day"] = "must be within 60 days of the first day"
    return problems


def _span(desk: Desk, days: tuple[date, date], zone: str) -> tuple[datetime, datetime]:
    first, last = days
    opens = max(at_local(first, time(0), zone), desk.now())
    return opens, at_local(last, time(23, 59), zone)
