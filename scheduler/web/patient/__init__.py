"""The pages of patients: what is open, asking for a visit, choosing times, their visits."""

from flask import Flask

from scheduler.web.patient import addresses, asking, calendar_file, home, plan, times, visits, words
from scheduler.web.patient.blueprint import bp

PARTS = (home, addresses, asking, times, plan, visits, calendar_file)
"""The modules whose routes make up the blueprint."""


def register(app: Flask) -> None:
    """Serve the pages of patients."""
    app.register_blueprint(bp)
    words.register(app)
