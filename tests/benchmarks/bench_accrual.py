"""The whole accrual (rules, entry, lot, balance, tier, card) against the least that could be durable:
idempotency row, entry, balance and version in one transaction on the same database."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import text

from tests.benchmarks.report import Case, measure
from wallet.actions.actor import Actor
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.upgrade_database import upgrade_database
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.tables.member import member_with_id

ITEMS = 200  # in one run: about a second
MEMBERS = 200
TILL = Actor("staff:1", "cashier", "store")
_BARE = (
    "CREATE TABLE bare_request (id TEXT PRIMARY KEY, answer TEXT)",
    "CREATE TABLE bare_entry (id INTEGER PRIMARY KEY, account INTEGER, quantity INTEGER, balance INTEGER)",
    "CREATE TABLE bare_account (id INTEGER PRIMARY KEY, balance INTEGER, version INTEGER)",
)


def run() -> None:
    """On SQLite; PostgreSQL follows with the growth figures."""
    with tempfile.TemporaryDirectory() as folder:
        database = _database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        try:
            work, bare = _accrual(database), _bare(database)
            work(), bare()  # statements compiled, pages warm
            measure(
                Case(
                    "accrual",
                    "sqlite, one client, everything an accrual does",
                    "µs per accrual",
                    work,
                    "bare durable transaction of 3 statements",
                    bare,
                    "≤ 2.86 (35 % of its rate)",
                )
            )
        finally:
            database.dispose()


def _database(url: str) -> Database:
    context = Context(Vault("bench" * 10), "http://127.0.0.1:8000")
    database = Database(url, info={"context": context})
    upgrade_database(database)
    with database.transaction() as session:
        for statement in _BARE:
            session.execute(text(statement))
    return database


def _accrual(database: Database) -> Callable[[], int]:
    now, numbers = datetime.now(UTC), count()
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        members = []
        for index in range(MEMBERS):
            member = enrol(session, program, Enrolment(email=f"m{index}@exemple.test"), TILL, now)
            issue_pass(session, program, member, "apple", now)
            members.append(member.id)

    def _work() -> int:
        for _ in range(ITEMS):
            number = next(numbers)
            facts = PurchaseFacts("till", f"b{number}", "store", 450 + number % 900, "EUR")
            with database.transaction() as session:
                view = program_view(session, program.id)
                member = member_with_id(session, program.id, members[number % MEMBERS])
                assert member is not None
                record_purchase(session, view, member, facts, TILL, datetime.now(UTC))
        return ITEMS

    return _work


def _bare(database: Database) -> Callable[[], int]:
    numbers = count()
    with database.transaction() as session:
        for index in range(MEMBERS):
            session.execute(text("INSERT INTO bare_account VALUES (:i, 0, 0)"), {"i": index})
    request = text("INSERT INTO bare_request VALUES (:key, :answer)")
    move = text(
        "UPDATE bare_account SET balance = balance + :x, version = version + 1 "
        "WHERE id = :i AND balance + :x >= 0 RETURNING balance"
    )
    entry = text("INSERT INTO bare_entry VALUES (:n, :i, :x, :b)")

    def _work() -> int:
        for _ in range(ITEMS):
            number = next(numbers)
            member = number % MEMBERS
            with database.transaction() as session:
                connection = session.connection()
                connection.execute(request, {"key": f"b{number}", "answer": "{}"})
                balance = connection.execute(move, {"x": 5, "i": member}).scalar_one()
                connection.execute(entry, {"n": number, "i": member, "x": 5, "b": balance})
        return ITEMS

    return _work
