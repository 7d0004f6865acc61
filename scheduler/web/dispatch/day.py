"""The day: one row a clinician, drives between visits, and what waits beside it."""

from datetime import timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from scheduler.domain.geography import STATES
from scheduler.services.board import day_board, office_day
from scheduler.services.worklist import read_worklist
from scheduler.web.dispatch.blueprint import bp, day_of
from scheduler.web.wiring import current_desk


@bp.get("")
def day() -> ResponseReturnValue:
    """Show a day of everybody, or of those who live in one state."""
    desk = current_desk()
    today = office_day(desk)
    on = day_of(request.args.get("on"), today)
    state = request.args.get("state", "")
    board = day_board(desk, on, state if state in STATES else "")
    one_day = timedelta(days=1)
    return render_template(
        "dispatch/day.html",
        board=board,
        state=state,
        today=today,
        before=on - one_day,
        after=on + one_day,
    )


@bp.get("/unassigned")
def unassigned() -> ResponseReturnValue:
    """Show what waits for a visit, and why."""
    desk = current_desk()
    return render_template("dispatch/unassigned.html", work=read_worklist(desk), now=desk.now())
