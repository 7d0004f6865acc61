"""The course of a series: its protocol, its doses given and planned, and what stands around one."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.domain.care import CareService
from scheduler.domain.errors import NotFound
from scheduler.domain.protocols import Protocol
from scheduler.domain.series import AttemptState, DoseTimes, Giving
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.store import mapping, queries
from scheduler.store.treatment import ProtocolRow, SeriesRow
from scheduler.store.visits import VisitRow


def protocol_of(session: Session, series: SeriesRow) -> Protocol:
    """Return the protocol version that the series is pinned to."""
    return mapping.protocol(queries.get(session, ProtocolRow, series.protocol_id, "protocol"))


def giving_minutes(protocol: Protocol, service: CareService, number: int) -> Giving:
    """Return preparation and minutes of giving of one administration."""
    minutes = protocol.level_of(number).minutes or 0
    return Giving(service.preparation_minutes, minutes)


def planned_dose(visit: VisitRow, giving: Giving) -> DoseTimes:
    """Return when a planned visit's dose may start and end, over its whole promised window."""
    window = (visit.window_starts_at, visit.window_ends_at)
    return DoseTimes.planned(window, giving.preparation, giving.minutes)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The dose before a visit (given if it was, else planned) and the one planned after.

    `place_open`: an earlier administration has neither been given nor a time.
    """

    before: DoseTimes | None
    after: DoseTimes | None
    place_open: bool = False


def neighbours_of(
    session: Session, series: SeriesRow, service: CareService, number: int
) -> Neighbours:
    """Return the doses around an administration of a series."""
    protocol = protocol_of(session, series)
    given = given_doses(session, series.id)
    live = {
        visit.number: planned_dose(visit, giving_minutes(protocol, service, visit.number))
        for visit in queries.visits_of_series(session, series.id)
        if visit.number and visit.state in TAKES_CAPACITY
    }
    known = {**live, **given}
    before = [dose for at, dose in sorted(known.items()) if at < number]
    after = [dose for at, dose in sorted(known.items()) if at > number]
    place_open = any(earlier not in known for earlier in range(1, number))
    return Neighbours(before[-1] if before else None, after[0] if after else None, place_open)


def given_doses(session: Session, series_id: UUID) -> dict[int, DoseTimes]:
    """Return the recorded doses of a series by administration number."""
    numbers = {row.id: row.number for row in queries.attempts_of_series(session, series_id)}
    return {
        numbers[row.attempt_id]: DoseTimes.given(row.started_at, row.ended_at)
        for row in queries.given_in_series(session, series_id)
    }


def visit_of(session: Session, series_id: UUID, number: int) -> VisitRow:
    """Return the visit that now stands for an administration; raises NotFound."""
    for visit in reversed(queries.visits_of_series(session, series_id)):
        if visit.number == number and visit.state in TAKES_CAPACITY:
            return visit
    raise NotFound(f"Visit {number} of the series has no time yet.")


def open_next(session: Session, series_id: UUID, after_number: int) -> bool:
    """Make the administration after a recorded one eligible; say whether there is one."""
    rows = queries.attempts_of_series(session, series_id)
    ahead = [row for row in rows if row.number > after_number]
    following = min((row.number for row in ahead), default=None)
    for row in ahead:
        if row.number == following and row.state is AttemptState.LOCKED:
            row.state = AttemptState.ELIGIBLE
    return following is not None
