"""An administrator enters clinicians and changes what they are, where they start, what they can."""

from dataclasses import dataclass
from uuid import UUID

from scheduler.domain.errors import Conflict, InvalidInput
from scheduler.domain.geography import Place, PostalAddress
from scheduler.domain.licensure import Credential
from scheduler.domain.rosters import Pause, write_pause
from scheduler.services.before_after import changes_in_words
from scheduler.services.clinician_register import pause_of
from scheduler.services.desk import Desk
from scheduler.services.promises import change_clinician
from scheduler.store.clinicians import ClinicianRow, SkillRow
from scheduler.store.database import transaction
from scheduler.store.locking import lock_register
from scheduler.store.people import Role


@dataclass(frozen=True, slots=True)
class ClinicianFacts:
    """What is typed for a clinician: who they are, their home, and the limits of a day."""

    name: str
    credential: Credential
    home: PostalAddress
    max_visits: int
    max_travel_minutes: int
    pause: Pause | None


def add_clinician(desk: Desk, clinician_id: UUID, facts: ClinicianFacts) -> UUID:
    """Enter a clinician under an id made by the caller; sent twice, it adds one.

    Raises:
        UnknownZip, StateMismatch: home is nowhere.
        Conflict: somebody else has the id.
    """
    desk.allow(Role.ADMINISTRATOR)
    place = desk.ports.geocoder.locate(facts.home)
    with transaction(desk.session) as session:
        lock_register(session)
        known = session.get(ClinicianRow, clinician_id)
        if known is not None:
            if known.name != facts.name:
                raise Conflict("This form was used for somebody else. Open a new one.")
            return clinician_id
        session.add(clinician_row(clinician_id, facts, place))
        desk.record(
            "add clinician",
            "clinician",
            clinician_id,
            reason=changes_in_words({}, _in_words(facts)),
        )
    return clinician_id


def clinician_row(clinician_id: UUID, facts: ClinicianFacts, place: Place) -> ClinicianRow:
    """Return the row of a new clinician."""
    row = ClinicianRow(id=clinician_id)
    _write(row, facts, place)
    return row


def _write(row: ClinicianRow, facts: ClinicianFacts, place: Place) -> None:
    row.name, row.credential = facts.name, facts.credential
    row.home_street, row.home_city = facts.home.street, facts.home.city
    row.home_state, row.home_zip = place.state, place.zip_code
    row.start_latitude, row.start_longitude = place.point.latitude, place.point.longitude
    row.timezone = place.timezone
    row.max_visits, row.max_travel_minutes = facts.max_visits, facts.max_travel_minutes
    pause = facts.pause
    row.break_minutes = pause.minutes if pause else None
    row.break_opens = pause.opens if pause else None
    row.break_closes = pause.closes if pause else None


def edit_clinician(desk: Desk, clinician_id: UUID, facts: ClinicianFacts) -> None:
    """Change a clinician; home is placed anew.

    Raises:
        UnknownZip, StateMismatch: home is nowhere.
        PromisesInTheWay: a promised visit would no longer hold; nothing was changed.
    """
    desk.allow(Role.ADMINISTRATOR)
    place = desk.ports.geocoder.locate(facts.home)

    def change(row: ClinicianRow) -> None:
        before = _in_words(facts_of(row))
        _write(row, facts, place)
        words = changes_in_words(before, _in_words(facts))
        desk.record("edit clinician", "clinician", clinician_id, reason=words or "nothing")

    change_clinician(desk, clinician_id, change, place.point)


def facts_of(row: ClinicianRow) -> ClinicianFacts:
    """Return what was typed for a clinician."""
    home = PostalAddress(row.home_street, row.home_city or "", row.home_state, row.home_zip or "")
    return ClinicianFacts(
        row.name, row.credential, home, row.max_visits, row.max_travel_minutes, pause_of(row)
    )


def _in_words(facts: ClinicianFacts) -> dict[str, object]:
    home = facts.home
    return {
        "name": facts.name,
        "credential": facts.credential.value,
        "home": ", ".join(filter(None, (home.street, home.city, home.state, home.zip_code))),
        "visits a day": facts.max_visits,
        "minutes of driving a day": facts.max_travel_minutes,
        "break": write_pause(facts.pause) if facts.pause else "none",
    }


def set_skills(desk: Desk, clinician_id: UUID, skills: frozenset[str]) -> None:
    """Give a clinician just these skills; one that is taken away keeps its row.

    Raises:
        PromisesInTheWay: a promised visit needs a skill that would go; nothing was changed.
    """
    desk.allow(Role.ADMINISTRATOR)

    def change(row: ClinicianRow) -> None:
        rows = {each.skill: each for each in row.skills}
        before = {word for word, each in rows.items() if each.ended_at is None}
        for word in before - skills:
            rows[word].ended_at = desk.now()
        for word in skills - before:
            if word in rows:
                rows[word].ended_at = None
            else:
                desk.session.add(SkillRow(clinician_id=clinician_id, skill=word))
        words = changes_in_words(
            {"skills": ", ".join(sorted(before))}, {"skills": ", ".join(sorted(skills))}
        )
        desk.record("set skills", "clinician", clinician_id, reason=words or "nothing")

    change_clinician(desk, clinician_id, change)


def set_active(desk: Desk, clinician_id: UUID, reason: str, *, active: bool) -> None:
    """Take a clinician off the plan, or put them back on it.

    Raises:
        InvalidInput: no reason.
        PromisesInTheWay: promised visits stand; dispatch finds others for them first.
    """
    desk.allow(Role.ADMINISTRATOR)
    if not reason.strip():
        raise InvalidInput({"reason": "must say why"})

    def change(row: ClinicianRow) -> None:
        if row.active is not active:
            row.active = active
            verb = "reactivate" if active else "deactivate"
            desk.record(f"{verb} clinician", "clinician", clinician_id, reason=reason)

    change_clinician(desk, clinician_id, change)
