"""The day's drive of every clinician near the patient, as the tour prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TextIO
from uuid import UUID

from scheduler.demo.story import Story
from scheduler.demo.telling import heading, name_of, say
from scheduler.domain.geography import Point, great_circle_km
from scheduler.domain.timing import TimeWindow, find_zone
from scheduler.services.texts import say_window
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.people import AddressRow
from scheduler.store.visits import VisitRow

AREA_KM = 80.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One stop with the drive to it."""

    visit: VisitRow
    address: AddressRow
    drive_minutes: int

    @property
    def leave_by(self) -> datetime:
        """When to leave so as to arrive as planned."""
        return self.visit.starts_at - timedelta(minutes=self.drive_minutes)


def tell_routes(story: Story, on: date, clinician_id: UUID, out: TextIO) -> None:
    """Print the routes of a day for everyone with a visit who starts near the clinician."""
    session = story.session
    chosen = queries.clinician_with_all(session, clinician_id)
    centre = Point(chosen.start_latitude, chosen.start_longitude)
    rows = queries.clinicians_near(session, centre, AREA_KM)
    visits = queries.visits_on(session, [row.id for row in rows], on, on, story.now())
    heading(out, f"4. The routes of {on:%a %b} {on.day}")
    for row in sorted(rows, key=lambda each: each.name):
        start = Point(row.start_latitude, row.start_longitude)
        mine = [found for found in visits if found[0].clinician_id == row.id]
        if mine and great_circle_km(centre, start) <= AREA_KM:
            _tell_route(story, row, on, mine, out)


def _tell_route(
    story: Story,
    row: ClinicianRow,
    on: date,
    stops: Sequence[tuple[VisitRow, AddressRow]],
    out: TextIO,
) -> None:
    legs, way_home = _legs(story, row, stops)
    shift = mapping.shift_on(row, on)
    if shift is None:
        return
    drive = sum(leg.drive_minutes for leg in legs) + way_home
    visits = "1 visit" if len(legs) == 1 else f"{len(legs)} visits"
    say(
        out,
        f"{name_of(story.session, row.id)}: shift {shift.opens:%H:%M}-{shift.closes:%H:%M},"
        f" {visits}, {drive} min driving",
    )
    for leg in legs:
        say(out, f"  {_leg_words(leg, row.timezone)}")
    home_at = legs[-1].visit.ends_at + timedelta(minutes=way_home)
    say(out, f"  back by {_clock(home_at, row.timezone)} after {way_home} min of driving")


def _leg_words(leg: Leg, zone: str) -> str:
    visit = leg.visit
    window = TimeWindow(visit.window_starts_at, visit.window_ends_at)
    return (
        f"leave by {_clock(leg.leave_by, zone)}, drive {leg.drive_minutes} min"
        f" to {leg.address.state} {leg.address.zip_code},"
        f" arrive {_clock(visit.starts_at, zone)}"
        f" (promised {say_window(window, visit.timezone)}),"
        f" end {_clock(visit.ends_at, zone)}"
    )


def _legs(
    story: Story, row: ClinicianRow, stops: Sequence[tuple[VisitRow, AddressRow]]
) -> tuple[list[Leg], int]:
    """Return the legs in order and the minutes of the way home."""
    home = Point(row.start_latitude, row.start_longitude)
    points = [home, *(mapping.place(address).point for _, address in stops), home]
    minutes = story.ports.travel.minutes(points, points)
    drives = [int(minutes[n, n + 1]) for n in range(len(points) - 1)]
    legs = [
        Leg(visit, address, drive)
        for (visit, address), drive in zip(stops, drives[:-1], strict=True)
    ]
    return legs, drives[-1]


def _clock(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(find_zone(zone)):%H:%M}"
