"""Patients sign in with a phone number and a one-time code, then say who they are."""

from typing import Annotated
from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import StringConstraints

from scheduler.domain.errors import InvalidInput, NotAllowed, SchedulingError
from scheduler.domain.geography import PostalAddress
from scheduler.services import browsers
from scheduler.services.browsers import Browser
from scheduler.services.desk import Desk
from scheduler.services.intake import NewPatient
from scheduler.services.patient_sign_in import (
    WrongCode,
    choose_person,
    people_on_phone,
    prove_phone,
    register_myself,
    send_code,
)
from scheduler.store.database import db, transaction
from scheduler.web import browser_session
from scheduler.web.browser_session import current_browser
from scheduler.web.fields import BirthDate, Reason, Short, State, TypedPhone, Zip
from scheduler.web.forms import Form, parse
from scheduler.web.redirects import safe_next
from scheduler.web.wiring import public_desk, wiring_of

bp = Blueprint("patient_sign_in", __name__, url_prefix="/sign-in")
_NEXT = "next"


class PhoneForm(Form):
    """Where to send the code."""

    phone: TypedPhone


class CodeForm(Form):
    """The code that came."""

    code: Annotated[str, StringConstraints(pattern=r"^\s*\d{3}\s?\d{3}\s*$", max_length=20)]


class PersonForm(Form):
    """Who it is, and when they were born."""

    patient_id: UUID
    birth_date: BirthDate


class NewPatientForm(Form):
    """Somebody who is new here."""

    first_name: Annotated[Short, StringConstraints(max_length=39)]
    last_name: Annotated[Short, StringConstraints(max_length=39)]
    birth_date: BirthDate
    street: Short
    unit: Reason = ""
    city: Short
    state: State
    zip_code: Zip
    sms_consent: bool = False


def register(app: Flask) -> None:
    """Serve sign-in for patients."""
    app.register_blueprint(bp)


def _address() -> str:
    return request.remote_addr or ""


@bp.get("")
def ask_phone() -> ResponseReturnValue:
    """Ask for the phone number."""
    if _NEXT in request.args:
        session[_NEXT] = safe_next(request.args[_NEXT])
    return render_template("sign_in/phone.html")


@bp.post("")
def take_phone() -> ResponseReturnValue:
    """Send a code; the answer is the same for every number."""
    try:
        phone = parse(PhoneForm, request.form).phone
    except InvalidInput as error:
        return _again("sign_in/phone.html", error)
    code = send_code(public_desk(), phone, _address())
    browser_session.keep_phone(phone)
    if code and wiring_of(current_app).demo:
        flash(_("Demonstration: no text leaves this machine. Your code is %(code)s.", code=code))
    return redirect(url_for("patient_sign_in.ask_code"), 303)


def _again(template: str, error: SchedulingError, **context: object) -> ResponseReturnValue:
    problems = error.problems if isinstance(error, InvalidInput) else {}
    if error.field is not None:
        problems = {error.field: str(error)}
    status = 422 if isinstance(error, InvalidInput) or error.field else 403
    page = render_template(template, form=request.form, problems=problems, **context)
    return page, status


@bp.get("/code")
def ask_code() -> ResponseReturnValue:
    """Ask for the code."""
    phone = browser_session.phone()
    if not phone:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    return render_template("sign_in/code.html", ending=phone[-4:])


@bp.post("/code")
def take_code() -> ResponseReturnValue:
    """Check the code; a phone that is proven still opens nothing but the next question."""
    phone = browser_session.phone()
    if not phone:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    desk = public_desk()
    try:
        code = "".join(parse(CodeForm, request.form).code.split())
        token = prove_phone(desk, phone, code, _address())
    except (InvalidInput, WrongCode) as error:
        return _again("sign_in/code.html", error, ending=phone[-4:])
    browser_session.begin(token, desk.now())
    return redirect(url_for("patient_sign_in.ask_person"), 303)


@bp.get("/person")
def ask_person() -> ResponseReturnValue:
    """Ask who is signing in: somebody we know on this phone, or somebody new."""
    browser = _phone_browser()
    if browser is None:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    people = people_on_phone(public_desk(), browser)
    if not people:
        return redirect(url_for("patient_sign_in.ask_new"), 303)
    return render_template("sign_in/person.html", people=people)


def _phone_browser() -> Browser | None:
    browser = current_browser()
    known = browser is not None and browser.phone_index and browser_session.phone()
    return browser if known else None


@bp.post("/person")
def take_person() -> ResponseReturnValue:
    """Let the person in whose birth date was given."""
    browser = _phone_browser()
    if browser is None:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    desk = public_desk()
    try:
        wanted = parse(PersonForm, request.form)
        token = choose_person(desk, browser, wanted.patient_id, wanted.birth_date)
    except NotAllowed as error:
        browser_session.forget()
        flash(str(error), "error")
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    except SchedulingError as error:
        return _again("sign_in/person.html", error, people=people_on_phone(desk, browser))
    return _let_in(desk, token)


@bp.get("/new")
def ask_new() -> ResponseReturnValue:
    """Ask who is new here, and where they want to be visited."""
    if _phone_browser() is None:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    return render_template("sign_in/new.html")


@bp.post("/new")
def take_new() -> ResponseReturnValue:
    """Register somebody new and let them in."""
    browser = _phone_browser()
    if browser is None:
        return redirect(url_for("patient_sign_in.ask_phone"), 303)
    desk = public_desk()
    try:
        new = _new_patient(parse(NewPatientForm, request.form))
        token = register_myself(desk, browser, new)
    except SchedulingError as error:
        return _again("sign_in/new.html", error)
    return _let_in(desk, token)


def _new_patient(form: NewPatientForm) -> NewPatient:
    return NewPatient(
        name=f"{form.first_name} {form.last_name}",
        birth_date=form.birth_date,
        phone=browser_session.phone(),
        address=PostalAddress(form.street, form.city, form.state, form.zip_code, form.unit),
        sms_consent=form.sms_consent,
    )


def _let_in(desk: Desk, token: str) -> ResponseReturnValue:
    wanted = safe_next(session.pop(_NEXT, ""))
    browser_session.forget()
    browser_session.begin(token, desk.now())
    return redirect(wanted or url_for("patient.home"), 303)


@bp.post("/out")
def sign_out() -> ResponseReturnValue:
    """Sign out at this browser."""
    desk = public_desk()
    with transaction(db.session()):
        browsers.end(db.session(), desk.now(), browser_session.token())
    browser_session.forget()
    flash(_("You are signed out."), "info")
    return redirect(url_for("public.coverage"), 303)
