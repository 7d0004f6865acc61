"""The clinician's pages: the day's route, and each visit from setting out to its end."""

from flask import Flask

from scheduler.web.route import acts, day
from scheduler.web.route.blueprint import bp

PAGES = (day, acts)
"""Named here because importing them puts their pages on the blueprint."""


def register(app: Flask) -> None:
    """Serve the clinician's pages."""
    app.register_blueprint(bp)
    app.add_template_global(day.directions_url)
    app.add_template_global(day.access_lines)
