"""What the engine works on: clinicians, requests, and the routes of their days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from scheduler.domain.care import CareService, ScopeRule
from scheduler.domain.geography import Place, Point
from scheduler.domain.licensure import CompactMember, LicenceHolder
from scheduler.domain.timing import TimeWindow


@dataclass(frozen=True, slots=True)
class Break:
    """A break of `minutes` that must start between two epoch minutes, even on the road."""

    minutes: int
    earliest: int
    latest: int

    def __post_init__(self) -> None:
        if self.minutes <= 0:
            raise ValueError("break minutes must be positive")
        if self.latest < self.earliest:
            raise ValueError("break latest is before earliest")


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit in a route: arrival between two epoch minutes, then `minutes` in the home.

    `planned` is the arrival now written in the plan; the route may shift it inside the window.
    """

    visit_id: UUID
    point: Point
    earliest: int
    latest: int
    minutes: int
    planned: int

    def __post_init__(self) -> None:
        if self.latest < self.earliest:
            raise ValueError(f"visit {self.visit_id}: latest is before earliest")
        if self.minutes <= 0:
            raise ValueError(f"visit {self.visit_id}: minutes must be positive")


@dataclass(frozen=True, slots=True)
class Route:
    """A clinician's local day: shift in epoch minutes, start and end points, stops in order."""

    clinician_id: UUID
    on: date
    shift_start: int
    shift_end: int
    start: Point
    end: Point | None
    pause: Break | None
    max_visits: int
    max_travel_minutes: int
    stops: tuple[Stop, ...] = ()

    def __post_init__(self) -> None:
        if self.shift_end <= self.shift_start:
            raise ValueError("shift_end is not after shift_start")
        if self.max_visits < 0 or self.max_travel_minutes < 0:
            raise ValueError("max_visits and max_travel_minutes must not be negative")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clinician as eligibility sees them."""

    id: UUID
    name: str
    active: bool
    holder: LicenceHolder
    skills: frozenset[str]
    blocked_patients: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a service at a place, and the windows in which arrival may lie."""

    patient_id: UUID
    service: CareService
    place: Place
    windows: tuple[TimeWindow, ...]
    preferred_clinician_id: UUID | None = None
    patient_busy: tuple[TimeWindow, ...] = ()
    days_taken: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The dated facts of licensure and scope in force."""

    scope_rules: tuple[ScopeRule, ...]
    compacts: tuple[CompactMember, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everyone and everything on a set of days, as read in one look.

    `routes` holds one entry a clinician and day with a shift; who has a shift but is off is not in.
    """

    clinicians: Mapping[UUID, Candidate]
    routes: tuple[Route, ...]
    rulebook: Rulebook
    off: Mapping[tuple[UUID, date], str] = field(default_factory=dict)
