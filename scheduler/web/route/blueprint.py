"""The blueprint of the clinician's pages; prescribers make visits, too."""

from flask import Blueprint

from scheduler.store.people import Role
from scheduler.web.guard import only_for

bp = Blueprint("route", __name__, url_prefix="/route")
only_for(bp, Role.CLINICIAN, Role.PRESCRIBER)
