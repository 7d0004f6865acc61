"""Plan a series, release its next dose, record what was given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

from scheduler.domain.errors import InvalidInput
from scheduler.domain.protocols import Protocol
from scheduler.domain.series import (
    AttemptState,
    SeriesState,
    allowed_arrivals,
)
from scheduler.domain.timing import TimeWindow, at_local
from scheduler.domain.visits import VisitState
from scheduler.matching.calendar import SeriesDoesNotFit, SeriesSteps, plan_series
from scheduler.matching.model import Wanted
from scheduler.matching.offers import Offer
from scheduler.services import schedule
from scheduler.services.course import giving_minutes, planned_dose
from scheduler.services.desk import Desk
from scheduler.services.driving import DrivingTable, drives_for_search, with_driving
from scheduler.services.offers import require_open, wanted_for
from scheduler.services.outbox import (
    Change,
    withdraw_choose_time,
    write_series_message,
    write_visit_messages,
)
from scheduler.services.placing import (
    Choice,
    end_expired_on,
    lock_for_change,
    new_visit,
    place_locked,
    points_for,
    require_order,
)
from scheduler.services.repeats import answered, digest_of, remember
from scheduler.store import mapping, queries
from scheduler.store.database import transaction
from scheduler.store.locking import lock_patient
from scheduler.store.treatment import AttemptRow, OrderRow, ProtocolRow, SeriesRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow


def propose_series(
    desk: Desk, request_id: UUID, not_before: date | None = None
) -> tuple[Offer, ...]:
    """Return a whole calendar for an ordered series, one offer an administration.

    `not_before`: a local day of the address before which the first visit is not wanted.

    Raises:
        SeriesDoesNotFit: names the first administration that has no place.
    """
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_patient(request.patient_id)
    require_open(request)
    protocol = ordered_protocol(desk, request)
    wanted = _from_day(wanted_for(desk, request, frozenset()), not_before)
    if not wanted.windows:
        raise SeriesDoesNotFit(1)
    service = wanted.service
    steps = SeriesSteps(
        gap=protocol.gap,
        preparation_minutes=service.preparation_minutes,
        dose_minutes=tuple(
            giving_minutes(protocol, service, number + 1).minutes
            for number in range(len(protocol.administrations))
        ),
        zone=wanted.place.timezone,
        previous=None,
        same_clinician_id=request.preferred_clinician_id,
    )
    whole = _whole_span(wanted, protocol)
    days = schedule.days_of(whole.windows, whole.place.timezone)
    loaded = schedule.load_schedule(desk.session, whole, days, desk.now(), frozenset())
    wishes = [wanted, *[whole] * (len(protocol.administrations) - 1)]
    drives = drives_for_search(desk.ports.travel, wishes, loaded)
    plan = plan_series(wishes, steps, loaded, drives)
    desk.record_look("view offers", "visit_request", request_id, wanted.patient_id)
    return plan


def _from_day(wanted: Wanted, day: date | None) -> Wanted:
    """Return the wish from a local day on; without any window where it ends before that day."""
    if day is None or not wanted.windows:
        return wanted
    opens = at_local(day, time(), wanted.place.timezone)
    window = wanted.windows[0]
    if opens > window.ends_at:
        return replace(wanted, windows=())
    return _with_window(wanted, TimeWindow(max(opens, window.starts_at), window.ends_at))


def ordered_protocol(desk: Desk, request: VisitRequestRow) -> Protocol:
    """Return the protocol of the request's order; raises InvalidInput where there is none."""
    if request.order_id is not None:
        order = queries.get(desk.session, OrderRow, request.order_id, "order")
        if order.protocol_id is not None:
            row = queries.get(desk.session, ProtocolRow, order.protocol_id, "protocol")
            return mapping.protocol(row)
    raise InvalidInput({"request_id": "this request has no ordered series"})


