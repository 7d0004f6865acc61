"""The blueprint of the prescriber's pages: for prescribers alone."""

from flask import Blueprint

from scheduler.store.people import Role
from scheduler.web.guard import only_for

bp = Blueprint("prescriber", __name__, url_prefix="/prescriber")
only_for(bp, Role.PRESCRIBER)
