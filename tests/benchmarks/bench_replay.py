"""The time machine: a year of sales through draft rules, reading included, against only reading them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from tests.benchmarks.report import Case, measure
from wallet.actions.create_program import create_program
from wallet.actions.load_demo import PROGRAM, RULES
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.replay_rules import Period, replay_rules
from wallet.actions.upgrade_database import upgrade_database
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.ids import new_id
from wallet.rules.ruleset import Ruleset, read_ruleset
from wallet.tables.history import given_rows, sale_rows
from wallet.tables.ledger import Account, Entry
from wallet.tables.member import Member
from wallet.tables.purchase import Purchase

MEMBERS = 8_000
SALES_EACH = 25
SALES = MEMBERS * SALES_EACH
ROWS_AT_ONCE = 20_000  # written together
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


def run() -> None:
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
                _fill(session, program)
            for name, changes in DRAFTS.items():
                draft = read_ruleset({**RULES, **changes})
                measure(
                    Case(
                        "replay",
                        name,
                        "CPU µs per sale",
                        _replay(database, program, draft),
                        "reading the same rows and doing nothing",
                        _read(database, program),
                        TARGET,
                        cpu=True,
                    ),
                    RUNS,
                )
        finally:
            database.dispose()


def _replay(database: Database, program: ProgramView, draft: Ruleset) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            report = replay_rules(session, program, draft, YEAR)
        assert report.sales == SALES
        return report.sales

    return _work


def _read(database: Database, program: ProgramView) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            span = (session, program.id, YEAR.since, YEAR.until)
            read = sum(1 for _ in sale_rows(*span, with_items=False))
            assert sum(1 for _ in given_rows(*span)) == MEMBERS
        return read

    return _work


def _fill(session: Session, program: ProgramView) -> None:
    """Members who came about every second week, each sale with its entry."""
    model = random.Random(3)  # a model of a shop, not a secret
    members = [new_id() for _ in range(MEMBERS)]
    accounts = {member: new_id() for member in members}
    _write(session, Member, (_member(program, member) for member in members))
    _write(session, Account, (_account(program, member, accounts[member]) for member in members))
    sales = [
        _sale(
            program,
            member,
            YEAR.since + timedelta(days=14.5 * place, minutes=model.randrange(900)),
            model,
        )
        for member in members
        for place in range(SALES_EACH)
    ]
    model.shuffle(sales)  # as they came in: never member by member
    _write(session, Purchase, iter(sales))
    _write(session, Entry, _entries(program, sales, accounts))


def _write(session: Session, table: type[Any], rows: Iterator[dict[str, Any]]) -> None:
    statement = insert(cast(Table, table.__table__))
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            session.connection().execute(statement, batch)
            batch = []
    if batch:
        session.connection().execute(statement, batch)


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


def _entries(
    program: ProgramView, sales: list[dict[str, Any]], accounts: dict[int, int]
) -> Iterator[dict[str, Any]]:
    seqs = dict.fromkeys(accounts, 0)
    for sale in sales:
        member = sale["member_id"]
        seqs[member] += 1
        yield {
            "id": new_id(),
            "program_id": program.id,
            "account_id": accounts[member],
            "member_id": member,
            "unit": "points",
            "seq": seqs[member],
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
