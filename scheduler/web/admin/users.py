"""Staff accounts: who may sign in, and as what."""

from typing import Annotated
from uuid import UUID

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import MailUtil
from pydantic import AfterValidator, StringConstraints

from scheduler.domain.errors import InvalidInput, NotFound
from scheduler.services.accounts import (
    CLINICAL,
    STAFF,
    NewAccount,
    end_account,
    end_sessions,
    open_account,
    reset_second_factor,
    set_password,
    staff_accounts,
)
from scheduler.services.clinician_register import list_clinicians
from scheduler.services.desk import Desk
from scheduler.store.people import AccountRow, Role
from scheduler.web.accounts import SHORTEST_PASSWORD, hashed, require_password
from scheduler.web.admin.asking import Ask, AskPage, reason_ask, show, take
from scheduler.web.admin.blueprint import bp
from scheduler.web.admin.typed import Name, Why
from scheduler.web.forms import Form
from scheduler.web.presenters import capitalize_first, state_words
from scheduler.web.wiring import current_desk

LONGEST_PASSWORD = 200


def _email(text: str) -> str:
    try:
        return str(MailUtil(current_app).normalize(text))
    except ValueError:
        raise ValueError(_("must be an e-mail address, such as ada@oakhome.example")) from None


Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)
]
Password = Annotated[str, StringConstraints(strip_whitespace=False, max_length=LONGEST_PASSWORD)]


class AccountForm(Form):
    """Somebody who is to sign in."""

    role: Role
    display_name: Name
    email: Email
    password: Password
    person_id: UUID | None = None


class PasswordForm(Form):
    """A new first password, signed with the administrator's own."""

    password: Password
    own_password: Password


class FactorForm(Form):
    """Why a second factor goes, signed with the administrator's own password."""

    reason: Why
    own_password: Password


class ReasonForm(Form):
    """Why."""

    reason: Why


class NothingForm(Form):
    """A button alone."""


@bp.get("/users")
def users() -> ResponseReturnValue:
    """List the staff accounts."""
    return render_template("admin/users.html", accounts=staff_accounts(current_desk()))


@bp.route("/users/new", methods=["GET", "POST"])
def new_user() -> ResponseReturnValue:
    """Open an account."""
    desk = current_desk()
    people = [
        (str(entry.id), f"{entry.name}, {entry.credential.letters}")
        for entry in list_clinicians(desk)
        if entry.active
    ]
    page = AskPage(
        title=_("New account"),
        asks=_account_asks(people),
        button=_("Open the account"),
        back=url_for("admin.users"),
        back_words=_("Users"),
        done=_("The account is open. Hand the first password over in person or by phone."),
        lead=_("At the first sign-in a second factor is set up."),
    )
    if request.method == "GET":
        return show(page)
    known = frozenset(value for value, _words in people)
    return take(page, AccountForm, lambda form: open_account(desk, _new_account(form, known)))


def _account_asks(people: list[tuple[str, str]]) -> tuple[Ask, ...]:
    roles = sorted(STAFF)
    return (
        Ask(
            "role",
            _("Role"),
            kind="select",
            options=[(role.value, capitalize_first(state_words(role))) for role in roles],
        ),
        Ask("display_name", _("Name"), extra={"maxlength": 80, "autocomplete": "off"}),
        Ask(
            "email",
            _("E-mail address"),
            type="email",
            extra={"maxlength": 254, "autocomplete": "off"},
        ),
        _password_ask(),
        Ask(
            "person_id",
            _("Which clinician this is"),
            kind="select",
            options=people,
            required=False,
            hint=_("For clinicians and prescribers."),
            extra={"empty": _("Nobody: an office account")},
        ),
    )


