"""The statements of a sale alone: recorded once with their values, then said again by the driver to a copy of
the database as it was before. No accrual that asks and writes the same can be cheaper."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import event, make_url

import wallet.prepared
from tests.benchmarks.bare import Transaction, sqlite_module
from wallet.db import BUSY_TIMEOUT_MS, Database
from wallet.pipeline import Given, Known, Rows, run

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536")


@dataclass(frozen=True, slots=True)
class Said:
    """What goes to the database at once: on SQLite one statement, else all of one round trip."""

    statements: Sequence[Any]
    commit: bool = False


@contextmanager
def statements_alone(
    database: Database, sale: Transaction, first: int, count: int
) -> Iterator[Transaction]:
    """Do sales number `first` and so many more with the product, and hand over a function that says what the
    next one of them said: to a copy made before, so that each finds what it found."""
    is_sqlite = make_url(database.url).get_backend_name() == "sqlite"
    with (_sqlite_copy if is_sqlite else _postgres_copy)(database) as copy:
        sales = (_recorded_sqlite if is_sqlite else _recorded_postgres)(
            database, sale, range(first, first + count)
        )
        yield _on_sqlite(copy, sales) if is_sqlite else _on_postgres(copy, sales)


@contextmanager
def _sqlite_copy(database: Database) -> Iterator[Any]:
    path = Path(f"{make_url(database.url).database}.floor")
    with database.engine.connect() as source:
        source.connection.driver_connection.execute("VACUUM INTO ?", (str(path),))  # type: ignore[union-attr]
    connection = sqlite_module.connect(
        str(path), isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        yield connection
    finally:
        connection.close()


@contextmanager
def _postgres_copy(database: Database) -> Iterator[psycopg.Connection[Any]]:
    database.dispose()  # a template must rest
    url = make_url(database.url).set(drivername="postgresql")
    name = f"floor_{secrets.token_hex(4)}"
    admin = url.set(database="template1").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"'.encode())
    with psycopg.connect(
        url.set(database=name).render_as_string(hide_password=False), prepare_threshold=None
    ) as connection:
        yield connection


def _recorded_sqlite(database: Database, sale: Transaction, numbers: range) -> list[list[Said]]:
    said: list[Said] = []

    def _hear(_connection: Any, _cursor: Any, sql: str, given: Any, *_rest: Any) -> None:
        said.append(Said((sql, given)))

    sales = []
    event.listen(database.engine, "before_cursor_execute", _hear)
    try:
        for number in numbers:
            sale(number)
            sales.append(said.copy())
            said.clear()
    finally:
        event.remove(database.engine, "before_cursor_execute", _hear)
    return sales


def _recorded_postgres(database: Database, sale: Transaction, numbers: range) -> list[list[Said]]:
    said: list[Said] = []

    def _run(driver: Any, known: Known, statements: Sequence[Given], *, commit: bool) -> list[Rows]:
        said.append(Said(list(statements), commit))
        return run(driver, known, statements, commit=commit)

    sales = []
    with patch.object(wallet.prepared, "run", _run):
        for number in numbers:
            sale(number)
            sales.append(said.copy())
            said.clear()
    return sales


def _on_sqlite(connection: Any, sales: Sequence[Sequence[Said]]) -> Transaction:
    waiting = iter(sales)

    def _work(_number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for one in next(waiting):
            connection.execute(*one.statements).fetchall()
        connection.execute("COMMIT")

    return _work


def _on_postgres(
    connection: psycopg.Connection[Any], sales: Sequence[Sequence[Said]]
) -> Transaction:
    """Whole round trips as the product sends them: psycopg's own pipeline would take longer."""
    waiting, known = iter(sales), Known(connection)

    def _work(_number: int) -> None:
        for one in next(waiting):
            run(connection, known, one.statements, commit=one.commit)

    return _work
