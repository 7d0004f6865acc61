"""Words that only patients read: what a credential means, why no time is free and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext as _

from scheduler.domain.licensure import Credential
from scheduler.matching.offers import EmptyCause
from scheduler.services.patient_times import OfferCard, Times
from scheduler.web.presenters import day_words

NOON, EVENING = 12, 17
"""From which local hour a time is in the afternoon, and in the evening."""


def register(app: Flask) -> None:
    """Give the templates these words."""
    app.add_template_global(credential_words)
    app.add_template_global(empty_words)
    app.add_template_global(parts_of_day)


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


@dataclass(frozen=True, slots=True)
class PartOfDay:
    """The arrival times of a morning, an afternoon or an evening."""

    words: str
    offers: tuple[OfferCard, ...]


def parts_of_day(offers: Sequence[OfferCard]) -> list[PartOfDay]:
    """Return the offers of one day by the part of the day in which they begin, none empty."""
    parts = (
        (_("Morning"), range(NOON)),
        (_("Afternoon"), range(NOON, EVENING)),
        (_("Evening"), range(EVENING, 24)),
    )
    found = [
        PartOfDay(words, tuple(each for each in offers if _local_hour(each) in hours))
        for words, hours in parts
    ]
    return [part for part in found if part.offers]


def _local_hour(offer: OfferCard) -> int:
    return offer.window.starts_at.astimezone(ZoneInfo(offer.timezone)).hour


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
