"""Days that are made: the same bytes for the same numbers, with everything a day may hold."""

import hashlib
from pathlib import Path

import pytest

from benchmarks import instances
from benchmarks.instance_file import parse_instance, read_instance
from benchmarks.instances import make_instance
from benchmarks.model import minutes_table


def make_file(monkeypatch: pytest.MonkeyPatch, path: Path, *options: str) -> bytes:
    monkeypatch.setattr("sys.argv", ["instances", "--out", str(path), *options])
    instances.main()
    return path.read_bytes()


def test_the_same_numbers_make_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest was taken once; figures of other machines compare only while it holds."""
    made = make_file(monkeypatch, tmp_path / "day.json", "--visits", "40", "--seed", "3")
    assert (
        hashlib.sha256(made).hexdigest()
        == "385e3a3afc3f7fc3ddb53fe8b2ff231e02c93595fd65baaa4cdf5491524d2d1d"
    )
    other = make_file(monkeypatch, tmp_path / "other.json", "--visits", "40", "--seed", "4")
    assert made != other


@pytest.mark.parametrize("visits", [20, 250])
def test_a_day_has_the_size_asked_for_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visits: int
) -> None:
    path = tmp_path / "day.json"
    make_file(monkeypatch, path, "--visits", str(visits))
    instance = read_instance(path)
    assert (len(instance.visits), len(instance.clinicians)) == (visits, visits // 5)


def test_a_day_holds_what_days_hold() -> None:
    instance = parse_instance(make_instance(300, 1))
    assert {len(visit.windows) for visit in instance.visits} == {1, 2, 3}
    assert all(len(visit.starts) == len(visit.windows) or visit.pinned for visit in instance.visits)
    assert sum(visit.pinned is not None for visit in instance.visits) >= 5
    assert len({visit.takers for visit in instance.visits}) > 100  # bans make the lists differ
    assert {visit.priority for visit in instance.visits} == {1, 2, 4}
    assert any(visit.preferred for visit in instance.visits)
    pauses = [clinician.pause is None for clinician in instance.clinicians]
    assert any(pauses)
    assert not all(pauses)
    ends = {(c.end is None, c.end == c.start) for c in instance.clinicians}
    assert ends == {(True, False), (False, True), (False, False)}


def test_homes_lie_in_clusters() -> None:
    """Half of the homes have a neighbour nearer than evenly spread ones would have."""
    instance = parse_instance(make_instance(300, 1))
    homes = minutes_table(instance)[2 * 60 :, 2 * 60 :]
    for row in range(len(homes)):
        homes[row, row] = 1e9
    nearest_km = sorted(homes.min(axis=1) / 60 * 40 / 1.3)
    evenly_km = 0.5 * (40 * 40 / 300) ** 0.5
    assert nearest_km[150] < 0.75 * evenly_km


def test_measured_minutes_differ_by_direction_and_are_plannable() -> None:
    table = minutes_table(parse_instance(make_instance(30, 1, measured=True)))
    homes = table[12:, 12:]
    assert (abs(homes - homes.T) > 1).mean() > 0.3
    assert homes.diagonal().tolist() == [0] * 30
