"""Clinicians from a CSV file into the register: all lines or none, and back into the same file."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.domain.clinician_csv import digest_of, read_bytes, read_file
from scheduler.domain.errors import Conflict, NotAllowed
from scheduler.services.clinician_import import (
    FaultsInFile,
    dry_run,
    export_clinicians,
    import_clinicians,
)
from scheduler.services.offers import offers_for
from scheduler.store.audit import AuditRow
from scheduler.store.clinicians import ClinicianRow, LicenceRow, ShiftRow, SkillRow
from scheduler.store.people import Role
from tests.clinician_files import ADA, CY, TODAY, file_of
from tests.clocks import FixedClock
from tests.conftest import Database
from tests.world import World

NOW = datetime(2026, 10, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> World:
    return World(session, FixedClock(NOW))


def count(session: Session, kind: type[object]) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(kind)) or 0


def test_a_dry_run_changes_nothing_and_names_what_it_would_do(world: World) -> None:
    run = dry_run(world.desk(Role.ADMINISTRATOR), file_of(ADA, CY))
    assert run.faults == ()
    assert [(line.line, line.name, line.already_here) for line in run.lines] == [
        (2, "Ada Example", False),
        (3, "Cy Example", False),
    ]
    assert run.to_add == 2
    assert count(world.session, ClinicianRow) == 0
    assert count(world.session, AuditRow) == 0


def test_places_that_do_not_exist_are_named_too(world: World) -> None:
    nowhere = CY.replace("64108", "00000")
    elsewhere = ADA.replace("66101", "10025")
    run = dry_run(world.desk(Role.ADMINISTRATOR), file_of(nowhere, elsewhere))
    assert [(fault.line, fault.column) for fault in run.faults] == [
        (2, "home_zip"),
        (3, "home_state"),
    ]
    assert "lies in New York" in run.faults[1].words


def test_one_bad_line_keeps_the_whole_file_out(world: World) -> None:
    content = file_of(ADA, CY.replace("64108", "00000"))
    with pytest.raises(FaultsInFile) as refused:
        import_clinicians(world.desk(Role.ADMINISTRATOR), content, digest_of(content))
    assert [fault.line for fault in refused.value.faults] == [3]
    for kind in (ClinicianRow, LicenceRow, ShiftRow, SkillRow, AuditRow):
        assert count(world.session, kind) == 0


def test_a_file_that_breaks_in_the_middle_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file_of(ADA, CY)

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("scheduler.services.clinician_import.SkillRow", break_down)
    with pytest.raises(RuntimeError):
        import_clinicians(world.desk(Role.ADMINISTRATOR), content, digest_of(content))
    assert count(world.session, ClinicianRow) == 0
    assert count(world.session, LicenceRow) == 0


def test_all_lines_are_imported_and_each_is_written_down(world: World) -> None:
    content = file_of(ADA, CY)
    desk = world.desk(Role.ADMINISTRATOR)
    assert import_clinicians(desk, content, dry_run(desk, content).digest) == 2
    world.session.rollback()
    ada, cy = world.session.scalars(select(ClinicianRow).order_by(ClinicianRow.name))
    assert (ada.timezone, ada.home_street, cy.home_zip) == (
        "America/Chicago",
        "12 Fiction Street",
        "64108",
    )
    assert len(ada.shifts) == 5
    said = world.session.scalars(select(AuditRow).order_by(AuditRow.subject_id)).all()
    assert {row.action for row in said} == {"import clinician"}
    assert {row.reason for row in said} == {
        "line 2: Ada Example, RN, 2 licenses",
        "line 3: Cy Example, NP, 1 licenses",
    }


def test_another_file_than_the_one_that_was_checked_is_refused(world: World) -> None:
    desk = world.desk(Role.ADMINISTRATOR)
    seen = dry_run(desk, file_of(ADA)).digest
    with pytest.raises(Conflict):
        import_clinicians(desk, file_of(ADA, CY), seen)
    assert count(world.session, ClinicianRow) == 0


def test_line_ends_of_a_browser_make_no_other_file(world: World) -> None:
    desk = world.desk(Role.ADMINISTRATOR)
    seen = dry_run(desk, file_of(ADA)).digest
    assert import_clinicians(desk, file_of(ADA).replace("\n", "\r\n"), seen) == 1


def test_sent_twice_it_adds_nobody_twice(world: World) -> None:
    content = file_of(ADA, CY)
    desk = world.desk(Role.ADMINISTRATOR)
    assert import_clinicians(desk, content, digest_of(content)) == 2
    assert import_clinicians(desk, content, digest_of(content)) == 0
    assert [line.already_here for line in dry_run(desk, content).lines] == [True, True]
    assert count(world.session, ClinicianRow) == 2


def test_a_number_that_somebody_else_has_is_refused(world: World) -> None:
    desk = world.desk(Role.ADMINISTRATOR)
    import_clinicians(desk, file_of(CY), digest_of(file_of(CY)))
    run = dry_run(desk, file_of(ADA, CY.replace("Cy Example", "Di Example")))
    assert [(fault.line, fault.column, fault.words) for fault in run.faults] == [
        (3, "licenses", "the MO license C-1 is Cy Example's already")
    ]


def test_two_who_import_at_once_add_everybody_once(database: Database) -> None:
    content = file_of(ADA, CY)
    added: list[int] = []

    def send() -> None:
        with Session(database.engine) as session:
            desk = World(session, FixedClock(NOW)).desk(Role.ADMINISTRATOR)
            added.append(import_clinicians(desk, content, digest_of(content)))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [0, 0, 0, 2]


def test_everybody_is_exported_as_they_came_in(world: World) -> None:
    desk = world.desk(Role.ADMINISTRATOR)
    import_clinicians(desk, file_of(ADA, CY), digest_of(file_of(ADA, CY)))
    exported = export_clinicians(desk)
    came_in = read_file(file_of(ADA, CY), TODAY).lines
    gone_out = read_file(read_bytes(exported.encode()), TODAY).lines
    assert [replace(line, line=0) for line in gone_out] == [
        replace(line, line=0) for line in came_in
    ]
    assert [line.already_here for line in dry_run(desk, exported).lines] == [True, True]


def test_an_imported_clinician_is_offered_at_once(world: World) -> None:
    world.service("infusion", skills="iv_start")
    world.scope("KS")
    request = world.request(world.patient("66101", "KS"), "infusion")
    assert offers_for(world.dispatcher, request).offers == ()
    desk = world.desk(Role.ADMINISTRATOR)
    import_clinicians(desk, file_of(ADA, CY), digest_of(file_of(ADA, CY)))
    offers = offers_for(world.dispatcher, request).offers
    names = {world.session.get_one(ClinicianRow, offer.clinician_id).name for offer in offers}
    assert names == {"Ada Example"}
    assert min(offer.starts_at for offer in offers) > NOW + timedelta(hours=1)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_administrators_import_and_export(world: World, role: Role) -> None:
    desk = world.desk(role)
    acts: list[Callable[[], object]] = [
        lambda: dry_run(desk, file_of(ADA)),
        lambda: import_clinicians(desk, file_of(ADA), digest_of(file_of(ADA))),
        lambda: export_clinicians(desk),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
