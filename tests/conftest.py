"""What every test may ask for: a database of each kind, a fixed time, a cast."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from tests.databases import Postgres, ServerMissing, Sqlite, migrate, postgres_server
from tests.factories import NOW, Cast, make_cast, open_database
from tests.lock_order import lock_order
from wallet.actions import staff_access
from wallet.db import Database

# What a machine may lack. Where it must not (COMPTOIR_REQUIRE_ALL=1), a skip is a failure.
OPTIONAL = ("postgres", "browser", "node")

# Where tests write. A power cut is not what is tested here, so SQLite's syncing need not reach a disk,
# which takes half of the time of some tests where the disk is slow or shared.
_IN_MEMORY = Path("/dev/shm")
_IN_MEMORY_BYTES_MIN = 4 * 2**30  # far more than tests write; small machines keep their memory

if (
    "PYTEST_DEBUG_TEMPROOT" not in os.environ
    and os.access(_IN_MEMORY, os.W_OK)
    and shutil.disk_usage(_IN_MEMORY).free >= _IN_MEMORY_BYTES_MIN
):
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_IN_MEMORY)

settings.register_profile(
    "comptoir",
    deadline=None,  # two cores shared by many: time is measured elsewhere
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("comptoir")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is required, what was skipped for want of a program has failed."""
    report = yield
    wanted = [name for name in OPTIONAL if item.get_closest_marker(name)]
    if report.skipped and wanted and os.environ.get("COMPTOIR_REQUIRE_ALL") == "1":
        reason = str(call.excinfo.value) if call.excinfo else "skipped"
        report.outcome = "failed"
        report.longrepr = f"COMPTOIR_REQUIRE_ALL=1 and {', '.join(wanted)} is missing: {reason}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server: COMPTOIR_TEST_DATABASE_URL, or one from pip for this session."""
    try:
        with postgres_server(os.environ.get("COMPTOIR_TEST_DATABASE_URL")) as server:
            yield server
    except ServerMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    """A folder of SQLite files."""
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Sqlite | Postgres:
    """Each database engine in turn: whatever asks for this runs on both."""
    made: Sqlite | Postgres = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def filled(engine: Sqlite | Postgres, request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    """A fresh database: with the cast in it where the test asks for the cast, else empty."""
    url, made = engine.filled(_cast_in if "cast" in request.fixturenames else migrate)
    yield url, made
    engine.drop(url)


@pytest.fixture
def database_url(filled: tuple[str, Any]) -> str:
    """The address of a fresh database with the schema of this release."""
    return filled[0]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened. Whatever the test does there, rows are locked in one order."""
    opened = open_database(database_url)
    with lock_order(opened) as order:
        yield opened
    opened.dispose()
    assert order.wrong == []


@pytest.fixture(scope="session", autouse=True)
def light_hashing() -> Iterator[None]:
    """Passwords hashed in no time: how slow the real thing is has a test of its own."""
    heavy, staff_access._hasher = staff_access._hasher, PasswordHasher(1, 8, 1)
    yield
    staff_access._hasher = heavy


@pytest.fixture
def now() -> datetime:
    """The moment at which every test happens."""
    return NOW


@pytest.fixture
def cast(database: Database, filled: tuple[str, Any]) -> Iterator[Cast]:
    """Two programs and their people. Whatever the test does, the ledger passes the audit after it."""
    made: Cast = filled[1].moved_to(database)
    yield made
    assert made.audit().findings == []


def _cast_in(url: str) -> Cast:
    migrate(url)
    database = open_database(url)
    made = make_cast(database)
    database.dispose()
    return made
