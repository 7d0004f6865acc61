"""From rows to the values that rules read."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

from scheduler.domain.care import CareService, ScopeRule, WayOfGiving
from scheduler.domain.geography import Place, Point, Precision
from scheduler.domain.licensure import CompactMember, Credential, Licence, LicenceHolder
from scheduler.domain.protocols import (
    Escalation,
    GapRule,
    GapUnit,
    Level,
    Order,
    Protocol,
    ProtocolStatus,
    WeightReading,
    WeightRule,
)
from scheduler.domain.timing import TimeWindow, at_local, to_minute
from scheduler.domain.visits import UNDER_WAY, WAS_THERE
from scheduler.matching.model import Break, Candidate, Route, Stop
from scheduler.store.clinicians import ClinicianRow, ShiftRow
from scheduler.store.people import AddressRow
from scheduler.store.rules import CareServiceRow, CompactMemberRow, ScopeRuleRow
from scheduler.store.treatment import OrderRow, ProtocolRow, WeightRow
from scheduler.store.visits import VisitRow


def care_service(row: CareServiceRow) -> CareService:
    """A service of the catalogue."""
    return CareService(
        code=row.code,
        name=row.name,
        way_of_giving=row.way_of_giving,
        skills=frozenset(row.skills.split()),
        needs_order=row.needs_order,
        dosed=row.dosed,
        preparation_minutes=row.preparation_minutes,
        care_minutes=row.care_minutes,
        pack_down_minutes=row.pack_down_minutes,
        arrival_window_minutes=row.arrival_window_minutes,
    )


def scope_rule(row: ScopeRuleRow) -> ScopeRule:
    """A scope rule."""
    return ScopeRule(
        state=row.state,
        credential=row.credential,
        way_of_giving=row.way_of_giving,
        needs_prescriber_on_site=row.needs_prescriber_on_site,
        needs_second_person=row.needs_second_person,
        citation=row.citation,
        verified_by=row.verified_by,
        verified_on=row.verified_on,
        revision=row.revision,
        expires_on=row.expires_on,
    )


def compact_member(row: CompactMemberRow) -> CompactMember:
    """A state's place in a compact; the caller leaves out those switched off."""
    return CompactMember(
        compact=row.compact,
        state=row.state,
        credentials=frozenset(Credential(word) for word in row.credentials.split()),
        privilege_from=row.privilege_from,
        issues_from=row.issues_from,
    )


def candidate(row: ClinicianRow, blocked: frozenset[UUID] = frozenset()) -> Candidate:
    """A clinician as eligibility sees them; `blocked` holds ids of patients not to meet."""
    licences = tuple(
        Licence(
            licence.state,
            licence.credential,
            licence.number,
            licence.multistate,
            licence.valid_from,
            licence.valid_through,
        )
        for licence in row.licences
    )
    return Candidate(
        id=row.id,
        name=row.name,
        active=row.active,
        holder=LicenceHolder(row.credential, row.home_state, licences),
        skills=frozenset(skill.skill for skill in row.skills if skill.ended_at is None),
        blocked_patients=blocked,
    )


def place(row: AddressRow) -> Place:
    """Where an address is, exactly as far as we know."""
    latitude, longitude = json.loads(row.exact_point)
    return Place(
        point=Point(latitude, longitude),
        state=row.state,
        zip_code=row.zip_code,
        timezone=row.timezone,
        precision=Precision(row.precision),
    )


def stop(row: VisitRow, address: AddressRow) -> Stop:
    """A visit as a stop of its route; one locked, under way or over stays."""
    planned = to_minute(row.starts_at)
    earliest, latest = to_minute(row.window_starts_at), to_minute(row.window_ends_at)
    if row.locked_at is not None or row.state in UNDER_WAY | WAS_THERE:
        earliest = latest = planned
    minutes = to_minute(row.ends_at) - planned
    return Stop(row.id, place(address).point, earliest, latest, minutes, planned)


def shift_on(row: ClinicianRow, on: date) -> ShiftRow | None:
    """The shift in force on a local day, the one that began last."""
    fitting = [
        shift
        for shift in row.shifts
        if shift.weekday == on.weekday()
        and shift.from_day <= on <= shift.through_day
        and shift.withdrawn_at is None
    ]
    return max(fitting, key=lambda shift: shift.from_day, default=None)


