"""Load the shipped facts: licence compacts, services and example protocols; never over a change."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.care import WayOfGiving
from scheduler.domain.protocols import ProtocolStatus, content_hash
from scheduler.store.database import transaction
from scheduler.store.mapping import read_protocol
from scheduler.store.rules import CareServiceRow, CompactMemberRow
from scheduler.store.treatment import ProtocolRow

DATA = resources.files("scheduler") / "data"


def load_reference(session: Session) -> None:
    """Add what is missing. A row that is there stays as the practice left it."""
    with transaction(session):
        _load_compacts(session)
        _load_services(session)
        _load_protocols(session)


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((DATA / name).read_text().splitlines())


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _load_compacts(session: Session) -> None:
    pairs = session.execute(select(CompactMemberRow.compact, CompactMemberRow.state))
    known = {(compact, state) for compact, state in pairs}
    for row in _rows("compacts.csv"):
        if (row["compact"], row["state"]) not in known:
            session.add(
                CompactMemberRow(
                    compact=row["compact"],
                    state=row["state"],
                    credentials=row["credentials"],
                    privilege_from=_day(row["privilege_from"]),
                    issues_from=_day(row["issues_from"]),
                    enabled=row["enabled"] == "1",
                    source=row["source"],
                    checked_on=date.fromisoformat(row["checked_on"]),
                )
            )


def _load_services(session: Session) -> None:
    known = set(session.scalars(select(CareServiceRow.code)))
    for row in _rows("services.csv"):
        if row["code"] not in known:
            minutes = {name: int(text) for name, text in row.items() if name.endswith("_minutes")}
            session.add(
                CareServiceRow(
                    code=row["code"],
                    name=row["name"],
                    way_of_giving=WayOfGiving(row["way_of_giving"]),
                    skills=row["skills"],
                    needs_order=row["needs_order"] == "1",
                    dosed=row["dosed"] == "1",
                    **minutes,
                )
            )


def _load_protocols(session: Session) -> None:
    known = set(session.scalars(select(ProtocolRow.code)))
    for file in sorted((DATA / "protocols").iterdir(), key=lambda entry: entry.name):
        content = json.loads(file.read_text())
        if content["code"] not in known:
            protocol = read_protocol(content, 1, ProtocolStatus.EXAMPLE)
            session.add(
                ProtocolRow(
                    code=protocol.code,
                    version=1,
                    status=ProtocolStatus.EXAMPLE,
                    content=json.dumps(content, sort_keys=True),
                    content_hash=content_hash(protocol),
                )
            )
