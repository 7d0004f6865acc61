"""Staff sign-in by Flask-Security, with our limits, our sessions and our transactions."""

from base64 import urlsafe_b64encode
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_babel import gettext as _
from flask_login import user_logged_out
from flask_security import Security, SQLAlchemyUserDatastore, hash_password, user_authenticated
from flask_security.core import RoleMixin
from flask_security.forms import (
    ChangePasswordForm,
    LoginForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
)
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.totp import Totp
from flask_security.utils import get_message, verify_password
from sqlalchemy import select

from scheduler.domain.errors import InvalidInput
from scheduler.services import browsers
from scheduler.services.accounts import (
    SECOND_FACTORS_BY_ACCOUNT,
    let_in,
    may_try_password,
)
from scheduler.services.desk import SYSTEM_ID, Actor, Desk
from scheduler.services.throttle import count_try
from scheduler.store.database import db, transaction
from scheduler.store.encryption import keys
from scheduler.store.people import AccountRow, Role, email_index
from scheduler.web import browser_session
from scheduler.web.wiring import desk_for, wiring_of

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
"""Longer ones are refused before they are hashed: nobody types them."""
_BLUEPRINT = "security"


_PAGES: dict[str, Any] = {
    "SECURITY_URL_PREFIX": "/staff",
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_VERIFY_URL": "/confirm-password",
    "SECURITY_CHANGEABLE": True,
    "SECURITY_CHANGE_URL": "/password",
    "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "SECURITY_TWO_FACTOR_SETUP_URL": "/second-factor",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/second-factor/code",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 8,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/recovery",
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
        "This e-mail address and password do not go together, or were tried too often.",
        "error",
    ),
    "SECURITY_JOIN_USER_ROLES": False,
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_FRESHNESS": timedelta(minutes=15),
    "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(0),
    "SECURITY_POST_LOGIN_VIEW": "/staff",
    "SECURITY_POST_LOGOUT_VIEW": "/staff/sign-in",
    "SECURITY_POST_CHANGE_VIEW": "/staff",
}


class AccountStore(SQLAlchemyUserDatastore):
    """Finds accounts for Flask-Security; e-mail addresses by their blind index."""

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Any:  # noqa: FBT001, FBT002
        """Return the account with the e-mail address or uniquifier, or None."""
        name, value = wanted.popitem()
        if name == "email":
            name, value = "email_index", email_index(value)
        column = getattr(AccountRow, name)
        return db.session.scalar(select(AccountRow).where(column == value))

    def mf_delete_recovery_code(self, user: Any, idx: int) -> bool:
        """Take a used recovery code off the account; the library would change a copy."""
        codes = user.mf_recovery_codes
        if not 0 <= idx < len(codes):
            return False
        user.mf_recovery_codes = [*codes[:idx], *codes[idx + 1 :]]
        return True


