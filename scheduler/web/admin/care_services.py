"""Services: what the practice offers and how long it takes."""

from typing import Annotated

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field, StringConstraints

from scheduler.domain.care import WayOfGiving
from scheduler.services.care_services import (
    ServiceEntry,
    ServiceFacts,
    add_service,
    edit_service,
    list_services,
    show_service,
)
from scheduler.services.clinician_register import known_skills
from scheduler.web.admin.asking import Ask, AskPage, number_ask, show, take
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import Minutes, Name, Skill
from scheduler.web.admin.words import skill_words
from scheduler.web.care_words import care_words
from scheduler.web.forms import Form
from scheduler.web.presenters import capitalize_first
from scheduler.web.wiring import current_desk

CareMinutes = Annotated[int, Field(ge=1, le=600)]
WindowMinutes = Annotated[int, Field(ge=0, le=480)]


class ServiceForm(Form):
    """What may change of a service."""

    name: Name
    skills: list[Skill] = Field(default_factory=list, max_length=60)
    new_skill: Skill | None = None
    needs_order: bool = False
    dosed: bool = False
    preparation_minutes: Minutes
    care_minutes: CareMinutes
    pack_down_minutes: Minutes
    arrival_window_minutes: WindowMinutes
    active: bool = False


class NewServiceForm(ServiceForm):
    """A service with what never changes."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    way_of_giving: WayOfGiving


@bp.get("/services")
def services() -> ResponseReturnValue:
    """List the services."""
    return render_template("admin/services.html", services=list_services(current_desk()))


@bp.route("/services/new", methods=["GET", "POST"])
def new_service() -> ResponseReturnValue:
    """Add a service."""
    desk = current_desk()
    fixed = (
        Ask(
            "code",
            _("Short name for programs"),
            hint=_("Small letters, digits and _, for example iv_hydration. It never changes."),
            extra={"maxlength": 40, "autocomplete": "off"},
        ),
        Ask(
            "way_of_giving",
            _("Way of giving"),
            kind="select",
            options=[(way.value, capitalize_first(care_words(way))) for way in WayOfGiving],
            hint=_("It never changes: what is allowed in each state hangs on it."),
        ),
    )
    page = AskPage(
        title=_("New service"),
        asks=(*fixed, *_asks(frozenset(known_skills(desk)))),
        button=_("Add the service"),
        back=url_for("admin.services"),
        back_words=_("Services"),
        done=_("The service is added."),
    )
    if request.method == "GET":
        return show(page, {"skills": [], "active": True, "arrival_window_minutes": 60})

    def act(form: NewServiceForm) -> None:
        add_service(desk, form.code, form.way_of_giving, _facts(form))

    return take(page, NewServiceForm, act)


@bp.route("/services/<code>", methods=["GET", "POST"])
def service(code: str) -> ResponseReturnValue:
    """Change a service."""
    desk = current_desk()
    entry = show_service(desk, code)
    known = entry.service
    page = AskPage(
        title=_("Change %(name)s", name=known.name),
        asks=_asks(known.skills | set(known_skills(desk))),
        button=_("Save"),
        back=url_for("admin.services"),
        back_words=_("Services"),
        done=_("Saved. Visits already promised keep their times."),
        lead=_("Visits already promised keep their times; changes count for new ones."),
        facts=[
            (_("Short name for programs"), known.code),
            (_("Way of giving"), capitalize_first(care_words(known.way_of_giving))),
        ],
    )
    if request.method == "GET":
        return show(page, _typed(entry))
    return take(page, ServiceForm, lambda form: edit_service(desk, code, _facts(form)))


def _asks(skills: frozenset[str] | set[str]) -> tuple[Ask, ...]:
    return (
        Ask("name", _("Name"), extra={"maxlength": 80}),
        Ask(
            "skills",
            _("Skills it asks for"),
            kind="checkboxes",
            required=False,
            options=[(word, skill_words(word)) for word in sorted(skills)],
        ),
        Ask("new_skill", _("Another skill"), required=False, extra={"maxlength": 40}),
        Ask("needs_order", _("Only with a prescriber's order"), kind="checkbox"),
        Ask("dosed", _("Doses follow an approved protocol"), kind="checkbox"),
        number_ask("preparation_minutes", _("Minutes to prepare"), 600),
        number_ask("care_minutes", _("Minutes of care"), 600),
        number_ask("pack_down_minutes", _("Minutes to pack up"), 600),
        number_ask(
            "arrival_window_minutes",
            _("Arrival window in minutes"),
            480,
            _("How long the time is in which patients are told to expect somebody."),
        ),
        Ask("active", _("Patients can ask for it"), kind="checkbox"),
    )


def _facts(form: ServiceForm) -> ServiceFacts:
    added = {form.new_skill} if form.new_skill else set()
    return ServiceFacts(
        name=form.name,
        skills=frozenset({*form.skills, *added}),
        needs_order=form.needs_order,
        dosed=form.dosed,
        preparation_minutes=form.preparation_minutes,
        care_minutes=form.care_minutes,
        pack_down_minutes=form.pack_down_minutes,
        arrival_window_minutes=form.arrival_window_minutes,
        active=form.active,
    )


def _typed(entry: ServiceEntry) -> dict[str, object]:
    names = ("name", "needs_order", "dosed", "preparation_minutes", "care_minutes")
    more = ("pack_down_minutes", "arrival_window_minutes")
    values: dict[str, object] = {name: getattr(entry.service, name) for name in (*names, *more)}
    return values | {"skills": sorted(entry.service.skills), "active": entry.active}
