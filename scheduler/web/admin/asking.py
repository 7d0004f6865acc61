"""One form to a page: what it asks, how it is taken, and how a refusal is shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.errors import SchedulingError
from scheduler.domain.geography import STATES
from scheduler.domain.licensure import Credential
from scheduler.services.forbidden_visits import WouldCancel
from scheduler.services.promises import PromisesInTheWay, StandingVisit, standing_visits
from scheduler.services.staffing import VisitsInTheWay
from scheduler.web.forms import Form, parse
from scheduler.web.refusals import shown_again
from scheduler.web.wiring import current_desk

Model = TypeVar("Model", bound=Form)
Options = Sequence[tuple[str, str]]
NOT_AGREED = -1
_TEMPLATE = "admin/form.html"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a form; `kind` names the macro that draws it."""

    name: str
    label: str
    kind: str = "field"
    hint: str = ""
    required: bool = True
    type: str = "text"
    options: Options = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskPage:
    """A page with one form; `back` is where it came from, and where it goes when it is done."""

    title: str
    asks: tuple[Ask, ...]
    button: str
    back: str
    back_words: str
    done: str
    lead: str = ""
    facts: Sequence[tuple[str, str]] = ()
    danger: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """The labels by field, for the list of what is wrong."""
        return {ask.name: ask.label for ask in self.asks}


def show(page: AskPage, values: Mapping[str, object] | None = None) -> ResponseReturnValue:
    """Show a form, filled in with what is known."""
    return render_template(_TEMPLATE, page=page, form=values or {}, chosen=_chosen(values or {}))


def take(page: AskPage, kind: type[Model], act: Callable[[Model], object]) -> ResponseReturnValue:
    """Do what a form asks for and go back, or show it again with what is wrong."""
    try:
        act(parse(kind, request.form))
    except WouldCancel as error:
        return _again(page, would_cancel=error.count), 409 if "agreed" in request.form else 200
    except PromisesInTheWay as error:
        return _again(page, refusals=[str(error)], standing=error.visits), 409
    except VisitsInTheWay as error:
        visits = standing_visits(current_desk(), error.visit_ids)
        return _again(page, refusals=[_visits_stand(len(visits))], standing=visits), 409
    except SchedulingError as error:
        chosen = {name: request.form.getlist(name) for name in request.form}
        return shown_again(_TEMPLATE, error, page=page, chosen=chosen)
    flash(page.done, "info")
    return redirect(page.back, 303)


def _visits_stand(count: int) -> str:
    if count == 1:
        return str(_("1 visit stands on these days. Dispatch moves it first."))
    words = _("%(count)s visits stand on these days. Dispatch moves them first.", count=count)
    return str(words)


def _again(
    page: AskPage,
    *,
    refusals: Sequence[str] = (),
    standing: Sequence[StandingVisit] = (),
    would_cancel: int | None = None,
) -> str:
    return render_template(
        _TEMPLATE,
        page=page,
        form=request.form,
        chosen={name: request.form.getlist(name) for name in request.form},
        refusals=refusals,
        standing=standing,
        would_cancel=would_cancel,
    )


def _chosen(values: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the ticked values of every question that takes several."""
    return {
        name: [str(each) for each in value]
        for name, value in values.items()
        if isinstance(value, list | tuple | set | frozenset)
    }


def states() -> Options:
    """Return the states to choose from, by name."""
    return sorted(STATES.items(), key=lambda entry: entry[1])


def credentials() -> Options:
    """Return the credentials to choose from."""
    return [(each.value, each.value) for each in Credential]


def reason_ask() -> Ask:
    """Return the question why."""
    return Ask("reason", _("Reason"), extra={"maxlength": 200}, hint=_("Kept in the record."))


def day_ask(name: str, label: str, hint: str = "", *, required: bool = True) -> Ask:
    """Return a question for a day."""
    return Ask(name, label, type="date", hint=hint, required=required)


def number_ask(name: str, label: str, most: int, hint: str = "", *, required: bool = True) -> Ask:
    """Return a question for a whole number."""
    extra = {"inputmode": "numeric", "min": 0, "max": most}
    return Ask(name, label, type="number", hint=hint, required=required, extra=extra)
