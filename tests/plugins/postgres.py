"""The PostgreSQL server that tests share: one per session, under xdist one per worker."""

import os
from collections.abc import Iterator

import pytest

from tests.databases import GivenPostgres, PostgresServer, ThrowAwayPostgres, postgres_binaries


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        with GivenPostgres(given) as server:
            yield server
        return
    if postgres_binaries() is None:
        pytest.skip("PostgreSQL server binaries are not installed")
    with ThrowAwayPostgres() as server:
        yield server
