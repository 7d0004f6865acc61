"""The first page: does the practice come here?"""

from flask import Blueprint, Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.domain.errors import InvalidInput
from scheduler.services.coverage import check_coverage
from scheduler.web.wiring import public_desk, wiring_of

bp = Blueprint("public", __name__)


def register(app: Flask) -> None:
    """Serve the first page."""
    app.register_blueprint(bp)
    app.context_processor(_practice)


def _practice() -> dict[str, object]:
    wiring = wiring_of(current_app)
    return {"practice": wiring.practice, "demo": wiring.demo}


@bp.get("/")
def coverage() -> ResponseReturnValue:
    """Ask for a ZIP code, and answer for the one that was given."""
    if "zip_code" not in request.args:
        return render_template("patient/coverage.html")
    typed = request.args["zip_code"]
    try:
        answer = check_coverage(public_desk(), typed)
    except InvalidInput as error:
        page = render_template("patient/coverage.html", typed=typed, problems=error.problems)
        return page, 422
    return render_template("patient/coverage.html", typed=typed, coverage=answer)
