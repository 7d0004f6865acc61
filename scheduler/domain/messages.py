"""Messages: their states, when one may go, and which ones a visit calls for."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from scheduler.domain.errors import IllegalTransition
from scheduler.domain.timing import at_local, find_zone


class MessageState(StrEnum):
    """Where a message stands; see docs/messages.md."""

    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    UNDELIVERED = "UNDELIVERED"
    FAILED = "FAILED"
    SUPPRESSED = "SUPPRESSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNCONFIRMED = "UNCONFIRMED"
    NEEDS_PERSON = "NEEDS_PERSON"


class MessageEvent(StrEnum):
    """What can happen to a message."""

    CLAIM = "claim"
    SUPERSEDE = "visit moved or cancelled"
    RUN_OUT = "past its useful time"
    SUPPRESS = "not allowed to go"
    POSTPONE = "later"
    POST = "intent to post"
    ACCEPT = "accepted by the provider"
    RETRY = "refused for now"
    REFUSE = "refused for good"
    LOSE = "answer lost"
    HAND_OVER = "nobody can say whether it left"


_S, _E = MessageState, MessageEvent

MESSAGE_TRANSITIONS: dict[tuple[MessageState, MessageEvent], MessageState] = {
    (_S.PENDING, _E.CLAIM): _S.CLAIMED,
    (_S.CLAIMED, _E.CLAIM): _S.CLAIMED,
    (_S.PENDING, _E.SUPERSEDE): _S.CANCELLED,
    (_S.CLAIMED, _E.SUPERSEDE): _S.CANCELLED,
    (_S.PENDING, _E.RUN_OUT): _S.EXPIRED,
    (_S.CLAIMED, _E.RUN_OUT): _S.EXPIRED,
    (_S.PENDING, _E.SUPPRESS): _S.SUPPRESSED,
    (_S.CLAIMED, _E.SUPPRESS): _S.SUPPRESSED,
    (_S.CLAIMED, _E.POSTPONE): _S.PENDING,
    (_S.CLAIMED, _E.POST): _S.SENDING,
    (_S.SENDING, _E.POSTPONE): _S.PENDING,
    (_S.SENDING, _E.RETRY): _S.PENDING,
    (_S.SENDING, _E.ACCEPT): _S.ACCEPTED,
    (_S.SENDING, _E.REFUSE): _S.FAILED,
    (_S.SENDING, _E.LOSE): _S.UNKNOWN,
    (_S.UNKNOWN, _E.ACCEPT): _S.ACCEPTED,
    (_S.UNKNOWN, _E.HAND_OVER): _S.NEEDS_PERSON,
}

NOT_POSTED = frozenset({_S.PENDING, _S.CLAIMED})
IN_FLIGHT = frozenset({_S.SENDING, _S.UNKNOWN})


def next_message_state(state: MessageState, event: MessageEvent) -> MessageState:
    """Return the state that follows; raises IllegalTransition where the table has none."""
    try:
        return MESSAGE_TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"a {state.value} message cannot take: {event.value}") from None


class Template(StrEnum):
    """The texts that exist, by file name under templates/sms/."""

    CONFIRMATION = "confirmation"
    SERIES_PLANNED = "series_planned"
    CHOOSE_TIME = "choose_time"
    REMINDER_7D = "reminder_7d"
    REMINDER_48H = "reminder_48h"
    REMINDER_24H = "reminder_24h"
    REMINDER_2H = "reminder_2h"
    MOVED = "moved"
    CANCELLED = "cancelled"


QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
LAST_CALL = timedelta(minutes=30)
"""What must go before the quiet hours goes this long before they begin."""


def is_quiet(instant: datetime, zone: str) -> bool:
    """Say whether the instant lies in the patient's quiet hours (9 pm to 8 am local, 04)."""
    wall = instant.astimezone(find_zone(zone)).time()
    return wall >= QUIET_FROM or wall < QUIET_UNTIL


def next_allowed(instant: datetime, zone: str) -> datetime:
    """Return the instant itself, or the end of the quiet hours that it lies in."""
    if not is_quiet(instant, zone):
        return instant
    local = instant.astimezone(find_zone(zone))
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return at_local(day, QUIET_UNTIL, zone)


def send_time(wanted: datetime, expires_at: datetime, zone: str) -> datetime:
    """Return when a message wanted at an instant goes.

    In quiet hours it waits for 8 am; if by then it is useless it goes before the quiet hours.
    """
    later = next_allowed(wanted, zone)
    if later < expires_at:
        return later
    local = wanted.astimezone(find_zone(zone))
    day = local.date() - timedelta(days=1 if local.time() < QUIET_UNTIL else 0)
    return at_local(day, QUIET_FROM, zone) - LAST_CALL


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message to write into the outbox: when it goes and until when it is of use."""

    template: Template
    not_before: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReminderTime:
    """One reminder of the programme, so many hours before the window opens."""

    template: Template
    hours_before: int
    series_only: bool = False


REMINDERS = (
    ReminderTime(Template.REMINDER_7D, 7 * 24, series_only=True),
    ReminderTime(Template.REMINDER_48H, 48),
    ReminderTime(Template.REMINDER_24H, 24),
    ReminderTime(Template.REMINDER_2H, 2),
)
_USEFUL_FOR = timedelta(hours=4)


def plan_reminders(
    window_opens: datetime, zone: str, now: datetime, *, in_series: bool
) -> list[PlannedMessage]:
    """Return the reminders still ahead for a visit whose arrival window opens at the instant.

    A reminder of days is the same wall-clock time so many days before; one of hours counts hours.
    Those whose time has passed when the visit is booked are left out.
    """
    planned = []
    for reminder in REMINDERS:
        if reminder.series_only and not in_series:
            continue
        wanted = _wanted_at(window_opens, reminder.hours_before, zone)
        if wanted <= now:
            continue
        expires_at = min(window_opens, wanted + _useful(reminder.hours_before))
        goes = send_time(wanted, expires_at, zone)
        if goes > now:
            planned.append(PlannedMessage(reminder.template, goes, expires_at))
    return planned


def _useful(hours_before: int) -> timedelta:
    return max(_USEFUL_FOR, timedelta(hours=hours_before / 2))


def _wanted_at(window_opens: datetime, hours_before: int, zone: str) -> datetime:
    if hours_before % 24:
        return window_opens - timedelta(hours=hours_before)
    local = window_opens.astimezone(find_zone(zone))
    day = local.date() - timedelta(days=hours_before // 24)
    return at_local(day, local.time(), zone)
