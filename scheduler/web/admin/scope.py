"""Scope rules by state, and the license compacts."""

from typing import Annotated
from uuid import UUID

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import AfterValidator, StringConstraints

from scheduler.domain.care import WayOfGiving
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import Credential
from scheduler.services.compacts import CompactEntry, list_compacts, show_compact, switch_compact
from scheduler.services.scope import (
    NewRule,
    Permission,
    Standing,
    add_rule,
    scope_of_state,
    scope_overview,
)
from scheduler.web.admin.asking import (
    NOT_AGREED,
    Ask,
    AskPage,
    credentials,
    day_ask,
    reason_ask,
    show,
    states,
    take,
)
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import Agreed, Day, Name, Why
from scheduler.web.care_words import care_words
from scheduler.web.fields import State, plain
from scheduler.web.forms import Form
from scheduler.web.presenters import capitalize_first
from scheduler.web.wiring import current_desk


class RuleForm(Form):
    """A verification."""

    state: State
    credential: Credential
    way_of_giving: WayOfGiving
    permission: Permission
    citation: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=400),
        AfterValidator(plain),
    ]
    verified_by: Name
    verified_on: Day
    expires_on: Day | None = None
    agreed: Agreed | None = None


class SwitchForm(Form):
    """Why, and how many cancelled visits were agreed to."""

    reason: Why
    agreed: Agreed | None = None


def _permission_words() -> dict[str, str]:
    return {
        Permission.ALONE: _("may give it alone"),
        Permission.SECOND_PERSON: _("only with a second person"),
        Permission.PRESCRIBER_ON_SITE: _("only with a prescriber on site"),
        Permission.NOT_ALLOWED: _("may not give it"),
    }


def _standing_words() -> dict[str, str]:
    words: dict[str, str] = {
        Standing.NOT_VERIFIED: _("not verified"),
        Standing.RUN_OUT: _("verification ran out"),
    }
    return words | _permission_words()


@bp.context_processor
def _scope_words() -> dict[str, object]:
    return {
        "permission_words": _permission_words(),
        "standing_words": _standing_words(),
        "state_names": STATES,
        "ways": list(WayOfGiving),
        "all_credentials": list(Credential),
    }


@bp.get("/scope")
def scope() -> ResponseReturnValue:
    """Show who may do what where, and the compacts."""
    desk = current_desk()
    return render_template(
        "admin/scope.html",
        overview=scope_overview(desk),
        states=states(),
        compacts=list_compacts(desk),
    )


@bp.get("/scope/state")
def scope_state() -> ResponseReturnValue:
    """Show one state: the matrix and every statement."""
    state = request.args.get("state", "")
    if state not in STATES:
        abort(404)
    return render_template("admin/scope_state.html", scope=scope_of_state(current_desk(), state))


@bp.route("/scope/new", methods=["GET", "POST"])
def new_rule() -> ResponseReturnValue:
    """Enter a verification."""
    desk = current_desk()
    page = AskPage(
        title=_("New verified rule"),
        asks=_rule_asks(),
        button=_("Enter the rule"),
        back=url_for("admin.scope"),
        back_words=_("Scope rules"),
        done=_("The rule is entered."),
        lead=_(
            "The newest verification counts; older ones stay to be read. Visits that it no longer "
            "allows are canceled and each patient is told; you see how many before anything "
            "is changed."
        ),
    )
    if request.method == "GET":
        names = ("state", "credential", "way_of_giving")
        known = {name: request.args.get(name, "") for name in names}
        return show(page, known | {"verified_on": desk.now().date()})

    def act(form: RuleForm) -> None:
        agreed = NOT_AGREED if form.agreed is None else form.agreed
        add_rule(desk, _rule(form), agreed)

    return take(page, RuleForm, act)


def _rule_asks() -> tuple[Ask, ...]:
    ways = [(way.value, capitalize_first(care_words(way))) for way in WayOfGiving]
    return (
        Ask("state", _("State"), kind="select", options=states()),
        Ask("credential", _("Credential"), kind="select", options=credentials()),
        Ask("way_of_giving", _("Way of giving"), kind="select", options=ways),
        Ask(
            "permission",
            _("In a patient's home"),
            kind="radios",
            options=[
                (code, capitalize_first(words)) for code, words in _permission_words().items()
            ],
        ),
        Ask(
            "citation",
            _("Where it is written"),
            kind="textarea",
            hint=_("Statute, board rule or opinion, with section and date."),
            extra={"maxlength": 400},
        ),
        Ask("verified_by", _("Who verified it"), extra={"maxlength": 80}),
        day_ask("verified_on", _("Verified on")),
        day_ask(
            "expires_on",
            _("Counts through"),
            _("Leave empty: until the next verification."),
            required=False,
        ),
        Ask("agreed", _("Visits to cancel"), kind="agreed"),
    )


def _rule(form: RuleForm) -> NewRule:
    return NewRule(
        state=form.state,
        credential=form.credential,
        way_of_giving=form.way_of_giving,
        permission=form.permission,
        citation=form.citation,
        verified_by=form.verified_by,
        verified_on=form.verified_on,
        expires_on=form.expires_on,
    )


@bp.route("/scope/compacts/<uuid:member_id>/off", methods=["GET", "POST"])
def compact_off(member_id: UUID) -> ResponseReturnValue:
    """Switch a state's place in a compact off."""
    entry = show_compact(current_desk(), member_id)
    lead = _(
        "Multistate licenses no longer count in %(state)s, nor those of %(state)s elsewhere. "
        "Visits that rest on one are canceled and each patient is told; you see how many before "
        "anything is changed.",
        state=entry.state_name,
    )
    title = _("Switch %(compact)s off for %(state)s", compact=entry.compact, state=entry.state_name)
    return _switch(entry, (title, _("See what this cancels"), lead), enabled=False)


@bp.route("/scope/compacts/<uuid:member_id>/on", methods=["GET", "POST"])
def compact_on(member_id: UUID) -> ResponseReturnValue:
    """Switch a state's place in a compact on."""
    entry = show_compact(current_desk(), member_id)
    title = _("Switch %(compact)s on for %(state)s", compact=entry.compact, state=entry.state_name)
    lead = _("From now on, privileges into the state and of its residents count again.")
    return _switch(entry, (title, _("Switch on"), lead), enabled=True)


def _switch(
    entry: CompactEntry, words: tuple[str, str, str], *, enabled: bool
) -> ResponseReturnValue:
    title, button, lead = words
    page = AskPage(
        title=title,
        asks=(reason_ask(), Ask("agreed", _("Visits to cancel"), kind="agreed")),
        button=button,
        back=url_for("admin.scope"),
        back_words=_("Scope rules"),
        done=_("Saved."),
        lead=lead,
        facts=[(_("Source"), entry.source)],
    )
    if request.method == "GET":
        return show(page)
    desk = current_desk()

    def act(form: SwitchForm) -> None:
        agreed = NOT_AGREED if form.agreed is None else form.agreed
        if enabled:
            switch_compact(desk, entry.id, form.reason, enabled=True)
        else:
            switch_compact(desk, entry.id, form.reason, enabled=False, agreed=agreed)

    return take(page, SwitchForm, act)