class OnceOnlyTotp(Totp):
    """Remembers the last code of each account, so that none is taken twice."""

    def get_last_counter(self, user: Any) -> int | None:
        """Return the counter of the last code that was taken."""
        kept: int | None = user.totp_counter
        return kept

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Keep the counter of the code that was just taken."""
        user.totp_counter = tmatch.counter


def _desk() -> Desk:
    return desk_for(Actor(SYSTEM_ID, Role.PATIENT))


class StaffSignInForm(LoginForm):
    """E-mail address and password; every try is counted before it is compared."""

    remember = None

    def validate(self, **more: Any) -> bool:
        """Refuse beyond the limits as if the password were wrong."""
        email, address = self.email.data or "", request.remote_addr or ""
        within = may_try_password(db.session(), _desk(), email, address)
        if not within or _too_long(self.password.data):
            self.password.errors = [get_message("GENERIC_AUTHN_FAILED")[0]]
            return False
        return bool(super().validate(**more))


class StaffVerifyForm(VerifyForm):
    """The password once more, counted like a sign-in."""

    def validate(self, **more: Any) -> bool:
        """Refuse beyond the limits."""
        email, address = self.user.email, request.remote_addr or ""
        within = may_try_password(db.session(), _desk(), email, address)
        if not within or _too_long(self.password.data):
            self.password.errors = [get_message("INVALID_PASSWORD")[0]]
            return False
        return bool(super().validate(**more))


class StaffPasswordForm(ChangePasswordForm):
    """A new password in place of the old one."""

    def validate(self, **more: Any) -> bool:
        """Refuse what is too long to be hashed."""
        if _too_long(self.password.data):
            self.password.errors = [get_message("INVALID_PASSWORD")[0]]
            return False
        if _too_long(self.new_password.data):
            self.new_password.errors = [
                str(_("Use at most %(most)s characters.", most=LONGEST_PASSWORD))
            ]
            return False
        return bool(super().validate(**more))


def _too_long(password: str | None) -> bool:
    return len(password or "") > LONGEST_PASSWORD


def _may_try_second_factor() -> bool:
    account = session.get("tf_user_id", "")
    return count_try(db.session(), _desk().now(), SECOND_FACTORS_BY_ACCOUNT, str(account))


class StaffCodeForm(TwoFactorVerifyCodeForm):
    """The code of the authenticator app, tries counted."""

    def validate(self, **more: Any) -> bool:
        """Refuse beyond the limits as if the code were wrong."""
        if not _may_try_second_factor():
            self.code.errors = [get_message("TWO_FACTOR_INVALID_TOKEN")[0]]
            return False
        return bool(super().validate(**more))


class StaffRecoveryForm(MfRecoveryForm):
    """A recovery code, tries counted."""

    def validate(self, **more: Any) -> bool:
        """Refuse beyond the limits as if the code were wrong."""
        if not _may_try_second_factor():
            self.code.errors = [get_message("INVALID_RECOVERY_CODE")[0]]
            return False
        return bool(super().validate(**more))


def register(app: Flask) -> None:
    """Set up staff sign-in under /staff."""
    app.config.update(_PAGES | _secrets())
    app.config["SECURITY_TWO_FACTOR_REQUIRED"] = not wiring_of(app).demo
    app.config["SECURITY_TOTP_ISSUER"] = wiring_of(app).practice.name
    Security(
        app,
        AccountStore(db, AccountRow, RoleMixin),
        login_form=StaffSignInForm,
        verify_form=StaffVerifyForm,
        change_password_form=StaffPasswordForm,
        two_factor_verify_code_form=StaffCodeForm,
        mf_recovery_form=StaffRecoveryForm,
        totp_cls=OnceOnlyTotp,
    )
    app.before_request(_begin_transaction)
    app.after_request(_commit_transaction)
    app.teardown_request(_undo_transaction)
    user_authenticated.connect(_on_signed_in, app)
    user_logged_out.connect(_on_signed_out, app)


def _secrets() -> dict[str, Any]:
    return {
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [
            urlsafe_b64encode(keys().secret("recovery codes"))
        ],
        "SECURITY_TOTP_SECRETS": {"1": keys().secret("second factor").hex()},
        "SECURITY_PASSWORD_SALT": keys().secret("password").hex(),
    }


def _begin_transaction() -> None:
    """Let all that a sign-in page writes, counts of tries included, be one transaction."""
    if request.blueprint == _BLUEPRINT and request.method == "POST":
        g.sign_in_transaction = ExitStack()
        g.sign_in_transaction.enter_context(transaction(db.session()))


def _commit_transaction(response: Response) -> Response:
    under_way = g.pop("sign_in_transaction", None)
    if under_way is not None:
        under_way.close()
    return response


def _undo_transaction(error: BaseException | None) -> None:
    under_way = g.pop("sign_in_transaction", None)
    if under_way is not None:
        reason = error or RuntimeError("the request came to no answer")
        under_way.__exit__(type(reason), reason, reason.__traceback__)


def _on_signed_in(_app: Flask, user: AccountRow, **_more: Any) -> None:
    browser_session.begin(let_in(_desk(), user), _desk().now())


def _on_signed_out(_app: Flask, **_more: Any) -> None:
    token = browser_session.token()
    if token:
        browsers.end(db.session(), _desk().now(), token)
    session.clear()


def hashed(password: str) -> str:
    """Return what is kept of a password; raises InvalidInput for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput(
            {"password": _("must have at least %(least)s characters", least=SHORTEST_PASSWORD)}
        )
    return str(hash_password(password))


def require_password(desk: Desk, password: str) -> None:
    """Ask who acts for their password at the act itself: a signature, not just a click.

    Raises:
        InvalidInput: it is wrong, or was tried too often; the try is counted.
    """
    with transaction(desk.session):
        account = db.session.get_one(AccountRow, desk.actor.account_id)
        stored = account.password
        within = may_try_password(desk.session, desk, account.email, request.remote_addr or "")
    if not within or not stored or not verify_password(password, stored):
        raise InvalidInput({"password": _("is not right, or was tried too often")})
