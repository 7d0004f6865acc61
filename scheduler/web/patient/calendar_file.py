"""Visits as calendar files: neutral titles, no health data, the arrival window as the time."""

from collections.abc import Iterable
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from icalendar import Calendar, Event

from scheduler.domain.visits import VisitState
from scheduler.services.desk import Desk
from scheduler.services.patient_cards import VisitCard
from scheduler.services.patient_home import look_at_my_visit, visits_for_calendar
from scheduler.web.patient.blueprint import bp
from scheduler.web.wiring import current_desk

_STATUS = {
    VisitState.RESERVED: "TENTATIVE",
    VisitState.TENTATIVE: "TENTATIVE",
    VisitState.CANCELLED: "CANCELLED",
    VisitState.EXPIRED: "CANCELLED",
}


@bp.get("/calendar.ics")
def calendar() -> ResponseReturnValue:
    """Give all visits as one file."""
    desk = current_desk()
    return _file(desk, visits_for_calendar(desk))


@bp.get("/visits/<uuid:visit_id>/calendar.ics")
def visit_calendar(visit_id: UUID) -> ResponseReturnValue:
    """Give one visit as a file."""
    desk = current_desk()
    return _file(desk, [look_at_my_visit(desk, visit_id)])


def _file(desk: Desk, visits: Iterable[VisitCard]) -> Response:
    book = Calendar()
    book.add("prodid", "-//Visit Scheduler//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    for visit in visits:
        book.add_component(_event(desk, visit))
    book.add_missing_timezones()
    answer = Response(book.to_ical(), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=visits.ics"
    return answer


def _event(desk: Desk, visit: VisitCard) -> Event:
    zone = ZoneInfo(visit.timezone)
    event = Event()
    event.add("uid", f"{visit.id}@visits")
    event.add("sequence", visit.promise_version)
    event.add("dtstamp", desk.now())
    event.add("dtstart", visit.window.starts_at.astimezone(zone))
    if visit.window.ends_at > visit.window.starts_at:
        event.add("dtend", visit.window.ends_at.astimezone(zone))
    event.add("summary", _("Home visit"))
    event.add("location", visit.address.words)
    event.add("status", _STATUS.get(visit.state, "CONFIRMED"))
    event.add("description", _description(desk, visit))
    return event


def _description(desk: Desk, visit: VisitCard) -> str:
    return str(
        _(
            "Somebody from %(practice)s arrives between these times. Questions? Call %(phone)s. "
            "How it stands now: %(link)s",
            practice=desk.practice.name,
            phone=desk.practice.phone,
            link=f"{desk.practice.base_url}/my/visits/{visit.id}",
        )
    )
