"""Reference data that comes with the program: licence compacts, services, example protocols."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.domain.care import WayOfGiving
from scheduler.domain.protocols import ProtocolStatus, content_hash
from scheduler.store.database import transaction
from scheduler.store.mapping import read_protocol
from scheduler.store.rules import CareServiceRow, CompactMemberRow
from scheduler.store.treatment import ProtocolRow

_YES_OR_NO = {"yes": True, "no": False}
_FIRST_VERSION = 1


def load_reference(session: Session) -> None:
    """Add the compacts, services and example protocols that the database lacks.

    Rows that are there stay as they are: a practice may have changed them.
    """
    with transaction(session):
        _add_compacts(session, _read_csv("compacts.csv"))
        _add_services(session, _read_csv("services.csv"))
        _add_protocols(session, _read_protocols())


def _data() -> Traversable:
    return resources.files("scheduler").joinpath("data")


def _read_csv(name: str) -> list[dict[str, str]]:
    text = _data().joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _read_protocols() -> list[dict[str, object]]:
    files = sorted(_data().joinpath("protocols").iterdir(), key=lambda file: file.name)
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _add_compacts(session: Session, lines: Iterable[Mapping[str, str]]) -> None:
    known = {(row.compact, row.state) for row in session.scalars(select(CompactMemberRow))}
    for line in lines:
        if (line["compact"], line["state"]) in known:
            continue
        session.add(
            CompactMemberRow(
                compact=line["compact"],
                state=line["state"],
                credentials=line["credentials"],
                privilege_from=_day(line["privilege_from"]),
                issues_from=_day(line["issues_from"]),
                enabled=_YES_OR_NO[line["enabled"]],
                source=line["source"],
                checked_on=date.fromisoformat(line["checked_on"]),
            )
        )


def _add_services(session: Session, lines: Iterable[Mapping[str, str]]) -> None:
    known = set(session.scalars(select(CareServiceRow.code)))
    for line in lines:
        if line["code"] in known:
            continue
        session.add(
            CareServiceRow(
                code=line["code"],
                name=line["name"],
                way_of_giving=WayOfGiving(line["way_of_giving"]),
                skills=line["skills"],
                needs_order=_YES_OR_NO[line["needs_order"]],
                dosed=_YES_OR_NO[line["dosed"]],
                preparation_minutes=int(line["preparation_minutes"]),
                care_minutes=int(line["care_minutes"]),
                pack_down_minutes=int(line["pack_down_minutes"]),
                arrival_window_minutes=int(line["arrival_window_minutes"]),
            )
        )


def _add_protocols(session: Session, documents: Iterable[dict[str, object]]) -> None:
    known = set(session.scalars(select(ProtocolRow.code)))
    for document in documents:
        protocol = read_protocol(document, _FIRST_VERSION, ProtocolStatus.EXAMPLE)
        if protocol.code in known:
            continue
        session.add(
            ProtocolRow(
                code=protocol.code,
                version=_FIRST_VERSION,
                status=ProtocolStatus.EXAMPLE,
                content=json.dumps(document, sort_keys=True),
                content_hash=content_hash(protocol),
            )
        )
