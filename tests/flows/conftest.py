"""The service as an operator runs it, on each database in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Postgres, Sqlite
from tests.service import Service, running


@pytest.fixture(scope="session")
def on_sqlite(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One machine: SQLite, and the nudges in a file beside it."""
    url = sqlite.migrated()
    with running(url, tmp_path_factory.mktemp("on-sqlite")) as service:
        yield service
    sqlite.drop(url)


@pytest.fixture(scope="session")
def on_postgres(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Several machines: rows and nudges both in PostgreSQL."""
    url = postgres.migrated()
    with running(url, tmp_path_factory.mktemp("on-postgres"), huey_url=url) as service:
        yield service
    postgres.drop(url)


@pytest.fixture(params=["on_sqlite", pytest.param("on_postgres", marks=pytest.mark.postgres)])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """The running service. Whatever a test does, the ledger passes the audit after it."""
    found: Service = request.getfixturevalue(request.param)
    yield found
    assert found.counter.audit().findings == []
