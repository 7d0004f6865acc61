"""The pages of dispatch: the day, what waits, visits, patients, calls and texts."""

from flask import Flask

from scheduler.web.dispatch import asking, calls, day, patients, places, requests, visits
from scheduler.web.dispatch.blueprint import bp

PARTS = (day, requests, places, visits, patients, asking, calls)
"""The modules whose routes make up the blueprint."""


def register(app: Flask) -> None:
    """Serve the pages of dispatch."""
    app.register_blueprint(bp)