def _password_ask() -> Ask:
    return Ask(
        "password",
        _("First password"),
        type="password",
        hint=_(
            "At least %(count)s characters. They change it after signing in.",
            count=SHORTEST_PASSWORD,
        ),
        extra={"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD},
    )


def _own_password_ask() -> Ask:
    return Ask(
        "own_password",
        _("Your own password"),
        type="password",
        hint=_("What opens somebody's account is signed, not just clicked."),
        extra={"autocomplete": "current-password", "maxlength": LONGEST_PASSWORD},
    )


def _signed(password: str) -> Desk:
    """Return the administrator's desk after their own password; raises InvalidInput."""
    desk = current_desk()
    try:
        require_password(desk, password)
    except InvalidInput as error:
        raise InvalidInput({"own_password": error.problems["password"]}) from error
    return desk


def _new_account(form: AccountForm, known: frozenset[str]) -> NewAccount:
    problems = {}
    if form.person_id is not None and str(form.person_id) not in known:
        problems["person_id"] = _("Choose one of the choices.")
    elif form.role not in STAFF:
        problems["role"] = _("Patients sign in by phone.")
    elif form.role in CLINICAL and form.person_id is None:
        problems["person_id"] = _("Choose the clinician.")
    elif form.role not in CLINICAL and form.person_id is not None:
        problems["person_id"] = _("Only clinicians and prescribers have one.")
    try:
        password_hash = hashed(form.password)
    except InvalidInput as error:
        raise InvalidInput(problems | error.problems) from None
    if problems:
        raise InvalidInput(problems)
    return NewAccount(form.role, form.display_name, form.email, password_hash, form.person_id)


def _account(account_id: UUID) -> AccountRow:
    for account in staff_accounts(current_desk()):
        if account.id == account_id:
            return account
    raise NotFound("There is no such account.")


@bp.get("/users/<uuid:account_id>")
def user(account_id: UUID) -> ResponseReturnValue:
    """Show one account."""
    own = account_id == current_desk().actor.account_id
    return render_template("admin/user.html", account=_account(account_id), own=own)


def _page(account_id: UUID, words: tuple[str, str, str, str], asks: tuple[Ask, ...]) -> AskPage:
    """Return a page about an account; `words` are title, lead, button and what was done."""
    account = _account(account_id)
    title, lead, button, done = words
    return AskPage(
        title=title,
        asks=asks,
        button=button,
        back=url_for("admin.user", account_id=account_id),
        back_words=account.display_name,
        done=done,
        lead=lead,
        facts=[
            (_("Name"), account.display_name),
            (_("Role"), capitalize_first(state_words(account.role))),
            (_("E-mail address"), account.email),
        ],
        danger=True,
    )


@bp.route("/users/<uuid:account_id>/sign-out", methods=["GET", "POST"])
def sign_out_user(account_id: UUID) -> ResponseReturnValue:
    """Sign an account out everywhere."""
    words = (
        _("Sign out everywhere"),
        _("Every browser that is signed in with this account is out at once."),
        _("Sign out everywhere"),
        _("Signed out everywhere."),
    )
    page = _page(account_id, words, ())
    if request.method == "GET":
        return show(page)
    return take(page, NothingForm, lambda _form: end_sessions(current_desk(), account_id))


@bp.route("/users/<uuid:account_id>/second-factor", methods=["GET", "POST"])
def reset_user_factor(account_id: UUID) -> ResponseReturnValue:
    """Take a lost second factor off an account."""
    words = (
        _("Reset the second factor"),
        _("Make sure who is asking. At the next sign-in another second factor is set up."),
        _("Reset the second factor"),
        _("The second factor is reset."),
    )
    page = _page(account_id, words, (reason_ask(), _own_password_ask()))
    if request.method == "GET":
        return show(page)
    return take(
        page,
        FactorForm,
        lambda form: reset_second_factor(_signed(form.own_password), account_id, form.reason),
    )


@bp.route("/users/<uuid:account_id>/password", methods=["GET", "POST"])
def new_user_password(account_id: UUID) -> ResponseReturnValue:
    """Give an account a new first password."""
    words = (
        _("New first password"),
        _("Make sure who is asking. The second factor stays; every browser is signed out."),
        _("Set the password"),
        _("The password is set."),
    )
    page = _page(account_id, words, (_password_ask(), _own_password_ask()))
    if request.method == "GET":
        return show(page)
    return take(
        page,
        PasswordForm,
        lambda form: _set_password(form, account_id),
    )


def _set_password(form: PasswordForm, account_id: UUID) -> None:
    password_hash = hashed(form.password)
    set_password(_signed(form.own_password), account_id, password_hash)


@bp.route("/users/<uuid:account_id>/close", methods=["GET", "POST"])
def close_user(account_id: UUID) -> ResponseReturnValue:
    """Close an account."""
    words = (
        _("Close the account"),
        _("Nobody can sign in with it any more. It stays on the list; it is never deleted."),
        _("Close the account"),
        _("The account is closed."),
    )
    page = _page(account_id, words, (reason_ask(),))
    if request.method == "GET":
        return show(page)
    return take(page, ReasonForm, lambda form: end_account(current_desk(), account_id, form.reason))
