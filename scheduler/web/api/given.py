"""What the API answers."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Given(BaseModel):
    """Base of everything given out."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Given):
    """An error as RFC 9457 has it; `errors` names each field at fault."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: dict[str, str] = {}
    offers: list["OfferOut"] = []


class ServiceOut(Given):
    """One service at a place."""

    code: str
    name: str
    needs_order: bool
    served: bool
    reason: str


class CoverageOut(Given):
    """Whether the practice comes to a ZIP area."""

    zip_code: str
    place: str
    state: str
    timezone: str
    served: bool
    ask_address: bool
    services: list[ServiceOut]


class Created(Given):
    """The id of what was made."""

    id: UUID


class PatientOut(Given):
    """The ids of a new patient."""

    id: UUID
    address_id: UUID


class RequestOut(Given):
    """Where a request stands."""

    id: UUID
    state: str
    service_code: str
    address_id: UUID
    wanted_from: datetime
    wanted_until: datetime
    review_due_at: datetime | None


class TermOut(Given):
    """One part of a score, in minutes of driving that it is worth."""

    words: str
    minutes: float


class OfferOut(Given):
    """A time that can be had."""

    clinician_id: UUID
    clinician: str
    starts_at: datetime
    ends_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    added_travel_minutes: int
    score: list[TermOut]


class ExcludedOut(Given):
    """Somebody who cannot take the visit, and why."""

    clinician_id: UUID
    clinician: str
    rule: str
    words: str


class OffersOut(Given):
    """Offers, best first; where there are none, the cause."""

    offers: list[OfferOut]
    cause: str | None
    words: str
    excluded: list[ExcludedOut]


class CalendarOut(Given):
    """A proposed calendar."""

    visits: list[OfferOut]


class VisitOut(Given):
    """A visit; times are UTC, `timezone` is the home's."""

    id: UUID
    state: str
    request_id: UUID
    clinician_id: UUID
    address_id: UUID
    service_code: str
    starts_at: datetime
    ends_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    timezone: str
    promise_version: int
    reserved_until: datetime | None
    series_id: UUID | None
    number: int | None


class VisitsOut(Given):
    """Visits in order."""

    visits: list[VisitOut]


class AttemptOut(Given):
    """One administration: level and state; mg only once authorised."""

    number: int
    level_number: int
    state: str
    mg: str | None
    starts_at: datetime | None
    visit_id: UUID | None


class SeriesOut(Given):
    """A series with its administrations."""

    id: UUID
    state: str
    administrations: list[AttemptOut]


class GivenDoseOut(Given):
    """A dose that was given."""

    number: int
    mg: Decimal
    started_at: datetime
    aborted: bool
    tolerance: str


class DoseToAuthoriseOut(Given):
    """What a dose works out to; `refusals` is empty where it may be signed off."""

    number: int
    level_number: int
    mg_per_kg: Decimal | None
    minutes: int | None
    kg: Decimal | None
    weighed_on: date | None
    mg: Decimal | None
    signed_mg: Decimal | None
    visit_id: UUID
    starts_at: datetime
    timezone: str
    refusals: list[str]
    given: list[GivenDoseOut]


class DoseOut(Given):
    """An authorised dose."""

    mg: str


class MessageOut(Given):
    """A text as written, and when it goes."""

    id: UUID
    template: str
    state: str
    body: str
    not_before: datetime
    expires_at: datetime
    timezone: str


class MessagesOut(Given):
    """A visit's message trail."""

    messages: list[MessageOut]


class CountOut(Given):
    """How many visits an act cancelled."""

    cancelled_visits: int
