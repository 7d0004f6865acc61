"""Words that only patients read: what a credential means, why no time is free and what to do."""

from flask import Flask
from flask_babel import gettext as _

from scheduler.domain.licensure import Credential
from scheduler.matching.offers import EmptyCause
from scheduler.services.patient_times import Times
from scheduler.web.presenters import day_words


def register(app: Flask) -> None:
    """Give the templates these words."""
    app.add_template_global(credential_words)
    app.add_template_global(empty_words)


def credential_words(credential: Credential) -> str:
    """Return what a credential stands for, such as registered nurse."""
    words: dict[Credential, str] = {
        Credential.RN: _("registered nurse"),
        Credential.LPN: _("licensed practical nurse"),
        Credential.NP: _("nurse practitioner"),
        Credential.PA: _("physician assistant"),
        Credential.MD: _("doctor"),
        Credential.DO: _("doctor"),
        Credential.CRNA: _("nurse anesthetist"),
        Credential.PARAMEDIC: _("paramedic"),
    }
    return words[credential]


def empty_words(times: Times) -> tuple[str, str]:
    """Return why there is no time to choose, and what to do."""
    if times.days_passed:
        return _("The days that you asked for are over."), _("Choose other days.")
    if times.opens_on is not None:
        day = day_words(times.opens_on)
        return (
            _("Your days are still far ahead."),
            _("You can choose a time from %(day)s on, or choose earlier days.", day=day),
        )
    nobody = _("Call us. We look for another way with you, or choose another address.")
    later = _("Try other days, try again later, or call us.")
    return {
        EmptyCause.NOT_VERIFIED_STATE: (
            _("We cannot give this treatment in the state of this address yet."),
            nobody,
        ),
        EmptyCause.NOBODY_LICENSED: (_("Nobody of us has a license for this state now."), nobody),
        EmptyCause.NOBODY_SKILLED: (
            _("Nobody who may come there can give this treatment now."),
            nobody,
        ),
        EmptyCause.NOBODY_NEAR: (_("Nobody of us lives near enough to this address."), nobody),
        EmptyCause.NOBODY_WORKS: (_("Nobody who could come works on these days."), later),
        EmptyCause.NO_FREE_TIME: (_("There is no free time in the next 14 days."), later),
    }[times.cause or EmptyCause.NO_FREE_TIME]
