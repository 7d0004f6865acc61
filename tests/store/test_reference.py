"""The reference data that ships: loaded once, whole, and never over a practice's own changes."""

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.domain.protocols import ProtocolStatus, approval_problems
from scheduler.services.reference import load_reference
from scheduler.store import mapping
from scheduler.store.database import transaction
from scheduler.store.rules import CareServiceRow, CompactMemberRow
from scheduler.store.treatment import ProtocolRow

KINDS = (CompactMemberRow, CareServiceRow, ProtocolRow)


@pytest.fixture
def loaded(session: Session) -> Session:
    load_reference(session)
    return session


def counts(session: Session) -> list[int | None]:
    return [session.scalar(select(func.count()).select_from(kind)) for kind in KINDS]


def test_loading_again_adds_nothing(loaded: Session) -> None:
    before = counts(loaded)
    load_reference(loaded)
    assert counts(loaded) == before == [43, 5, 1]


def test_what_a_practice_changed_stays(loaded: Session) -> None:
    with transaction(loaded):
        service = loaded.scalars(
            select(CareServiceRow).where(CareServiceRow.code == "iv_hydration")
        ).one()
        service.care_minutes = 75
    load_reference(loaded)
    assert loaded.get_one(CareServiceRow, service.id).care_minutes == 75


def test_forty_jurisdictions_operate_and_no_date_is_older_than_the_check(loaded: Session) -> None:
    rows = loaded.scalars(select(CompactMemberRow)).all()
    assert sum(row.issues_from is not None for row in rows) == 40
    assert {row.state for row in rows if row.privilege_from and not row.issues_from} == {"GU"}
    assert {row.state for row in rows if row.privilege_from is None} == {"MA", "VI"}
    dates = {row.privilege_from for row in rows} | {row.issues_from for row in rows}
    assert dates == {None, date(2026, 6, 17)}
    assert {row.credentials for row in rows} == {"RN LPN"}


def test_every_service_is_one_that_the_rules_accept(loaded: Session) -> None:
    services = {
        row.code: mapping.care_service(row) for row in loaded.scalars(select(CareServiceRow))
    }
    assert services["iv_ketamine"].visit_minutes == 145
    assert {code for code, service in services.items() if service.dosed} == {
        "iv_ketamine",
        "im_ketamine",
    }
    assert {code for code, service in services.items() if not service.needs_order} == {
        "primary_care_visit"
    }


def test_the_shipped_protocol_is_an_example_that_could_be_approved(loaded: Session) -> None:
    row = loaded.scalars(select(ProtocolRow)).one()
    protocol = mapping.protocol(row)
    assert row.status is ProtocolStatus.EXAMPLE
    assert approval_problems(protocol) == {}
    assert "not approved for use" in protocol.citation
    doses = [protocol.level_of(number).mg_per_kg for number in range(1, 7)]
    assert doses == sorted(doses)  # type: ignore[type-var]
