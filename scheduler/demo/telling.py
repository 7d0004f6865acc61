"""What the tour says: the request, the reasons, the calendar and the texts, in plain words."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from textwrap import wrap
from typing import TextIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.dosing import format_mg, format_number
from scheduler.domain.messages import MessageState
from scheduler.domain.timing import TimeWindow, find_zone
from scheduler.domain.visits import VisitState
from scheduler.matching.offers import Offer, OfferList
from scheduler.matching.score import Terms
from scheduler.services.course import protocol_of
from scheduler.services.intake import NewPatient, NewRequest
from scheduler.services.orders import NewOrder
from scheduler.services.practice import Practice
from scheduler.services.texts import say_day, say_window
from scheduler.store import mapping, queries
from scheduler.store.clinicians import ClinicianRow
from scheduler.store.messages import MessageRow
from scheduler.store.treatment import AttemptRow, ProtocolRow, SeriesRow

WIDTH = 88
_LEFT_OUT = {MessageState.CANCELLED, MessageState.SUPPRESSED, MessageState.EXPIRED}
_STATE_WORDS = {VisitState.BOOKED: "booked", VisitState.TENTATIVE: "planned"}


def say(out: TextIO, text: str = "") -> None:
    """Write one line."""
    out.write(f"{text}\n")


def heading(out: TextIO, text: str) -> None:
    """Write a heading after an empty line."""
    say(out)
    say(out, text)
    say(out, "-" * len(text))


def name_of(session: Session, clinician_id: UUID) -> str:
    """Return a clinician's name with the credential."""
    row = queries.get(session, ClinicianRow, clinician_id, "clinician")
    return f"{row.name}, {row.credential.value}"


def open_tour(out: TextIO, practice: Practice) -> None:
    """Say what is about to be shown."""
    say(out, practice.name)
    say(out, "Everybody here is fictitious. The doses are invented: EXAMPLE ONLY - not medical")
    say(out, "advice - not approved for use. Loading 24 clinicians and 60 patients ...")


def tell_request(session: Session, request: NewRequest, patient: NewPatient, out: TextIO) -> None:
    """Say who asks for what, where and when."""
    address = queries.address_of(session, request.address_id)
    service = queries.find_service(session, request.service_code)
    zone = address.timezone
    where = f"{address.street}, {address.state} {address.zip_code}"
    span = f"{say_day(request.wanted_from, zone)} to {say_day(request.wanted_until, zone)}"
    heading(out, "1. The request")
    say(out, f"{patient.name}, {format_number(request.intake.weight_kg)} kg, {where}")
    say(out, f"asks for: {service.name}, first visit {span}.")
    say(out, "It needs a prescription, so it waits for the prescriber before any time is offered.")


def tell_order(session: Session, order: NewOrder, out: TextIO) -> None:
    """Say what the prescriber signed."""
    if order.protocol_id is None or order.max_mg_per_administration is None:
        return
    protocol = queries.get(session, ProtocolRow, order.protocol_id, "protocol")
    say(out, f"The prescriber signs: {mapping.protocol(protocol).title},")
    ceiling = format_mg(order.max_mg_per_administration)
    say(out, f"{order.max_administrations} visits, never more than {ceiling} at one visit.")


def tell_reasons(session: Session, found: OfferList, chosen: Offer, out: TextIO) -> None:
    """Say who was chosen for the first visit, what the others would cost, and who is out."""
    heading(out, "2. Why this clinician")
    zone = queries.get(session, ClinicianRow, chosen.clinician_id, "clinician").timezone
    name, when = name_of(session, chosen.clinician_id), _when(chosen.window, zone)
    say(out, f"First visit: {name}, {when}.")
    say(out, f"What it costs beside an empty day: {_terms(chosen.terms)}.")
    say(out, "It opens the calendar that costs least as a whole. Other first visits could be:")
    for offer in found.offers:
        if (offer.clinician_id, offer.starts_at) != (chosen.clinician_id, chosen.starts_at):
            say(out, f"  {name_of(session, offer.clinician_id)}, {_when(offer.window, zone)}")
            _say_wrapped(out, f"      {_terms(offer.terms)}", "      ")
    _tell_excluded(session, found, out)


def _tell_excluded(session: Session, found: OfferList, out: TextIO) -> None:
    names: dict[str, list[str]] = defaultdict(list)
    for each in found.exclusions:
        names[each.words.replace("_", " ")].append(name_of(session, each.clinician_id))
    say(out, f"Clinicians within reach who cannot go: {len(found.exclusions)}")
    for words, who in sorted(names.items()):
        _say_wrapped(out, f"  {words}: {'; '.join(sorted(who))}", "      ")


def _when(window: TimeWindow, zone: str) -> str:
    return f"{say_day(window.starts_at, zone)} {say_window(window, zone)}"


def _terms(terms: Terms) -> str:
    parts = [f"{words} ({minutes:.0f} min)" for words, minutes in terms.readable()]
    return ", ".join(parts) or "nothing extra"


def tell_calendar(session: Session, series_id: UUID, out: TextIO) -> None:
    """Say every visit of the series, with its dose only where a prescriber released it."""
    series = queries.get(session, SeriesRow, series_id, "series")
    attempts = {row.number: row for row in queries.attempts_of_series(session, series_id)}
    heading(out, "3. The series")
    for visit in queries.visits_of_series(session, series_id):
        attempt = attempts[visit.number or 1]
        window = TimeWindow(visit.window_starts_at, visit.window_ends_at)
        words = _STATE_WORDS.get(visit.state, "ended")
        who = name_of(session, visit.clinician_id)
        say(out, f"  {visit.number}. {_when(window, visit.timezone):<32} {who:<20} {words}")
        say(out, f"     level {attempt.level_number}: {_dose(session, series, attempt)}")
    say(out, "Each next dose is released by the prescriber, after the outcome before is recorded.")


def _dose(session: Session, series: SeriesRow, attempt: AttemptRow) -> str:
    if attempt.signed_hash is None:
        return "dose not released yet"
    level = protocol_of(session, series).level_of(attempt.number)
    mg = format_mg(Decimal(attempt.mg))
    if level.mg_per_kg is None:
        return f"{mg}, released"
    weight = format_number(Decimal(attempt.reference_kg))
    return f"{format_number(level.mg_per_kg)} mg/kg x {weight} kg = {mg}, released"


def tell_texts(session: Session, patient_id: UUID, out: TextIO) -> None:
    """Say every text that the patient has got or will get, with its time where they live."""
    heading(out, "5. What the patient is texted")
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.patient_id == patient_id)
        .order_by(MessageRow.not_before, MessageRow.template)
    )
    say_texts(out, (row for row in rows if row.state not in _LEFT_OUT))


def say_texts(out: TextIO, rows: Iterable[MessageRow]) -> None:
    """Write texts, each under its send time."""
    for row in rows:
        local = row.not_before.astimezone(find_zone(row.timezone))
        say(out, f"{say_day(row.not_before, row.timezone)}, {local:%I:%M %p %Z}")
        _say_wrapped(out, f"    {row.body}", "    ")


def _say_wrapped(out: TextIO, text: str, indent: str) -> None:
    for line in wrap(text, WIDTH, subsequent_indent=indent, drop_whitespace=True):
        say(out, line)
