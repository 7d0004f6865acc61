"""How far estimated drives are off, by area and hour."""

from flask import render_template
from flask.typing import ResponseReturnValue

from scheduler.services.drive_records import FEWEST, drive_figures
from scheduler.web.admin.blueprint import bp
from scheduler.web.wiring import current_desk


@bp.get("/drives")
def drives() -> ResponseReturnValue:
    """Show the recorded errors of the travel estimate."""
    return render_template("admin/drives.html", report=drive_figures(current_desk()), few=FEWEST)
