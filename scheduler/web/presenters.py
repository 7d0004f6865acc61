"""What people read: local times and plain words for states. Codes are never shown."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from scheduler.domain.messages import MessageState
from scheduler.domain.phones import phone_words
from scheduler.domain.series import AttemptState, SeriesState
from scheduler.domain.visits import VisitState
from scheduler.store.people import Role
from scheduler.store.visits import RequestState

_HOUR = 60


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of a role's navigation; `count` is shown beside the words where there is one."""

    words: str
    url: str
    count: int | None = None


def register(app: Flask) -> None:
    """Give the templates their words."""
    app.add_template_filter(capitalize_first)
    app.add_template_filter(phone_words, "phone")
    for function in (
        day_words,
        date_words,
        clock_words,
        instant_words,
        window_words,
        wanted_words,
        minutes_words,
        place_time_words,
        state_words,
        state_kind,
    ):
        app.add_template_global(function)


def capitalize_first(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def minutes_words(count: int) -> str:
    """Return how long something takes, such as 2 hours 25 minutes."""
    hours, minutes = divmod(count, _HOUR)
    parts = [
        ngettext("%(num)s hour", "%(num)s hours", hours) if hours else "",
        ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes or not hours else "",
    ]
    return " ".join(part for part in parts if part)


def day_words(on: date) -> str:
    """Return a day, such as Tue, Oct 27."""
    return f"{on:%a, %b} {on.day}"


def date_words(on: date) -> str:
    """Return a day with its year, such as Oct 27, 2026."""
    return f"{on:%b} {on.day}, {on.year}"


def clock_words(instant: datetime, zone: str) -> str:
    """Return the wall time in a zone, such as 9:05 AM."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local:%M %p}"


def zone_words(instant: datetime, zone: str) -> str:
    """Return the zone's short name at the instant, such as CDT."""
    return instant.astimezone(ZoneInfo(zone)).tzname() or zone


def instant_words(instant: datetime, zone: str) -> str:
    """Return day, time and zone, such as Tue, Oct 27, 9:05 AM CDT."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day_words(local.date())}, {clock_words(instant, zone)} {zone_words(instant, zone)}"


def window_words(opens: datetime, closes: datetime, zone: str, *, with_day: bool = True) -> str:
    """Return an arrival window, such as Tue, Oct 27, 10:00 AM to 12:00 PM CDT."""
    start = clock_words(opens, zone)
    if with_day:
        start = f"{day_words(opens.astimezone(ZoneInfo(zone)).date())}, {start}"
    if opens == closes:
        return f"{start} {zone_words(opens, zone)}"
    end = f"{clock_words(closes, zone)} {zone_words(closes, zone)}"
    return str(_("%(start)s to %(end)s", start=start, end=end))


def wanted_words(opens: datetime, closes: datetime, zone: str) -> str:
    """Return when a visit is wanted: days where it is several: Mon, Oct 26 to Fri, Oct 30."""
    here = ZoneInfo(zone)
    first = opens.astimezone(here).date()
    last = (closes - timedelta(microseconds=1)).astimezone(here).date()
    if first >= last:
        return window_words(opens, closes, zone)
    return str(_("%(start)s to %(end)s", start=day_words(first), end=day_words(last)))


def place_time_words(zone: str) -> str:
    """Return a zone's name in words, such as Central Time."""
    return get_timezone_name(
        ZoneInfo(zone), width="long", zone_variant="generic", locale=get_locale()
    )


def state_words(state: StrEnum) -> str:
    """Return plain words for the state of a visit, request, message, series, dose, or a role."""
    return _words()[type(state)][state]


def state_kind(state: StrEnum) -> str:
    """Return how a state looks: good, waiting, doing, warning or over. Never by colour alone."""
    return _KINDS.get((type(state), state), "waiting")


_V, _R, _M = VisitState, RequestState, MessageState
_KINDS: dict[tuple[type[StrEnum], StrEnum], str] = {
    (_V, _V.BOOKED): "good",
    (_V, _V.EN_ROUTE): "doing",
    (_V, _V.ARRIVED): "doing",
    (_V, _V.STARTED): "doing",
    (_V, _V.COMPLETED): "over",
    (_V, _V.CANCELLED): "over",
    (_V, _V.EXPIRED): "over",
    (_V, _V.NO_SHOW): "warning",
    (_R, _R.OPEN): "doing",
    (_R, _R.BOOKED): "good",
    (_R, _R.DECLINED): "over",
    (_R, _R.CLOSED): "over",
    (_M, _M.NEEDS_PERSON): "warning",
}


def _words() -> dict[type[StrEnum], dict[StrEnum, str]]:
    return {
        VisitState: _visit_words(),
        RequestState: _request_words(),
        MessageState: _message_words(),
        SeriesState: _series_words(),
        AttemptState: _dose_words(),
        Role: _role_words(),
    }


def _visit_words() -> dict[StrEnum, str]:
    return {
        VisitState.RESERVED: _("kept for a few minutes"),
        VisitState.TENTATIVE: _("planned"),
        VisitState.BOOKED: _("booked"),
        VisitState.EN_ROUTE: _("on the way"),
        VisitState.ARRIVED: _("arrived"),
        VisitState.STARTED: _("going on now"),
        VisitState.COMPLETED: _("done"),
        VisitState.CANCELLED: _("canceled"),
        VisitState.NO_SHOW: _("nobody was met"),
        VisitState.EXPIRED: _("not confirmed in time"),
    }


def _request_words() -> dict[StrEnum, str]:
    return {
        RequestState.AWAITING_REVIEW: _("waiting for the prescriber"),
        RequestState.AWAITING_ORDER: _("waiting for the prescriber's order"),
        RequestState.OPEN: _("a time can be chosen"),
        RequestState.BOOKED: _("has its visit"),
        RequestState.DECLINED: _("declined by the prescriber"),
        RequestState.CLOSED: _("closed"),
    }


def _role_words() -> dict[StrEnum, str]:
    return {
        Role.PATIENT: _("patient"),
        Role.DISPATCHER: _("dispatcher"),
        Role.CLINICIAN: _("clinician"),
        Role.PRESCRIBER: _("prescriber"),
        Role.MEDICAL_DIRECTOR: _("medical director"),
        Role.ADMINISTRATOR: _("administrator"),
    }


def _message_words() -> dict[StrEnum, str]:
    return {
        MessageState.PENDING: _("waiting for its time"),
        MessageState.CLAIMED: _("about to go"),
        MessageState.SENDING: _("going out"),
        MessageState.UNKNOWN: _("not known whether it went out"),
        MessageState.ACCEPTED: _("handed to the carrier"),
        MessageState.SENT: _("sent"),
        MessageState.DELIVERED: _("delivered"),
        MessageState.UNDELIVERED: _("not delivered"),
        MessageState.FAILED: _("could not be sent"),
        MessageState.SUPPRESSED: _("held back"),
        MessageState.CANCELLED: _("no longer true, withdrawn"),
        MessageState.EXPIRED: _("too late to be of use"),
        MessageState.UNCONFIRMED: _("sent, delivery not confirmed"),
        MessageState.NEEDS_PERSON: _("somebody must call"),
    }


def _series_words() -> dict[StrEnum, str]:
    return {
        SeriesState.PROPOSED: _("proposed"),
        SeriesState.SCREENING: _("being looked at"),
        SeriesState.CLEARED: _("cleared"),
        SeriesState.ACTIVE: _("going on"),
        SeriesState.ON_HOLD: _("paused"),
        SeriesState.AWAITING_REVIEW: _("waiting for the prescriber"),
        SeriesState.COMPLETED: _("completed"),
        SeriesState.STOPPED: _("stopped"),
        SeriesState.EXPIRED: _("run out"),
        SeriesState.CANCELLED: _("canceled"),
    }


def _dose_words() -> dict[StrEnum, str]:
    return {
        AttemptState.LOCKED: _("after the visit before"),
        AttemptState.ELIGIBLE: _("waiting for the prescriber"),
        AttemptState.DOSE_AUTHORISED: _("signed off"),
        AttemptState.BOOKED: _("signed off"),
        AttemptState.EN_ROUTE: _("clinician on the way"),
        AttemptState.PRE_CHECK: _("checks before the start"),
        AttemptState.READY: _("ready"),
        AttemptState.ADMINISTERING: _("being given"),
        AttemptState.OBSERVING: _("being watched"),
        AttemptState.DISCHARGED: _("finished, record still open"),
        AttemptState.OUTCOME_RECORDED: _("given"),
        AttemptState.HELD: _("held back"),
        AttemptState.OMITTED: _("left out"),
        AttemptState.ABORTED: _("stopped early"),
        AttemptState.DEFERRED: _("put off"),
        AttemptState.MISSED: _("missed"),
    }
