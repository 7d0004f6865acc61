"""Release the next dose of a series: a prescriber's act behind the unlock guard."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.care import CareService, ScopeAnswer, scope_answer
from scheduler.domain.dosing import work_out_dose
from scheduler.domain.errors import IllegalTransition, SchedulingError
from scheduler.domain.licensure import PRESCRIBERS, licence_standing
from scheduler.domain.protocols import Level, Protocol, ProtocolStatus
from scheduler.domain.series import AttemptState, DoseTimes, Refusal, UnlockFacts, unlock_refusals
from scheduler.domain.timing import local_day
from scheduler.domain.visits import VisitEvent, next_state
from scheduler.services.course import (
    giving_minutes,
    neighbours_of,
    planned_dose,
    visit_of,
)
from scheduler.services.desk import Desk
from scheduler.services.outbox import Change, write_visit_messages
from scheduler.services.placing import lock_for_change, visit_credential_problem
from scheduler.store import mapping, queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient, lock_series
from scheduler.store.people import ConsentKind, Role
from scheduler.store.treatment import (
    AttemptRow,
    Clearance,
    IntakeRow,
    OrderRow,
    ProtocolRow,
    SeriesRow,
)
from scheduler.store.visits import VisitRequestRow, VisitRow


class DoseNotReleased(SchedulingError):
    """The unlock guard refused; `refusals` holds each rule's number and words."""

    code = "dose_not_released"

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(" ".join(refusal.text for refusal in refusals))
        self.refusals = refusals


class DoseChanged(SchedulingError):
    """The dose works out to another amount than the one that the prescriber has seen."""

    code = "dose_changed"
    field = "mg"


@dataclass(frozen=True, slots=True)
class DoseWorkedOut:
    """One administration as arithmetic has it now; `kg` is None where no weight is on record."""

    protocol: Protocol
    content_hash: str
    level: Level
    kg: Decimal | None
    mg: Decimal


def authorise_dose(desk: Desk, series_id: UUID, number: int, seen_mg: Decimal) -> Decimal:
    """Sign off one administration; its visit becomes booked. Return the mg.

    `seen_mg` is the amount that the prescriber has read and means. The sign-off is bound to
    protocol version, level, mg and reference weight by a hash.

    Raises:
        DoseChanged: it works out to another amount now, such as after a new weight.
        DoseNotReleased: with every rule that refused, stored in the audit record.
    """
    desk.allow(Role.PRESCRIBER)
    series = queries.get(desk.session, SeriesRow, series_id, "series")
    patient_id = series.patient_id
    try:
        with transaction(desk.session) as session:
            lock_patient(session, patient_id)
            series = lock_series(session, series_id)
            return _authorise_locked(desk, series, number, seen_mg)
    except (DoseNotReleased, DoseChanged) as refused:
        with transaction(desk.session):
            desk.record("refuse dose", "series", series_id, patient_id, _refusal_words(refused))
        raise


def _refusal_words(refused: DoseNotReleased | DoseChanged) -> str:
    if isinstance(refused, DoseChanged):
        return str(refused)
    return " ".join(f"{each.rule}: {each.text}" for each in refused.refusals)


def _authorise_locked(desk: Desk, series: SeriesRow, number: int, seen_mg: Decimal) -> Decimal:
    session = desk.session
    visit = visit_of(session, series.id, number)
    lock_for_change(session, [(visit.clinician_id, visit.on_day)])
    session.refresh(visit)
    attempt = _attempt(desk, series.id, number)
    dose = work_out(desk, series, number)
    refusals = all_refusals(desk, series, visit, dose)
    if refusals:
        raise DoseNotReleased(refusals)
    mg, kg = dose.mg, dose.kg or Decimal(0)
    if mg != seen_mg:
        raise DoseChanged("This dose works out to another amount now. Please look at it again.")
    attempt.mg = str(mg)
    attempt.signed_hash = sign_off_hash(dose.content_hash, dose.level.number, mg, kg)
    attempt.signed_by = desk.actor.person_id
    attempt.signed_at = desk.now()
    attempt.reference_kg = str(kg)
    attempt.state = AttemptState.BOOKED
    visit.state = next_state(visit.state, VisitEvent.CONFIRM)
    session.flush()
    write_visit_messages(session, visit, Change.BOOKED, desk.now(), desk.practice)
    desk.record("authorise dose", "attempt", attempt.id, series.patient_id)
    return mg


def work_out(desk: Desk, series: SeriesRow, number: int) -> DoseWorkedOut:
    """Return what an administration works out to by the protocol and the latest weight.

    Raises:
        DoseRefused: no weight is on record, or the dose rounds to nothing.
    """
    row = queries.get(desk.session, ProtocolRow, series.protocol_id, "protocol")
    protocol = mapping.protocol(row)
    weight = queries.latest_weight(desk.session, series.patient_id)
    kg = mapping.weight(weight).kg if weight else None
    level = protocol.level_of(number)
    mg = work_out_dose(protocol.dose_rule(level), kg or Decimal(0)).mg
    return DoseWorkedOut(protocol, row.content_hash, level, kg, mg)


def all_refusals(
    desk: Desk, series: SeriesRow, visit: VisitRow, dose: DoseWorkedOut
) -> list[Refusal]:
    """Return everything that stands against the actor signing the dose off now."""
    return [
        *_prescriber_refusals(desk, visit),
        *unlock_refusals(_facts(desk, series, visit, dose.protocol, dose.mg)),
    ]


