"""What the API takes. Unknown fields are refused, so that a typing error is not lost."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scheduler.web.fields import (
    BirthDate,
    Instant,
    Long,
    Mg,
    Phone,
    Reason,
    Short,
    State,
    Weight,
    Zip,
)


class Taken(BaseModel):
    """Base of everything taken in."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


MAX_KEY = 80


class RepeatHeaders(BaseModel):
    """A key of the caller's own: the same act under it is done once, then answered alike."""

    key: Annotated[
        str,
        Field(
            alias="Idempotency-Key",
            max_length=MAX_KEY,
            description="The same act sent again under the same key gets the first answer and "
            "changes nothing; another act under it is refused.",
        ),
    ] = ""


class CoverageQuery(Taken):
    """Which ZIP code."""

    zip_code: str


class AddressIn(Taken):
    """A US postal address."""

    street: Short
    unit: Reason = ""
    city: Short
    state: State
    zip_code: Zip


class NewAddress(AddressIn):
    """A further visit address of a patient."""

    label: Annotated[Short, StringConstraints(max_length=40)]


class PatientIn(Taken):
    """A patient to register."""

    name: Short
    birth_date: BirthDate
    phone: Phone | None = None
    address: AddressIn
    access: Long = ""
    sms_consent: bool = False


class IntakeIn(Taken):
    """A patient's answers."""

    condition: Long = ""
    weight_kg: Weight
    pregnant: bool
    dementia_symptoms: bool
    addiction_history: bool
    treatment_consent: bool = False


class RequestIn(Taken):
    """A wish for a visit, arrival between two instants."""

    patient_id: UUID
    address_id: UUID
    service_code: Annotated[Short, StringConstraints(max_length=40)]
    wanted_from: Instant
    wanted_until: Instant
    preferred_clinician_id: UUID | None = None
    intake: IntakeIn


class ReviewIn(Taken):
    """A prescriber's word on a request that needs supervision."""

    clear: bool
    reason: Reason


class OrderIn(Taken):
    """An order to sign; maxima in mg."""

    indication: Long
    expires_at: Instant
    max_administrations: Annotated[int, Field(ge=1, le=100)]
    protocol_id: UUID | None = None
    max_mg_per_administration: Mg | None = None
    max_cumulative_mg: Mg | None = None


class ChoiceIn(Taken):
    """An offer to take."""

    clinician_id: UUID
    starts_at: Instant


class SeriesIn(Taken):
    """A calendar to take: one time for each visit, in order."""

    visits: Annotated[list[ChoiceIn], Field(min_length=1, max_length=40)]


class AuthorisationIn(Taken):
    """The mg that the prescriber has read and means."""

    mg: Mg


class MoveIn(ChoiceIn):
    """Where to move a visit."""

    address_id: UUID | None = None
    reason: Reason = ""


class ReasonIn(Taken):
    """Why."""

    reason: Reason = ""


class DayQuery(Taken):
    """Which day; without one, the asker's own visits ahead."""

    on: BirthDate | None = None


class OffersQuery(Taken):
    """At which address; without one, the visit's own."""

    address_id: UUID | None = None


class ProgressIn(Taken):
    """A step: set out, arrive or start."""

    event: Annotated[str, Field(pattern="^(set out|arrive|start)$")]


class OutcomeIn(Taken):
    """What was given."""

    given_mg: Mg
    started_at: Instant
    ended_at: Instant
    aborted: bool = False
    tolerance: Reason = ""
    notes: Long = ""


class CompletionIn(Taken):
    """The end of a visit; a dosed one needs its outcome."""

    outcome: OutcomeIn | None = None


class TimeOffIn(Taken):
    """Whole local days off, both included."""

    first_day: BirthDate
    last_day: BirthDate
    reason: Annotated[Reason, StringConstraints(max_length=80)] = ""


class LicenceEndIn(Taken):
    """The last day of a license, and why."""

    through: BirthDate
    reason: Reason