def route(row: ClinicianRow, on: date, stops: tuple[Stop, ...]) -> Route | None:
    """A clinician's day, or None without a shift; stops in order of their planned arrival."""
    shift = shift_on(row, on)
    if shift is None:
        return None
    home = Point(row.start_latitude, row.start_longitude)
    return Route(
        clinician_id=row.id,
        on=on,
        shift_start=to_minute(at_local(on, shift.opens, row.timezone)),
        shift_end=to_minute(at_local(on, shift.closes, row.timezone)),
        start=home,
        end=home,
        pause=_pause(row, on),
        max_visits=row.max_visits,
        max_travel_minutes=row.max_travel_minutes,
        stops=tuple(sorted(stops, key=lambda each: each.planned)),
    )


def _pause(row: ClinicianRow, on: date) -> Break | None:
    if row.break_minutes is None or row.break_opens is None or row.break_closes is None:
        return None
    opens, closes = (
        to_minute(at_local(on, wall, row.timezone)) for wall in (row.break_opens, row.break_closes)
    )
    return Break(row.break_minutes, opens, closes)


def promised_window(row: VisitRow) -> TimeWindow:
    """The arrival window that the patient was told."""
    return TimeWindow(row.window_starts_at, row.window_ends_at)


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def protocol(row: ProtocolRow) -> Protocol:
    """A protocol version from its document and the status of its row."""
    return read_protocol(json.loads(row.content), row.version, row.status)


def read_protocol(content: dict[str, object], version: int, status: ProtocolStatus) -> Protocol:
    """Read a protocol document; raises KeyError or ValueError for one that is not whole."""
    data: dict[str, object] = content
    return Protocol(
        code=str(data["code"]),
        version=version,
        title=str(data["title"]),
        status=status,
        way_of_giving=WayOfGiving(str(data["way_of_giving"])),
        escalation=Escalation(str(data["escalation"])),
        levels=tuple(_level(level) for level in _list(data["levels"])),
        administrations=tuple(int(str(number)) for number in _list(data["administrations"])),
        gap=_gap(data.get("gap")),
        rounding_step_mg=_number(_text(data.get("rounding_step_mg"))),
        absolute_max_mg=_number(_text(data.get("absolute_max_mg"))),
        max_rate_mg_per_kg_h=_number(_text(data.get("max_rate_mg_per_kg_h"))),
        weight=_weight_rule(data.get("weight")),
        observation_minutes=_whole(data.get("observation_minutes")),
        citation=str(data["citation"]),
        source_kind=str(data["source_kind"]),
    )


def _list(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise ValueError("a list is missing in the protocol document")  # noqa: TRY004
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


def _level(data: dict[str, object]) -> Level:
    return Level(
        number=int(str(data["number"])),
        mg_per_kg=_number(_text(data.get("mg_per_kg"))),
        fixed_mg=_number(_text(data.get("fixed_mg"))),
        minutes=_whole(data.get("minutes")),
    )


def _gap(data: object) -> GapRule | None:
    if not isinstance(data, dict):
        return None
    return GapRule(GapUnit(data["unit"]), int(data["minimum"]), int(data["maximum"]))


def _weight_rule(data: object) -> WeightRule | None:
    if not isinstance(data, dict):
        return None
    return WeightRule(int(data["max_age_days"]), Decimal(str(data["max_change_percent"])))


def order(row: OrderRow, *, superseded: bool) -> Order:
    """A signed order."""
    limits = json.loads(row.limits)
    return Order(
        id=row.id,
        patient_id=row.patient_id,
        prescriber_id=row.prescriber_id,
        protocol_version_id=row.protocol_id,
        service_code=row.service_code,
        signed_at=row.signed_at,
        expires_at=row.expires_at,
        max_administrations=row.max_administrations,
        max_mg_per_administration=_number(limits.get("max_mg_per_administration")),
        max_cumulative_mg=_number(limits.get("max_cumulative_mg")),
        superseded=superseded,
    )


def ordered_weight(row: OrderRow) -> Decimal | None:
    """The weight in kilograms on record when the order was signed: the first dose's reference."""
    return _number(json.loads(row.limits).get("reference_kg"))


def weight(row: WeightRow) -> WeightReading:
    """A measured weight."""
    return WeightReading(Decimal(row.kg), row.measured_on)