def require_released(
    desk: Desk, series: SeriesRow, visit: VisitRow, attempt: AttemptRow, *, starting: bool
) -> None:
    """Ask the unlock guard again on the day: an answer from booking time is never trusted.

    `starting`: the dose would start now, so the gap is judged by this moment.

    Raises:
        DoseNotReleased: no dose is signed off, or a rule refuses now.
    """
    if not attempt.signed_hash:
        raise DoseNotReleased([Refusal(4, "No dose is signed off for this visit.")])
    refusals = standing_refusals(desk, series, visit, Decimal(attempt.mg), starting=starting)
    if refusals:
        raise DoseNotReleased(refusals)


def standing_refusals(
    desk: Desk, series: SeriesRow, visit: VisitRow, mg: Decimal, *, starting: bool = False
) -> list[Refusal]:
    """Return what the guard has against a dose that is signed off already."""
    row = queries.get(desk.session, ProtocolRow, series.protocol_id, "protocol")
    protocol = mapping.protocol(row)
    facts = _facts(desk, series, visit, protocol, mg)
    if starting:
        minutes = protocol.level_of(visit.number or 1).minutes or 0
        now = desk.now()
        facts = replace(facts, this_dose=DoseTimes.given(now, now + timedelta(minutes=minutes)))
    return unlock_refusals(facts)


def _attempt(desk: Desk, series_id: UUID, number: int) -> AttemptRow:
    rows = [
        row for row in queries.attempts_of_series(desk.session, series_id) if row.number == number
    ]
    if not rows:
        raise IllegalTransition("The series has no such visit.")
    newest = rows[-1]
    if newest.state is AttemptState.LOCKED:
        raise DoseNotReleased([Refusal(2, "The outcome of the visit before is not recorded.")])
    if newest.state is not AttemptState.ELIGIBLE:
        raise IllegalTransition("This dose is not waiting to be authorized.")
    return newest


def sign_off_hash(content_hash: str, level: int, mg: Decimal, kg: Decimal) -> str:
    """Return what a sign-off is bound to (03, unlock guard, rule 4)."""
    return sha256(f"{content_hash}|{level}|{mg}|{kg}".encode()).hexdigest()


def _prescriber_refusals(desk: Desk, visit: VisitRow) -> list[Refusal]:
    """Rule 4: the one who signs off must be able to prescribe in the patient's state today."""
    if desk.actor.person_id is not None:
        clinician = queries.clinician_with_all(desk.session, desk.actor.person_id)
        holder = mapping.candidate(clinician).holder
        state = queries.address_of(desk.session, visit.address_id).state
        today = local_day(desk.now(), visit.timezone)
        compacts = queries.read_rulebook(desk.session, state).compacts
        standing = licence_standing(holder, state, today, today, compacts)
        if holder.credential in PRESCRIBERS and standing.allows:
            return []
    return [Refusal(4, "You may not prescribe in the patient's state today.")]


def _facts(
    desk: Desk, series: SeriesRow, visit: VisitRow, protocol: Protocol, mg: Decimal
) -> UnlockFacts:
    session = desk.session
    number = visit.number or 1
    service = queries.find_service(session, visit.service_code)
    order = queries.get(session, OrderRow, series.order_id, "order")
    weight = queries.latest_weight(session, series.patient_id)
    given = queries.given_in_series(session, series.id)
    attempts = queries.attempts_of_series(session, series.id)
    references = [row.reference_kg for row in attempts if row.signed_hash]
    recorded = {row.number for row in attempts if row.state is AttemptState.OUTCOME_RECORDED}
    return UnlockFacts(
        now=desk.now(),
        zone=visit.timezone,
        series_state=series.state,
        order=mapping.order(order, superseded=queries.is_superseded(session, order.id)),
        protocol_usable=protocol.status is ProtocolStatus.APPROVED,
        previous_outcome_recorded=number == 1 or number - 1 in recorded,
        previous_dose=neighbours_of(session, series, service, number).before,
        this_dose=planned_dose(visit, giving_minutes(protocol, service, number)),
        gap=protocol.gap,
        weight=mapping.weight(weight) if weight else None,
        reference_kg=Decimal(references[-1]) if references else mapping.ordered_weight(order),
        weight_rule=protocol.weight,
        mg=mg,
        given_count=len(given),
        given_mg=sum((Decimal(row.given_mg) for row in given), Decimal(0)),
        scope=_scope(desk, visit, service),
        licensed=visit_credential_problem(session, visit) is None,
        consent_current=queries.has_consent(session, series.patient_id, ConsentKind.TREATMENT),
        cleared=_cleared(desk, visit),
    )


def _scope(desk: Desk, visit: VisitRow, service: CareService) -> ScopeAnswer:
    clinician = queries.clinician_with_all(desk.session, visit.clinician_id)
    state = queries.address_of(desk.session, visit.address_id).state
    rules = queries.read_rulebook(desk.session, state)
    day = local_day(visit.starts_at, visit.timezone)
    return scope_answer(
        rules.scope_rules, state, service.way_of_giving, clinician.credential, (day, day)
    )


def _cleared(desk: Desk, visit: VisitRow) -> bool:
    """Say whether no intake of the patient waits for a prescriber, a newer one included."""
    request = queries.get(desk.session, VisitRequestRow, visit.request_id, "request")
    if request.intake_id is None:
        return False
    answers = desk.session.scalars(
        select(IntakeRow.clearance).where(IntakeRow.patient_id == visit.patient_id)
    ).all()
    return all(answer in {Clearance.NOT_NEEDED, Clearance.CLEARED} for answer in answers)
