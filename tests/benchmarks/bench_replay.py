"""The time machine: a year of sales through draft rules, reading included, against only reading them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from tests.benchmarks.report import Case, measure
from wallet.actions.create_program import create_program
from wallet.actions.load_demo import PROGRAM, RULES
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.replay_rules import Period, replay_rules
from wallet.actions.upgrade_database import upgrade_database
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.ids import new_id
from wallet.prepared import Prepared
from wallet.rules.ruleset import Ruleset, read_ruleset
from wallet.tables.history import given_rows, sale_rows
from wallet.tables.ledger import Account, Entry
from wallet.tables.member import Member
from wallet.tables.purchase import Purchase

SALES_EACH = 25  # by every member in the year
SALES = 200_000
CACHE_KIB = 512_000  # while making the rows, so that the indexes stay in memory
RUNS = 3
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
YEAR = Period(NOW - timedelta(days=365), NOW)
TARGET = "≤ 20 µs (50,000 sales/s)"

_HAPPY = {
    "key": "happy",
    "name": {"en": "Happy hour"},
    "factor": "2",
    "when": {"weekdays": ["tue", "thu"], "from_time": "15:00", "to_time": "17:00"},
}
_CAPPED = {**RULES["earning"][0], "caps": [{"per": "day", "quantity": 50}]}
DRAFTS: dict[str, dict[str, Any]] = {
    "another rate and tiers": {"earning": [{**RULES["earning"][0], "quantity": 2}]},
    "happy hours, calendar years, grace": {
        "multipliers": [_HAPPY],
        "tier_policy": {"window": "calendar_year", "grace_days": 60},
    },
    "a cap for each day": {"earning": [_CAPPED]},
}


def run(sales: int = SALES) -> None:
    """CPU time of this process, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        context = Context(Vault("bench" * 10), "http://127.0.0.1:8000")
        database = Database(
            f"sqlite:///{Path(folder) / 'bench.sqlite3'}", info={"context": context}
        )
        upgrade_database(database)
        try:
            with database.transaction() as session:
                program = program_view(session, create_program(session, PROGRAM, NOW).id)
            made = _fill(database, program, sales // SALES_EACH)
            for name, changes in DRAFTS.items():
                draft = read_ruleset({**RULES, **changes})
                measure(
                    Case(
                        "replay",
                        f"{name}, {made} sales",
                        "CPU µs per sale",
                        _replay(database, program, draft, made),
                        "reading the same rows and doing nothing",
                        _read(database, program, made),
                        TARGET,
                        cpu=True,
                    ),
                    RUNS,
                )
        finally:
            database.dispose()


def _replay(
    database: Database, program: ProgramView, draft: Ruleset, sales: int
) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            report = replay_rules(session, program, draft, YEAR)
        assert report.sales == sales
        return report.sales

    return _work


def _read(database: Database, program: ProgramView, sales: int) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            span = (session, program.id, YEAR.since, YEAR.until)
            read = sum(1 for _ in sale_rows(*span, with_items=False))
            assert sum(1 for _ in given_rows(*span)) == sales // SALES_EACH
        return read

    return _work


def _fill(database: Database, program: ProgramView, people: int) -> int:
    """So many members who came about every second week, each sale with its entry; how many sales.

    Rows lie as they came in, never member by member. Nothing of this has to outlive the benchmark, so
    nothing waits for the disk.
    """
    model = random.Random(3)  # a model of a shop, not a secret
    accounts = {new_id(): new_id() for _ in range(people)}
    write = _Writer(database)
    write.rows(Member, (_member(program, member) for member in accounts))
    write.rows(Account, (_account(program, *owned) for owned in accounts.items()))
    members = list(accounts)
    for place in range(SALES_EACH):
        model.shuffle(members)
        day = YEAR.since + timedelta(days=14.5 * place)
        sales = [
            _sale(program, member, day + timedelta(minutes=model.randrange(900)), model)
            for member in members
        ]
        write.rows(Purchase, sales)
        write.rows(Entry, (_entry(sale, accounts[sale["member_id"]], place + 1) for sale in sales))
    write.close()
    return people * SALES_EACH


class _Writer:
    """Rows by the hundred thousand, by the driver itself."""

    def __init__(self, database: Database) -> None:
        self._dialect = database.engine.dialect
        self._connection = database.engine.raw_connection()
        self._cursor = self._connection.cursor()
        for word in ("synchronous=OFF", f"cache_size=-{CACHE_KIB}"):
            self._cursor.execute(f"PRAGMA {word}")

    def rows(self, cls: type[Any], rows: Iterable[dict[str, Any]]) -> None:
        """Insert them in a transaction of their own; all have the same columns."""
        table = cast(Table, cls.__table__)
        usual = {
            column.name: column.default.arg
            for column in table.columns
            if isinstance(column.default, ScalarElementColumnDefault)
        }
        waiting = ({**usual, **row} for row in rows)
        first = next(waiting)
        statement = insert(table).values({name: bindparam(name) for name in first})
        form = Prepared(statement).form(self._dialect)
        given: Any = map(form.given, chain([first], waiting))
        self._cursor.execute("BEGIN")
        self._cursor.executemany(form.sql, given)
        self._cursor.execute("COMMIT")

    def close(self) -> None:
        """The connection is used no more: it is not as careful as the others."""
        self._cursor.execute("ANALYZE")
        self._cursor.close()
        self._connection.invalidate()


def _member(program: ProgramView, member: int) -> dict[str, Any]:
    return {
        "id": member,
        "program_id": program.id,
        "number": str(member),
        "code": str(member),
        "link_generation": 1,
        "name": "",
        "locale": "fr",
        "status": "active",
        "joined_at": YEAR.since,
        "joined_channel": "store",
        "joined_by": "bench",
        "tags": [],
    }


def _account(program: ProgramView, member: int, account: int) -> dict[str, Any]:
    return {
        "id": account,
        "program_id": program.id,
        "member_id": member,
        "unit": "points",
        "balance": 0,
        "owed": 0,
        "seq": SALES_EACH,
        "head_hash": "",
    }


def _sale(program: ProgramView, member: int, at: datetime, model: random.Random) -> dict[str, Any]:
    sale = new_id()
    return {
        "id": sale,
        "program_id": program.id,
        "member_id": member,
        "source": "till",
        "external_id": str(sale),
        "channel": model.choice(("store", "online")),
        "actor": "bench",
        "amount_minor": model.randrange(150, 6_000, 5),
        "refunded_minor": 0,
        "currency": "EUR",
        "tax_minor": 0,
        "shipping_minor": 0,
        "gift_card_minor": 0,
        "credit_minor": 0,
        "items": [],
        "facts_hash": "",
        "rule_version": 1,
        "view": {},
        "tier_key": "bronze",
        "occurred_at": at,
        "recorded_at": at,
    }


def _entry(sale: dict[str, Any], account: int, seq: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "program_id": sale["program_id"],
        "account_id": account,
        "member_id": sale["member_id"],
        "unit": "points",
        "seq": seq,
        "kind": "accrual",
        "contra": "issued",
        "quantity": sale["amount_minor"] // 100,
        "balance_after": 0,
        "owed_after": 0,
        "occurred_at": sale["occurred_at"],
        "recorded_at": sale["occurred_at"],
        "channel": sale["channel"],
        "actor": "bench",
        "purchase_id": sale["id"],
        "rule_version": 1,
        "why": [],
        "prev_hash": "",
        "hash": "",
    }
