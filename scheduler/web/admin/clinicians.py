"""Clinicians: the list, one of them, and what they are."""

from uuid import UUID, uuid4

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from scheduler.domain.errors import InvalidInput
from scheduler.domain.geography import PostalAddress
from scheduler.domain.licensure import Credential
from scheduler.domain.rosters import Pause
from scheduler.services.clinician_register import (
    ClinicianEntry,
    known_skills,
    list_clinicians,
    show_clinician,
)
from scheduler.services.clinicians import (
    ClinicianFacts,
    add_clinician,
    edit_clinician,
    set_active,
    set_skills,
)
from scheduler.web.admin.asking import (
    Ask,
    AskPage,
    credentials,
    number_ask,
    reason_ask,
    show,
    states,
    take,
)
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import (
    BreakMinutes,
    Line,
    Name,
    Skill,
    TravelMinutes,
    Visits,
    Wall,
    Why,
)
from scheduler.web.admin.words import skill_words
from scheduler.web.fields import State, Zip
from scheduler.web.forms import Form
from scheduler.web.wiring import current_desk


class ClinicianForm(Form):
    """Who a clinician is, where they start, and the limits of their day."""

    new_id: UUID | None = None
    name: Name
    credential: Credential
    street: Line = ""
    city: Name
    state: State
    zip_code: Zip
    max_visits: Visits
    max_travel_minutes: TravelMinutes
    break_minutes: BreakMinutes | None = None
    break_opens: Wall | None = None
    break_closes: Wall | None = None


class SkillsForm(Form):
    """The skills that a clinician has; a word that no service uses yet may be added."""

    skills: list[Skill] = Field(default_factory=list, max_length=60)
    new_skill: Skill | None = None


class ReasonForm(Form):
    """Why."""

    reason: Why


@bp.get("")
def clinicians() -> ResponseReturnValue:
    """List everybody on the register."""
    return render_template("admin/clinicians.html", clinicians=list_clinicians(current_desk()))


@bp.route("/clinicians/new", methods=["GET", "POST"])
def new_clinician() -> ResponseReturnValue:
    """Enter a clinician."""
    page = AskPage(
        title=_("New clinician"),
        asks=(Ask("new_id", _("This form"), kind="hidden"), *_asks()),
        button=_("Enter the clinician"),
        back=url_for("admin.clinicians"),
        back_words=_("Clinicians"),
        done=_("The clinician is entered. Add licenses, skills and weekly hours next."),
        lead=_("Nobody is offered to patients before they have a license, skills and hours."),
    )
    if request.method == "GET":
        return show(page, {"new_id": uuid4(), "max_visits": 6, "max_travel_minutes": 240})
    return take(
        page,
        ClinicianForm,
        lambda form: add_clinician(current_desk(), form.new_id or uuid4(), _facts(form)),
    )


def _asks() -> tuple[Ask, ...]:
    return (
        Ask("name", _("Name"), extra={"maxlength": 80, "autocomplete": "off"}),
        Ask("credential", _("Credential"), kind="select", options=credentials()),
        Ask(
            "street",
            _("Street of the home"),
            required=False,
            hint=_(
                "The day's drive begins and ends there. Without it: the middle of the ZIP area."
            ),
            extra={"maxlength": 80, "autocomplete": "off"},
        ),
        Ask("city", _("City"), extra={"maxlength": 80, "autocomplete": "off"}),
        Ask(
            "state",
            _("State of residence"),
            kind="select",
            options=states(),
            hint=_("A multistate license counts only from the state of residence."),
        ),
        Ask("zip_code", _("ZIP code"), extra={"inputmode": "numeric", "maxlength": 10}),
        number_ask("max_visits", _("Visits a day, at most"), 24),
        number_ask("max_travel_minutes", _("Minutes of driving a day, at most"), 960),
        number_ask(
            "break_minutes",
            _("Break in minutes"),
            240,
            _("Leave all three empty where there is no break."),
            required=False,
        ),
        Ask("break_opens", _("Break begins at the earliest"), type="time", required=False),
        Ask("break_closes", _("Break begins at the latest"), type="time", required=False),
    )


def _facts(form: ClinicianForm) -> ClinicianFacts:
    return ClinicianFacts(
        name=form.name,
        credential=form.credential,
        home=PostalAddress(form.street, form.city, form.state, form.zip_code),
        max_visits=form.max_visits,
        max_travel_minutes=form.max_travel_minutes,
        pause=_pause(form),
    )


def _pause(form: ClinicianForm) -> Pause | None:
    if form.break_minutes is None and form.break_opens is None and form.break_closes is None:
        return None
    if form.break_minutes is None or form.break_opens is None or form.break_closes is None:
        given = form.model_dump()
        names = ("break_minutes", "break_opens", "break_closes")
        words = _("Fill in all three, or none.")
        raise InvalidInput({name: words for name in names if given[name] is None})
    if form.break_closes < form.break_opens:
        raise InvalidInput({"break_closes": _("must not be before the earliest")})
    return Pause(form.break_minutes, form.break_opens, form.break_closes)


