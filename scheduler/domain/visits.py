"""The life of a visit: its states, what moves it between them, and when a promise is a new one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scheduler.domain.errors import IllegalTransition
from scheduler.domain.timing import TimeWindow


class VisitState(StrEnum):
    """Where a visit stands."""

    RESERVED = "RESERVED"
    TENTATIVE = "TENTATIVE"
    BOOKED = "BOOKED"
    EN_ROUTE = "EN_ROUTE"
    ARRIVED = "ARRIVED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    EXPIRED = "EXPIRED"


class VisitEvent(StrEnum):
    """What can happen to a visit."""

    PLAN = "plan"
    CONFIRM = "confirm"
    LOCK = "lock again"
    SET_OUT = "set out"
    ARRIVE = "arrive"
    START = "start"
    COMPLETE = "complete"
    MISS = "no show"
    CANCEL = "cancel"
    EXPIRE = "expire"


_S, _E = VisitState, VisitEvent

TRANSITIONS: dict[tuple[VisitState, VisitEvent], VisitState] = {
    (_S.RESERVED, _E.CONFIRM): _S.BOOKED,
    (_S.RESERVED, _E.PLAN): _S.TENTATIVE,
    (_S.RESERVED, _E.CANCEL): _S.CANCELLED,
    (_S.RESERVED, _E.EXPIRE): _S.EXPIRED,
    (_S.TENTATIVE, _E.CONFIRM): _S.BOOKED,
    (_S.TENTATIVE, _E.CANCEL): _S.CANCELLED,
    (_S.BOOKED, _E.LOCK): _S.TENTATIVE,
    (_S.BOOKED, _E.SET_OUT): _S.EN_ROUTE,
    (_S.BOOKED, _E.CANCEL): _S.CANCELLED,
    (_S.EN_ROUTE, _E.ARRIVE): _S.ARRIVED,
    (_S.EN_ROUTE, _E.CANCEL): _S.CANCELLED,
    (_S.ARRIVED, _E.START): _S.STARTED,
    (_S.ARRIVED, _E.MISS): _S.NO_SHOW,
    (_S.ARRIVED, _E.CANCEL): _S.CANCELLED,
    (_S.STARTED, _E.COMPLETE): _S.COMPLETED,
}

TAKES_CAPACITY = frozenset(
    {_S.RESERVED, _S.TENTATIVE, _S.BOOKED, _S.EN_ROUTE, _S.ARRIVED, _S.STARTED}
)
UNDER_WAY = frozenset({_S.EN_ROUTE, _S.ARRIVED, _S.STARTED})
ENDED = frozenset({_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW, _S.EXPIRED})
WAS_THERE = frozenset({_S.COMPLETED, _S.NO_SHOW})
"""Ended, but the clinician drove there: they stay in the day's route."""

CAN_MOVE = frozenset({_S.TENTATIVE, _S.BOOKED})

RESERVATION_MINUTES = 10
"""How long an offer that a patient is taking stays theirs (product rule, 01)."""


def next_state(state: VisitState, event: VisitEvent) -> VisitState:
    """Return the state that follows; raises IllegalTransition where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        readable = state.value.replace("_", " ").lower()
        raise IllegalTransition(f"A visit that is {readable} cannot {event.value}.") from None


@dataclass(frozen=True, slots=True)
class Promise:
    """What a patient was told: who comes where, and between which instants."""

    clinician_id: UUID
    address_id: UUID
    window: TimeWindow


def raises_version(old: Promise, new: Promise) -> bool:
    """Say whether the patient must be told anew: the window, the place or the clinician changed."""
    return old != new


@dataclass(frozen=True, slots=True)
class PlannedTimes:
    """A visit's place in the day: arrival, end of pack-down, and the promised arrival window."""

    starts_at: datetime
    ends_at: datetime
    window: TimeWindow
