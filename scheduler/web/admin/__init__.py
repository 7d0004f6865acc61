"""The administrator's pages: clinicians, services, scope rules, users, import and export."""

from flask import Flask

from scheduler.web.admin import (  # noqa: F401  # each adds its routes to the blueprint
    care_services,
    clinicians,
    drives,
    hours,
    importing,
    licences,
    scope,
    users,
)
from scheduler.web.admin.blueprint import bp


def register(app: Flask) -> None:
    """Serve the administrator's pages."""
    app.register_blueprint(bp)
