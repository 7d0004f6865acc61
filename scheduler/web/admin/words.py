"""Plain words of the administrator's pages: days with their year, weekly hours, skills."""

from datetime import time

from flask_babel import gettext as _

from scheduler.domain.driving import DayPart
from scheduler.domain.rosters import OPEN_END, Pause, WeeklyShift
from scheduler.web.presenters import date_words

_LETTERS = frozenset({"im", "iv", "sc"})


def weekday_words(weekday: int) -> str:
    """Return the name of a weekday; 0 is Monday."""
    names = (
        *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday")),
        *(_("Friday"), _("Saturday"), _("Sunday")),
    )
    return str(names[weekday])


def hours_words(hours: WeeklyShift) -> str:
    """Return the hours of a weekly shift, such as 8:00 AM to 5:00 PM."""
    return str(_("%(start)s to %(end)s", start=_clock(hours.opens), end=_clock(hours.closes)))


def span_words(hours: WeeklyShift) -> str:
    """Return from when until when weekly hours are in force."""
    if hours.through_day == OPEN_END:
        return str(_("from %(day)s until further notice", day=date_words(hours.from_day)))
    first, last = date_words(hours.from_day), date_words(hours.through_day)
    return str(_("%(first)s through %(last)s", first=first, last=last))


def pause_words(pause: Pause) -> str:
    """Return a break, such as 30 minutes, begun between 11:00 AM and 2:30 PM."""
    return str(
        _(
            "%(count)s minutes, begun between %(opens)s and %(closes)s",
            count=pause.minutes,
            opens=_clock(pause.opens),
            closes=_clock(pause.closes),
        )
    )


def _clock(wall: time) -> str:
    return f"{wall.hour % 12 or 12}:{wall:%M %p}"


def day_part_words(part: DayPart) -> str:
    """Return a part of the week with its local hours."""
    words = {
        DayPart.NIGHT: _("nights, 9 PM to 6 AM"),
        DayPart.MORNING_PEAK: _("weekdays, 6 to 9 AM"),
        DayPart.MIDDAY: _("weekdays, 9 AM to 4 PM"),
        DayPart.EVENING_PEAK: _("weekdays, 4 to 7 PM"),
        DayPart.EVENING: _("weekdays, 7 to 9 PM"),
        DayPart.WEEKEND: _("weekends, 6 AM to 9 PM"),
    }
    return str(words[part])


def skill_words(skill: str) -> str:
    """Return a skill as people read it, such as IV start."""
    return " ".join(word.upper() if word in _LETTERS else word for word in skill.split("_"))
