"""Weekly hours and days off of a clinician."""

from typing import Literal
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from scheduler.domain.errors import InvalidInput
from scheduler.domain.rosters import OPEN_END, WeeklyShift
from scheduler.services.clinician_hours import add_shifts, end_shift
from scheduler.services.clinician_register import show_clinician, show_shift, show_time_off
from scheduler.services.staffing import add_time_off, withdraw_time_off
from scheduler.web.admin.asking import Ask, AskPage, day_ask, show, take
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import Day, Line, Wall
from scheduler.web.admin.words import hours_words, span_words, weekday_words
from scheduler.web.forms import Form
from scheduler.web.presenters import date_words
from scheduler.web.wiring import current_desk

Weekday = Literal["0", "1", "2", "3", "4", "5", "6"]


class HoursForm(Form):
    """Weekly hours on one or more weekdays."""

    weekdays: list[Weekday] = Field(
        default_factory=list, validate_default=True, min_length=1, max_length=7
    )
    opens: Wall
    closes: Wall
    from_day: Day
    through_day: Day | None = None


class ThroughForm(Form):
    """The last day of something."""

    through: Day


class TimeOffForm(Form):
    """Whole days off, both included."""

    first_day: Day
    last_day: Day
    reason: Line = ""


class NothingForm(Form):
    """A button alone."""


@bp.route("/clinicians/<uuid:clinician_id>/hours/new", methods=["GET", "POST"])
def new_hours(clinician_id: UUID) -> ResponseReturnValue:
    """Give a clinician weekly hours."""
    desk = current_desk()
    entry = show_clinician(desk, clinician_id).entry
    page = AskPage(
        title=_("New weekly hours of %(name)s", name=entry.name),
        asks=(
            Ask(
                "weekdays",
                _("Weekdays"),
                kind="checkboxes",
                options=[(str(day), weekday_words(day)) for day in range(7)],
            ),
            Ask("opens", _("From"), type="time"),
            Ask("closes", _("To"), type="time"),
            day_ask("from_day", _("First day in force")),
            day_ask(
                "through_day",
                _("Last day in force"),
                _("Leave empty: until further notice."),
                required=False,
            ),
        ),
        button=_("Enter the hours"),
        back=url_for("admin.clinician", clinician_id=clinician_id),
        back_words=entry.name,
        done=_("The hours are entered."),
        lead=_(
            "Times are local to %(zone)s. From their first day on, new hours take the place of "
            "older ones on the same weekday; a visit already promised must still fit.",
            zone=entry.timezone,
        ),
    )
    if request.method == "GET":
        return show(page, {"weekdays": [], "from_day": entry.today})
    return take(page, HoursForm, lambda form: add_shifts(desk, clinician_id, _shifts(form)))


def _shifts(form: HoursForm) -> list[WeeklyShift]:
    through = form.through_day or OPEN_END
    problems = {}
    if form.closes <= form.opens:
        problems["closes"] = _("must be after the beginning")
    if through < form.from_day:
        problems["through_day"] = _("must not be before the first day")
    if problems:
        raise InvalidInput(problems)
    return [
        WeeklyShift(day, form.from_day, through, form.opens, form.closes)
        for day in sorted({int(day) for day in form.weekdays})
    ]


@bp.route("/hours/<uuid:shift_id>/end", methods=["GET", "POST"])
def end_hours(shift_id: UUID) -> ResponseReturnValue:
    """Let weekly hours end."""
    desk = current_desk()
    entry, shift = show_shift(desk, shift_id)
    page = AskPage(
        title=_("End weekly hours of %(name)s", name=entry.name),
        asks=(
            day_ask(
                "through",
                _("Last day in force"),
                _("Hours that would end before they begin are never in force."),
            ),
        ),
        button=_("End the hours"),
        back=url_for("admin.clinician", clinician_id=entry.id),
        back_words=entry.name,
        done=_("The hours are ended."),
        lead=_("Refused while a visit that was promised stands in them afterwards."),
        facts=[
            (_("Hours"), f"{weekday_words(shift.hours.weekday)}, {hours_words(shift.hours)}"),
            (_("In force"), span_words(shift.hours)),
        ],
        danger=True,
    )
    if request.method == "GET":
        return show(page, {"through": entry.today})
    return take(page, ThroughForm, lambda form: end_shift(desk, shift_id, form.through))


@bp.route("/clinicians/<uuid:clinician_id>/time-off/new", methods=["GET", "POST"])
def new_time_off(clinician_id: UUID) -> ResponseReturnValue:
    """Give a clinician days off."""
    desk = current_desk()
    entry = show_clinician(desk, clinician_id).entry
    page = AskPage(
        title=_("New days off of %(name)s", name=entry.name),
        asks=(
            day_ask("first_day", _("First day off")),
            day_ask("last_day", _("Last day off"), _("The last day is off, too.")),
            Ask(
                "reason",
                _("What for"),
                required=False,
                hint=_("Colleagues see this, for example: vacation. No health details, please."),
                extra={"maxlength": 80},
            ),
        ),
        button=_("Enter the days off"),
        back=url_for("admin.clinician", clinician_id=clinician_id),
        back_words=entry.name,
        done=_("The days off are entered."),
    )
    if request.method == "GET":
        return show(page)

    def act(form: TimeOffForm) -> None:
        add_time_off(desk, clinician_id, (form.first_day, form.last_day), form.reason)

    return take(page, TimeOffForm, act)


@bp.route("/time-off/<uuid:time_off_id>/withdraw", methods=["GET", "POST"])
def withdraw_days_off(time_off_id: UUID) -> ResponseReturnValue:
    """Let a clinician work on the days after all."""
    desk = current_desk()
    entry, pause = show_time_off(desk, time_off_id)
    days = _(
        "%(first)s through %(last)s",
        first=date_words(pause.first_day),
        last=date_words(pause.last_day),
    )
    page = AskPage(
        title=_("Withdraw days off of %(name)s", name=entry.name),
        asks=(),
        button=_("Withdraw the days off"),
        back=url_for("admin.clinician", clinician_id=entry.id),
        back_words=entry.name,
        done=_("The days off are withdrawn."),
        lead=_("The clinician can be offered on these days again."),
        facts=[(_("Days off"), days), (_("What for"), pause.reason)],
    )
    if request.method == "GET":
        return show(page)
    return take(page, NothingForm, lambda _form: withdraw_time_off(desk, time_off_id))