@bp.get("/clinicians/<uuid:clinician_id>")
def clinician(clinician_id: UUID) -> ResponseReturnValue:
    """Show one clinician."""
    return render_template(
        "admin/clinician.html", page=show_clinician(current_desk(), clinician_id)
    )


@bp.route("/clinicians/<uuid:clinician_id>/edit", methods=["GET", "POST"])
def edit(clinician_id: UUID) -> ResponseReturnValue:
    """Change a clinician."""
    desk = current_desk()
    entry = show_clinician(desk, clinician_id).entry
    page = AskPage(
        title=_("Change %(name)s", name=entry.name),
        asks=_asks(),
        button=_("Save"),
        back=url_for("admin.clinician", clinician_id=clinician_id),
        back_words=entry.name,
        done=_("Saved."),
        lead=_(
            "What was promised to patients must still hold: a change that a promised visit could "
            "not keep is refused. The limits of a day count for new visits only."
        ),
    )
    if request.method == "GET":
        return show(page, _typed(entry))
    return take(page, ClinicianForm, lambda form: edit_clinician(desk, clinician_id, _facts(form)))


def _typed(entry: ClinicianEntry) -> dict[str, object]:
    pause = entry.pause
    return {
        "name": entry.name,
        "credential": entry.credential,
        "street": entry.home_street,
        "city": entry.home_city,
        "state": entry.home_state,
        "zip_code": entry.home_zip,
        "max_visits": entry.max_visits,
        "max_travel_minutes": entry.max_travel_minutes,
        "break_minutes": pause.minutes if pause else None,
        "break_opens": f"{pause.opens:%H:%M}" if pause else None,
        "break_closes": f"{pause.closes:%H:%M}" if pause else None,
    }


@bp.route("/clinicians/<uuid:clinician_id>/skills", methods=["GET", "POST"])
def skills(clinician_id: UUID) -> ResponseReturnValue:
    """Say what a clinician can do."""
    desk = current_desk()
    entry = show_clinician(desk, clinician_id).entry
    words = sorted({*known_skills(desk), *entry.skills})
    page = AskPage(
        title=_("Skills of %(name)s", name=entry.name),
        asks=(
            Ask(
                "skills",
                _("Skills"),
                kind="checkboxes",
                required=False,
                options=[(word, skill_words(word)) for word in words],
                hint=_("These are the skills that services ask for, and those they have."),
            ),
            Ask("new_skill", _("Another skill"), required=False, extra={"maxlength": 40}),
        ),
        button=_("Save"),
        back=url_for("admin.clinician", clinician_id=clinician_id),
        back_words=entry.name,
        done=_("Saved."),
    )
    if request.method == "GET":
        return show(page, {"skills": list(entry.skills)})

    def act(form: SkillsForm) -> None:
        added = {form.new_skill} if form.new_skill else set()
        set_skills(desk, clinician_id, frozenset({*form.skills, *added}))

    return take(page, SkillsForm, act)


@bp.route("/clinicians/<uuid:clinician_id>/deactivate", methods=["GET", "POST"])
def deactivate(clinician_id: UUID) -> ResponseReturnValue:
    """Take a clinician off the plan."""
    shown = show_clinician(current_desk(), clinician_id)
    lead = _(
        "Nobody will be offered this clinician any more. Visits that stand with them: %(count)s. "
        "While there are any, this is refused: dispatch finds others for them first.",
        count=shown.visits_ahead,
    )
    words = (_("Take %(name)s off the plan", name=shown.entry.name), _("Take off the plan"), lead)
    return _switch(shown.entry, words, active=False)


@bp.route("/clinicians/<uuid:clinician_id>/reactivate", methods=["GET", "POST"])
def reactivate(clinician_id: UUID) -> ResponseReturnValue:
    """Put a clinician back on the plan."""
    entry = show_clinician(current_desk(), clinician_id).entry
    title = _("Put %(name)s back on the plan", name=entry.name)
    return _switch(entry, (title, _("Put back on the plan"), ""), active=True)


def _switch(
    entry: ClinicianEntry, words: tuple[str, str, str], *, active: bool
) -> ResponseReturnValue:
    title, button, lead = words
    page = AskPage(
        title=title,
        asks=(reason_ask(),),
        button=button,
        back=url_for("admin.clinician", clinician_id=entry.id),
        back_words=entry.name,
        done=_("Saved."),
        lead=lead,
        danger=not active,
    )
    if request.method == "GET":
        return show(page)
    desk = current_desk()
    return take(
        page, ReasonForm, lambda form: set_active(desk, entry.id, form.reason, active=active)
    )
