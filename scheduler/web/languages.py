"""In which language pages speak; every string goes through gettext, English needs no catalogue."""

from flask import Flask, request
from flask_babel import Babel

SPOKEN = ("en",)


def register(app: Flask) -> None:
    """Choose the language of each request by what the browser asks for."""
    app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    Babel(app, locale_selector=_choose)


def _choose() -> str:
    return request.accept_languages.best_match(SPOKEN) or SPOKEN[0]
