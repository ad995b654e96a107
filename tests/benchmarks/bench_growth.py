"""The same sale and the same look-ups with few members and with many: what grows, grows slowly.

One member is made by the product's own actions, with a card and ten sales; the database itself then
copies the rows, so that millions of entries are there in minutes. Rows lie as they would: all first
sales, then all second ones.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Integer, String, Table, cast, insert, literal, select, text

from tests.benchmarks.bench_accrual import TILL, sale
from tests.benchmarks.databases import ENGINES, fresh_database
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.db import Base, Database, unhurried
from wallet.tables.member import Member, member_identified_by

FEW = 10_000
MANY = 1_000_000
SALES_EACH = 10
STEP = 16  # between the ids of two copies: one moment made fewer rows than that in any table
APART_SECONDS = (
    0.02  # between two sales of the first member, so that copies of one end before the next
)
ITEMS = 400  # of each kind, of which the median is taken
COPIED = (
    "member",
    "identifier",
    "member_word",
    "account",
    "purchase",
    "entry",
    "lot",
    "award",
    "wallet_pass",
)
OWN_TEXTS = {  # unique, so that each copy has another
    "member": ("number", "code"),
    "identifier": ("value",),
    "purchase": ("external_id",),
    "wallet_pass": ("serial",),
}
TARGET = "≤ 1.25"
_dice = random.Random(7)


def run(many: int = MANY) -> None:
    """On both databases; `many` members with ten entries each."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is not None:
                _grow(engine, database, many)


def _grow(engine: str, database: Database, many: int) -> None:
    program_id, first_id = _first(database)
    numbers = count(1)
    medians: list[dict[str, float]] = []
    have = 0
    for members in (min(FEW, many), many):
        _copy(database, first_id, have, members)
        have = members
        medians.append(_medians(database, program_id, first_id, members, numbers))
    few, lot = medians
    for name, value in lot.items():
        line = {
            "bench": "growth",
            "case": f"{engine}, {name} with {many} members and {many * SALES_EACH} entries",
            "unit": "µs, median",
            "value": round(value, 1),
            "baseline": round(few[name], 1),
            "baseline_is": f"the same with {min(FEW, many)} members",
            "ratio": round(value / few[name], 3),
            "target": TARGET,
            "runs": ITEMS,
        }
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _first(database: Database) -> tuple[int, int]:
    """The program, and the member that all others are copies of."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        about = Enrolment(email="m@exemple.test", phone="+33612345678", name="Camille Exemple")
        member = enrol(session, program, about, TILL, now)
        issue_pass(session, program, member, "apple", now)
    for number in range(SALES_EACH):
        time.sleep(APART_SECONDS)
        at = now - timedelta(days=30 * (SALES_EACH - number))
        facts = PurchaseFacts("till", f"g{number}", "store", 1_250, "EUR", at)
        with database.transaction() as session:
            found = session.get_one(Member, member.id)
            record_purchase(session, program, found, facts, TILL, now)
    return program.id, member.id


def _copy(database: Database, first_id: int, have: int, want: int) -> None:
    """Copies number `have` + 1 to `want` of everything that belongs to the first member."""
    numbers = select(literal(have + 1, Integer()).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < want))
    with database.transaction() as session:
        unhurried(session)
        account = Base.metadata.tables["account"]
        held = select(account.c.id).where(account.c.member_id == first_id)
        account_id = session.execute(held).scalar_one()
        for name in COPIED:
            table = Base.metadata.tables[name]
            columns = [_copied(table, column, numbers.c.i) for column in table.c]
            rows = select(*columns).select_from(table.join(numbers, text("1 = 1")))
            rows = rows.where(_is_of(table, first_id, account_id))
            session.execute(insert(table).from_select([one.name for one in table.c], rows))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _is_of(table: Table, member_id: int, account_id: int) -> Any:
    """Whether a row belongs to that member."""
    if table.name == "lot":
        return table.c.account_id == account_id
    return (table.c.id if table.name == "member" else table.c.member_id) == member_id


def _copied(table: Table, column: Any, i: Any) -> Any:
    """The column of a copy: ids of what is copied too move on, unique words get a number."""
    targets = {key.column.table.name for key in column.foreign_keys}
    if column.name == "id" or targets & set(COPIED):
        return column + STEP * i
    if column.name in OWN_TEXTS.get(table.name, ()):
        return column + literal("-") + cast(i, String)
    return column


def _medians(
    database: Database, program_id: int, first_id: int, members: int, numbers: count[int]
) -> dict[str, float]:
    """Microseconds of each verb, with members chosen by chance."""
    accrue = sale(database, program_id, lambda number: first_id + STEP * (1 + number), members)
    with database.reading() as session:
        first = session.get_one(Member, first_id)
        words = {"code": first.code, "phone": "+33612345678"}

    def _sell() -> None:
        next(numbers)
        accrue(_dice.randrange(10**9) * members + _dice.randrange(members))

    def _find(kind: str) -> Callable[[], None]:
        def _look_up() -> None:
            value = f"{words[kind]}-{_dice.randrange(1, members)}"
            with database.reading() as session:
                assert member_identified_by(session, program_id, kind, value) is not None

        return _look_up

    verbs = {
        "accrual": _sell,
        "look-up by code": _find("code"),
        "look-up by phone": _find("phone"),
    }
    return {name: _median(verb) for name, verb in verbs.items()}


def _median(verb: Callable[[], None]) -> float:
    for _ in range(ITEMS // 4):
        verb()
    took = []
    for _ in range(ITEMS):
        started = time.perf_counter()
        verb()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1e6