def _whole_span(wanted: Wanted, protocol: Protocol) -> Wanted:
    """Return the wish stretched over all that the largest gaps allow."""
    gap_days = 0
    if protocol.gap is not None:
        per_gap = protocol.gap.maximum
        gap_days = -(-per_gap // 24) if protocol.gap.unit.value == "elapsed_hours" else per_gap
    reach = timedelta(days=gap_days * (len(protocol.administrations) - 1))
    first = wanted.windows[0]
    return _with_window(wanted, TimeWindow(first.starts_at, first.ends_at + reach))


def _with_window(
    wanted: Wanted, window: TimeWindow, taken: frozenset[date] = frozenset()
) -> Wanted:
    return Wanted(
        patient_id=wanted.patient_id,
        service=wanted.service,
        place=wanted.place,
        windows=(window,),
        preferred_clinician_id=wanted.preferred_clinician_id,
        patient_busy=wanted.patient_busy,
        days_taken=taken,
    )


def accept_series(
    desk: Desk,
    request_id: UUID,
    choices: Sequence[Choice],
    repeat_key: str = "",
    agreed_to: str = "",
) -> UUID:
    """Take a whole calendar, all visits or none; they are tentative and carry no dose yet.

    The same act sent again under the same `repeat_key` gets the first answer. `agreed_to`: the
    policy that the patient agreed to, word for word; it is kept with the record.

    Raises:
        SlotTaken, NotEligible: one of the times is gone; nothing was written.
        InvalidInput: not one choice for each administration.
    """
    request = queries.get(desk.session, VisitRequestRow, request_id, "request")
    desk.allow_to_act_for(request.patient_id)
    if not repeat_key:
        require_open(request)
    protocol = ordered_protocol(desk, request)
    _require_one_each(protocol, choices)
    place = mapping.place(queries.address_of(desk.session, request.address_id))

    def act(table: DrivingTable) -> UUID:
        with transaction(desk.session) as session:
            lock_patient(session, patient_id)
            already = answered(desk, repeat_key, digest)
            if already is not None:
                return already
            request = queries.get(session, VisitRequestRow, request_id, "request")
            require_open(request)
            series_id = _accept_locked(desk, request, protocol, choices, table)
            desk.record("plan series", "series", series_id, patient_id, agreed_to)
            remember(desk, repeat_key, digest, series_id)
            return series_id

    patient_id = request.patient_id
    digest = _digest(request_id, choices)
    return with_driving(desk.ports.travel, lambda: points_for(desk, place.point, choices), act)


def _digest(request_id: UUID, choices: Sequence[Choice]) -> str:
    times = [part for each in choices for part in (each.clinician_id, each.starts_at.isoformat())]
    return digest_of(request_id, *times)


def _require_one_each(protocol: Protocol, choices: Sequence[Choice]) -> None:
    count = len(protocol.administrations)
    if len(choices) != count:
        raise InvalidInput({"visits": f"must hold {count} times, one for each visit"})


def _accept_locked(
    desk: Desk,
    request: VisitRequestRow,
    protocol: Protocol,
    choices: Sequence[Choice],
    table: DrivingTable,
) -> UUID:
    session = desk.session
    length = timedelta(minutes=queries.find_service(session, request.service_code).visit_minutes)
    base_wish = wanted_for(desk, request, frozenset())
    if not base_wish.windows:
        raise SeriesDoesNotFit(1)
    require_order(session, request, max(choice.starts_at for choice in choices) + length)
    series = _series_row(desk, request)
    session.add(series)
    session.flush()
    days = [
        (choice.clinician_id, choice.day(queries.clinician_with_all(session, choice.clinician_id)))
        for choice in choices
    ]
    lock_for_change(session, days)
    end_expired_on(session, set(days), desk.now())
    session.flush()
    base = _whole_span(base_wish, protocol)
    visits: list[VisitRow] = []
    for number, choice in enumerate(choices, start=1):
        wanted = _next_wish(base, protocol, visits)
        decision = place_locked(desk, wanted, choice, frozenset(), table)
        visit = new_visit(request, decision, choice, days[number - 1][1], desk)
        visit.series_id, visit.number, visit.attempt = series.id, number, 1
        visit.state = VisitState.TENTATIVE
        session.add(visit)
        session.add(_attempt_row(series.id, number, protocol))
        session.flush()
        visits.append(visit)
    request.state = RequestState.BOOKED
    _tell_of_series(desk, request, visits)
    return series.id


def _next_wish(base: Wanted, protocol: Protocol, visits: Sequence[VisitRow]) -> Wanted:
    """Return where the next visit may lie after those placed so far."""
    if not visits or protocol.gap is None:
        return base
    number = len(visits)
    zone = base.place.timezone
    before = planned_dose(visits[-1], giving_minutes(protocol, base.service, number))
    giving = giving_minutes(protocol, base.service, number + 1)
    opens, closes = allowed_arrivals(protocol.gap, giving, before, None, zone)
    whole = base.windows[0]
    return _with_window(
        base,
        TimeWindow(opens or whole.starts_at, closes or whole.ends_at),
        schedule.series_days(visits, zone),
    )


def _series_row(desk: Desk, request: VisitRequestRow) -> SeriesRow:
    order = queries.get(desk.session, OrderRow, request.order_id or request.id, "order")
    return SeriesRow(
        request_id=request.id,
        patient_id=request.patient_id,
        order_id=order.id,
        protocol_id=order.protocol_id,
        state=SeriesState.ACTIVE,
        created_at=desk.now(),
    )


def _attempt_row(series_id: UUID, number: int, protocol: Protocol) -> AttemptRow:
    return AttemptRow(
        series_id=series_id,
        number=number,
        attempt=1,
        level_number=protocol.level_of(number).number,
        state=AttemptState.ELIGIBLE if number == 1 else AttemptState.LOCKED,
    )


def _tell_of_series(desk: Desk, request: VisitRequestRow, visits: Sequence[VisitRow]) -> None:
    now = desk.now()
    patient = queries.patient_of(desk.session, request.patient_id)
    withdraw_choose_time(desk.session, request.order_id, now)
    write_series_message(desk.session, patient, visits, now, desk.practice)
    for visit in visits:
        write_visit_messages(desk.session, visit, Change.PLANNED, now, desk.practice)
