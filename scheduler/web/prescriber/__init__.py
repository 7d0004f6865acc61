"""The prescriber's pages: reviews, orders, and the sign-off of each dose."""

from flask import Flask

from scheduler.web.prescriber import doses, orders, requests
from scheduler.web.prescriber.blueprint import bp

PAGES = (requests, orders, doses)
"""Named here because importing them puts their pages on the blueprint."""


def register(app: Flask) -> None:
    """Serve the prescriber's pages."""
    app.register_blueprint(bp)
