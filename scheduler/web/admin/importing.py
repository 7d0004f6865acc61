"""Clinicians from a CSV file, and back into one."""

from datetime import date, time

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from scheduler.domain.clinician_csv import (
    COLUMNS,
    MAX_FILE_BYTES,
    OPTIONAL,
    ClinicianLine,
    plain_ends,
    read_bytes,
    write_file,
)
from scheduler.domain.errors import Conflict, InvalidInput
from scheduler.domain.geography import PostalAddress
from scheduler.domain.licensure import Credential, Licence
from scheduler.domain.rosters import OPEN_END, Pause, WeeklyShift
from scheduler.services.clinician_import import (
    FaultsInFile,
    dry_run,
    export_clinicians,
    import_clinicians,
)
from scheduler.web.admin.blueprint import bp
from scheduler.web.wiring import current_desk

_PAGE = "admin/import.html"


@bp.context_processor
def _limits() -> dict[str, object]:
    return {"max_kb": MAX_FILE_BYTES // 1000, "columns": COLUMNS, "optional": OPTIONAL}


@bp.get("/import")
def import_page() -> ResponseReturnValue:
    """Ask for a file."""
    return render_template(_PAGE)


@bp.post("/import")
def check_file() -> ResponseReturnValue:
    """Say what an import would do; nothing is changed."""
    try:
        content = _sent_file()
    except InvalidInput as error:
        return render_template(_PAGE, problems=error.problems), 422
    run = dry_run(current_desk(), content)
    status = 422 if run.faults else 200
    return render_template(_PAGE, run=run, content=content), status


def _sent_file() -> str:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInput({"file": _("Choose a file.")})
    try:
        return read_bytes(upload.stream.read(MAX_FILE_BYTES + 1))
    except ValueError as error:
        raise InvalidInput({"file": str(error)}) from None


@bp.post("/import/all")
def import_file() -> ResponseReturnValue:
    """Import the file that was checked: all of it, or nothing."""
    content, digest = plain_ends(request.form.get("content", "")), request.form.get("digest", "")
    desk = current_desk()
    try:
        added = import_clinicians(desk, content, digest)
    except FaultsInFile:
        return render_template(_PAGE, run=dry_run(desk, content), content=content), 422
    except Conflict as error:
        return render_template(_PAGE, refusals=[str(error)]), 409
    if added:
        flash(_("Clinicians added: %(count)s.", count=added), "info")
    else:
        flash(_("Everybody in the file was here already. Nothing was changed."), "info")
    return redirect(url_for("admin.clinicians"), 303)


@bp.get("/import/template.csv")
def import_template() -> ResponseReturnValue:
    """Give an example to fill in."""
    return _csv(write_file(_examples()), "clinicians-template.csv")


@bp.get("/clinicians.csv")
def export() -> ResponseReturnValue:
    """Give everybody on the register as a file."""
    return _csv(export_clinicians(current_desk()), "clinicians.csv")


def _csv(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _examples() -> list[ClinicianLine]:
    """Return fictitious clinicians."""
    begins, ends = date(2026, 1, 1), date(2027, 12, 31)
    pause = Pause(30, time(11), time(14, 30))

    def week(opens: int, closes: int) -> tuple[WeeklyShift, ...]:
        return tuple(
            WeeklyShift(day, begins, OPEN_END, time(opens), time(closes)) for day in range(5)
        )

    def line(name: str, credential: Credential, home: PostalAddress, state: str) -> ClinicianLine:
        nurse = credential is Credential.RN
        number = f"EXAMPLE-{state}-{name[:3].upper()}"
        return ClinicianLine(
            line=0,
            name=name,
            credential=credential,
            home=home,
            licences=(Licence(state, credential, number, nurse, begins, ends),),
            skills=frozenset({"iv_start", "monitoring"}),
            shifts=week(8, 17) if nurse else week(9, 15),
            max_visits=4,
            max_travel_minutes=180,
            pause=pause if nurse else None,
            active=True,
        )

    return [
        line(
            "Ada Example",
            Credential.RN,
            PostalAddress("12 Fiction Street", "Kansas City", "KS", "66101"),
            "KS",
        ),
        line("Cy Example", Credential.NP, PostalAddress("", "Kansas City", "MO", "64108"), "MO"),
    ]
