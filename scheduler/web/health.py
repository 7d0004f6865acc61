"""Is it alive, and is every part at work?"""

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from scheduler.ports import TravelTimes
from scheduler.store.audit import LeaseRow
from scheduler.store.database import db
from scheduler.web.wiring import wiring_of

bp = Blueprint("health", __name__)


def register(app: Flask) -> None:
    """Serve /health."""
    app.register_blueprint(bp)


@bp.get("/health")
def show() -> ResponseReturnValue:
    """Say whether the database answers, a clock leads, who sends texts, and whence drives come."""
    wiring = wiring_of(current_app)
    try:
        leases = db.session.scalars(select(LeaseRow)).all()
    except SQLAlchemyError:
        return jsonify(status="down", database="no answer"), 503
    now = wiring.ports.clock.now()
    leading = any(lease.until > now for lease in leases)
    return jsonify(
        status="ok",
        database="ok",
        clock="running" if leading else "stopped",
        sms=wiring.ports.sms.name,
        travel=_travel_words(wiring.ports.travel),
    )


def _travel_words(travel: TravelTimes) -> str:
    return "estimate: roads do not answer" if travel.falling_back else travel.name
