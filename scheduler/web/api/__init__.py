"""The JSON API, version 1, described at /api/openapi.json."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from scheduler.web.api import clinicians, patients, problems, requests, series, visits
from scheduler.web.api.describing import description
from scheduler.web.api.guard import bp

for part in (patients, requests, series, visits, clinicians):
    bp.register_blueprint(part.bp)
problems.register(bp)


def register(app: Flask) -> None:
    """Serve the API."""
    app.register_blueprint(bp)
    app.add_url_rule("/api/openapi.json", "openapi", _describe)


def _describe() -> ResponseReturnValue:
    return jsonify(description())
