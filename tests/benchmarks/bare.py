"""The least that could be durable: idempotency row, entry, balance and version in one transaction, said
to the database by its own driver. What the whole accrual is measured against."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from wallet.db import BUSY_TIMEOUT_MS

# The same library as the product's.
sqlite_module: Any = importlib.import_module(
    "pysqlite3.dbapi2" if sys.platform == "linux" else "sqlite3"
)

TABLES = (
    "CREATE TABLE bare_request (id TEXT PRIMARY KEY, answer TEXT)",
    "CREATE TABLE bare_entry (id BIGINT PRIMARY KEY, account BIGINT, quantity BIGINT, balance BIGINT)",
    "CREATE TABLE bare_account (id BIGINT PRIMARY KEY, balance BIGINT, version BIGINT)",
)
REQUEST = "INSERT INTO bare_request VALUES (?, ?)"
MOVE = (
    "UPDATE bare_account SET balance = balance + ?, version = version + 1 "
    "WHERE id = ? AND balance + ? >= 0 RETURNING balance"
)
ENTRY = "INSERT INTO bare_entry VALUES (?, ?, ?, ?)"
Transaction = Callable[[int], None]


@contextmanager
def bare_transaction(url: str, accounts: int) -> Iterator[Transaction]:
    """One connection; the function does transaction number so-and-so on one of the accounts. The
    tables are made when they are not there."""
    if make_url(url).get_backend_name() == "sqlite":
        with _sqlite(url) as connection:
            _prepare(connection, accounts)
            yield _on_sqlite(connection, accounts)
    else:
        with psycopg.connect(url, autocommit=True) as server:
            _prepare(server, accounts)
            server.autocommit = False
            yield _on_postgres(server, accounts)


@contextmanager
def _sqlite(url: str) -> Iterator[Any]:
    path = Path(f"{make_url(url).database}.bare")
    connection = sqlite_module.connect(
        str(path), isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        yield connection
    finally:
        connection.close()


def _prepare(connection: Any, accounts: int) -> None:
    mark = "?" if isinstance(connection, sqlite_module.Connection) else "%s"
    try:
        for statement in TABLES:
            connection.execute(statement)
    except (sqlite_module.OperationalError, psycopg.errors.DuplicateTable):
        return  # another client was first
    connection.execute("BEGIN")
    for number in range(accounts):
        connection.execute(f"INSERT INTO bare_account VALUES ({mark}, 0, 0)", (number,))
    connection.execute("COMMIT")


def _on_sqlite(connection: Any, accounts: int) -> Transaction:
    def _work(number: int) -> None:
        account = number % accounts
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(REQUEST, (f"b{number}", "{}"))
        balance = connection.execute(MOVE, (5, account, 5)).fetchone()[0]
        connection.execute(ENTRY, (number, account, 5, balance))
        connection.execute("COMMIT")

    return _work


def _on_postgres(server: Any, accounts: int) -> Transaction:
    request, move, entry = (text.replace("?", "%s") for text in (REQUEST, MOVE, ENTRY))

    def _work(number: int) -> None:
        account = number % accounts
        server.execute(request, (f"b{number}", "{}"))
        balance = server.execute(move, (5, account, 5)).fetchone()[0]
        server.execute(entry, (number, account, 5, balance))
        server.commit()

    return _work
