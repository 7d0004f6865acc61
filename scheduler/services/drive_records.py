"""How far estimated drives are off: recorded when clinicians tap, shown by area and hour."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean, quantiles
from uuid import UUID

from sqlalchemy import select

from scheduler.domain.driving import DayPart, day_part
from scheduler.domain.geography import Place, Point
from scheduler.domain.visits import WAS_THERE, VisitState
from scheduler.services.desk import Desk
from scheduler.store import mapping, queries
from scheduler.store.database import transaction
from scheduler.store.drives import DriveRow
from scheduler.store.people import Role
from scheduler.store.visits import VisitRow

MOST_MINUTES = 240
"""A longer drive was not measured: somebody forgot to tap. Nor was one of no minute."""

FEWEST = 5
"""Fewer drives say nothing of an area; their figures are not shown."""

LOOK_BACK = timedelta(days=180)
MOST_DRIVES = 50_000
"""How many of the newest drives are looked at."""

_AT_A_DOOR = WAS_THERE | {VisitState.ARRIVED, VisitState.STARTED}
_FIRST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class DriveEstimate:
    """What is estimated for a drive that begins now; `address_id` is where it leads."""

    address_id: UUID
    area: str
    part: DayPart
    source: str
    minutes: int


def estimate_drive(desk: Desk, visit_id: UUID) -> DriveEstimate:
    """Return the estimate for the drive to a visit, from the visit before it or the start.

    May ask the network: call it before the transaction that begins the drive.
    """
    visit = queries.get(desk.session, VisitRow, visit_id, "visit")
    place = mapping.place(queries.address_of(desk.session, visit.address_id))
    part = day_part(desk.now(), place.timezone)
    travel = desk.ports.travel
    minutes = travel.legs([(_where_from(desk, visit), place.point)], part)
    source = "estimate" if travel.falling_back else travel.name
    return DriveEstimate(visit.address_id, _area(place), part, source, int(minutes[0]))


def _where_from(desk: Desk, visit: VisitRow) -> Point:
    """Return where the clinician was last today: the door of a visit, else their start."""
    clinician = queries.clinician_with_all(desk.session, visit.clinician_id)
    stops = queries.stops_on(
        desk.session, [visit.clinician_id], visit.on_day, visit.on_day, desk.now()
    )
    doors = [address for stop, address in stops if stop.state in _AT_A_DOOR]
    if doors:
        return mapping.place(doors[-1]).point
    return Point(clinician.start_latitude, clinician.start_longitude)


def _area(place: Place) -> str:
    return f"{place.state} {place.zip_code[:_FIRST_DIGITS]}"


def begin_drive(desk: Desk, visit: VisitRow, estimate: DriveEstimate) -> None:
    """Write down, in the transaction under way, that the clinician sets out."""
    if visit.address_id != estimate.address_id:
        return  # moved meanwhile: the estimate is of another drive
    desk.session.add(
        DriveRow(
            visit_id=visit.id,
            set_out_at=desk.now(),
            on_day=visit.on_day,
            area=estimate.area,
            part=estimate.part,
            source=estimate.source,
            estimated_minutes=estimate.minutes,
        )
    )


def end_drive(desk: Desk, visit: VisitRow) -> None:
    """Write down, in the transaction under way, how long the drive took, and forget whose it was.

    A drive that was not measured is not kept.
    """
    drive = desk.session.scalar(select(DriveRow).where(DriveRow.visit_id == visit.id))
    if drive is None or drive.set_out_at is None:
        return
    minutes = round((desk.now() - drive.set_out_at) / timedelta(minutes=1))
    if not 1 <= minutes <= MOST_MINUTES:
        desk.session.delete(drive)
        return
    drive.visit_id, drive.set_out_at, drive.actual_minutes = None, None, minutes


@dataclass(frozen=True, slots=True)
class DriveFigures:
    """The drives of an area (empty: of all) in a part of the week (None: at any hour) by a source.

    `bias`: minutes that drives took longer than estimated, in the mean. `low`, `high`: between
    these lie the middle eight of ten. `kept`: share of drives inside the estimate. All are None
    for fewer than FEWEST drives.
    """

    area: str
    part: DayPart | None
    source: str
    drives: int
    bias: float | None = None
    low: float | None = None
    high: float | None = None
    kept: float | None = None


@dataclass(frozen=True, slots=True)
class DriveReport:
    """All drives, by part of the week, by area, and by both; `left_out`: of those, too few."""

    figures: tuple[DriveFigures, ...]
    left_out: int


_Group = tuple[str, DayPart | None, str]


def drive_figures(desk: Desk) -> DriveReport:
    """Return the figures of the last half year."""
    desk.allow(Role.ADMINISTRATOR)
    with transaction(desk.session):
        desk.record("view drives", "drives", desk.actor.account_id)
    rows = desk.session.execute(
        select(
            DriveRow.area,
            DriveRow.part,
            DriveRow.source,
            DriveRow.estimated_minutes,
            DriveRow.actual_minutes,
        )
        .where(
            DriveRow.actual_minutes.is_not(None),
            DriveRow.on_day >= (desk.now() - LOOK_BACK).date(),
        )
        .order_by(DriveRow.on_day.desc())
        .limit(MOST_DRIVES)
    )
    late: defaultdict[_Group, list[int]] = defaultdict(list)
    for area, part, source, estimated, actual in rows:
        for group in (("", None, source), ("", part, source), (area, None, source)):
            late[group].append((actual or 0) - estimated)
        late[area, part, source].append((actual or 0) - estimated)
    found = [_figures(group, late[group]) for group in sorted(late, key=_order)]
    shown = [each for each in found if each.bias is not None or not (each.area and each.part)]
    return DriveReport(tuple(shown), len(found) - len(shown))


def _order(group: _Group) -> tuple[str, int, str]:
    area, part, source = group
    return area, -1 if part is None else list(DayPart).index(part), source


def _figures(group: _Group, late: Sequence[int]) -> DriveFigures:
    if len(late) < FEWEST:
        return DriveFigures(*group, len(late))
    tenths = quantiles(late, n=10, method="inclusive")
    kept = sum(minutes <= 0 for minutes in late) / len(late)
    return DriveFigures(*group, len(late), fmean(late), tenths[0], tenths[-1], kept)
