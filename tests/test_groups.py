"""Tests of one group run on one worker, so that what they share is made once."""

import pytest

pytestmark = pytest.mark.xdist_group("together")


def test_workers_are_told_the_group(request: pytest.FixtureRequest) -> None:
    grouped = bool(request.config.getoption("loadgroup", default=False))
    assert request.node.nodeid.endswith("@together") is grouped
