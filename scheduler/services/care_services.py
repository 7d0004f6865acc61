"""An administrator says what the practice offers, and how long each part of a visit takes.

A change holds for what is asked for and planned from then on: visits that were promised keep their
times, and go on when their service is no longer offered. Whether a service needs an order or
follows a series of doses decides how its requests go on, so it is fixed while some are under way.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.domain.care import CareService, WayOfGiving
from scheduler.domain.errors import InvalidInput, NotFound
from scheduler.domain.visits import TAKES_CAPACITY
from scheduler.services.before_after import changes_in_words
from scheduler.services.desk import Desk
from scheduler.store import mapping
from scheduler.store.database import transaction
from scheduler.store.people import Role
from scheduler.store.rules import CareServiceRow
from scheduler.store.visits import RequestState, VisitRequestRow, VisitRow

_UNDER_WAY = (RequestState.AWAITING_REVIEW, RequestState.AWAITING_ORDER, RequestState.OPEN)
MOST_SKILL_LETTERS = 200


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service of the catalogue and whether it can be asked for."""

    id: UUID
    service: CareService
    active: bool


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What may change of a service; lengths in minutes."""

    name: str
    skills: frozenset[str]
    needs_order: bool
    dosed: bool
    preparation_minutes: int
    care_minutes: int
    pack_down_minutes: int
    arrival_window_minutes: int
    active: bool


def list_services(desk: Desk) -> list[ServiceEntry]:
    """Return every service by name, those no longer offered last."""
    desk.allow(Role.ADMINISTRATOR)
    rows = desk.session.scalars(
        select(CareServiceRow).order_by(CareServiceRow.active.desc(), CareServiceRow.name)
    )
    return [_entry(row) for row in rows]


def show_service(desk: Desk, code: str) -> ServiceEntry:
    """Return a service; raises NotFound."""
    desk.allow(Role.ADMINISTRATOR)
    return _entry(_find(desk.session, code))


def _entry(row: CareServiceRow) -> ServiceEntry:
    return ServiceEntry(row.id, mapping.care_service(row), row.active)


def _find(session: Session, code: str) -> CareServiceRow:
    row = session.scalar(select(CareServiceRow).where(CareServiceRow.code == code))
    if row is None:
        raise NotFound("There is no such service.")
    return row


def add_service(desk: Desk, code: str, way: WayOfGiving, facts: ServiceFacts) -> None:
    """Add a service; its code and way of giving never change. Sent twice, it is added once.

    Raises:
        InvalidInput: the code is another service's, or a dosed service needs no order.
    """
    desk.allow(Role.ADMINISTRATOR)
    _check(facts)
    with transaction(desk.session) as session:
        known = session.scalar(select(CareServiceRow).where(CareServiceRow.code == code))
        if known is not None:
            if known.way_of_giving is way and _facts(known) == facts:
                return
            raise InvalidInput({"code": "is another service's already"})
        row = CareServiceRow(code=code, way_of_giving=way)
        _write(row, facts)
        session.add(row)
        words = changes_in_words({}, _in_words(facts))
        desk.record("add service", "service", row.id, reason=words)


def edit_service(desk: Desk, code: str, facts: ServiceFacts) -> None:
    """Change a service for what is asked for from now on.

    Raises:
        InvalidInput: a dosed service needs no order, or requests are under way that hang on it.
    """
    desk.allow(Role.ADMINISTRATOR)
    _check(facts)
    with transaction(desk.session) as session:
        row = _find(session, code)
        session.refresh(row, with_for_update=True)
        for name in ("needs_order", "dosed"):
            if getattr(row, name) is not getattr(facts, name):
                _require_nothing_under_way(session, code, name)
        before = _in_words(_facts(row))
        _write(row, facts)
        words = changes_in_words(before, _in_words(facts))
        desk.record("edit service", "service", row.id, reason=words or "nothing")


def _check(facts: ServiceFacts) -> None:
    if facts.dosed and not facts.needs_order:
        raise InvalidInput({"needs_order": "is needed where doses follow a protocol"})
    if len(" ".join(facts.skills)) > MOST_SKILL_LETTERS:
        raise InvalidInput({"skills": "are too many"})


def _require_nothing_under_way(session: Session, code: str, field: str) -> None:
    requests = select(func.count()).where(
        VisitRequestRow.service_code == code, VisitRequestRow.state.in_(_UNDER_WAY)
    )
    visits = select(func.count()).where(
        VisitRow.service_code == code, VisitRow.state.in_(list(TAKES_CAPACITY))
    )
    open_requests, standing = session.scalar(requests) or 0, session.scalar(visits) or 0
    if open_requests or standing:
        words = f"cannot change: {open_requests} open requests and {standing} visits depend on it"
        raise InvalidInput({field: words})


def _facts(row: CareServiceRow) -> ServiceFacts:
    return ServiceFacts(
        name=row.name,
        skills=frozenset(row.skills.split()),
        needs_order=row.needs_order,
        dosed=row.dosed,
        preparation_minutes=row.preparation_minutes,
        care_minutes=row.care_minutes,
        pack_down_minutes=row.pack_down_minutes,
        arrival_window_minutes=row.arrival_window_minutes,
        active=row.active,
    )


def _write(row: CareServiceRow, facts: ServiceFacts) -> None:
    for name, value in asdict(facts).items():
        if name != "skills":
            setattr(row, name, value)
    row.skills = " ".join(sorted(facts.skills))


def _in_words(facts: ServiceFacts) -> dict[str, object]:
    return asdict(facts) | {"skills": " ".join(sorted(facts.skills))}
