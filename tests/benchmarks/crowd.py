"""Members by the hundred thousand: one is made by the product's own actions, with a card and ten sales;
the database itself then copies the rows, so that millions of entries are there in minutes.

Rows lie as they would: of some thousands of members all first sales, then all second ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, Table, cast, insert, literal, select, text, update
from sqlalchemy.orm import Session

from tests.benchmarks.bench_accrual import TILL
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.db import Base, Database, unhurried
from wallet.rules.chain import entry_hash
from wallet.tables.member import Member

PHONE = "+33612345678"
SALES_EACH = 10
STEP = 16  # between the ids of two copies: one moment made fewer rows than that in any table
APART_SECONDS = (
    0.02  # between two sales of the first member, so that copies of one end before the next
)
COPIED_AT_ONCE = 20_000  # members in one transaction: some hundred megabytes of log
READ_AT_ONCE = 10_000
SEALED_AT_ONCE = 2_000  # members whose entries are written together
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


@dataclass(frozen=True, slots=True)
class First:
    """The member that all others are copies of."""

    program_id: int
    member_id: int
    account_id: int
    code: str


def first_member(database: Database) -> First:
    """A program like the demo's, and somebody with a card and ten sales."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        about = Enrolment(email="m@exemple.test", phone=PHONE, name="Camille Exemple")
        member = enrol(session, program, about, TILL, now)
        issue_pass(session, program, member, "apple", now)
    for number in range(SALES_EACH):
        time.sleep(APART_SECONDS)
        at = now - timedelta(days=30 * (SALES_EACH - number))
        facts = PurchaseFacts("till", f"g{number}", "store", 1_250, "EUR", at)
        with database.transaction() as session:
            found = session.get_one(Member, member.id)
            record_purchase(session, program, found, facts, TILL, now)
    account = Base.metadata.tables["account"]
    with database.reading() as session:
        held = select(account.c.id).where(account.c.member_id == member.id)
        return First(program.id, member.id, session.execute(held).scalar_one(), member.code)


def copy_members(database: Database, first: First, copies: int, *, sealed: bool = False) -> None:
    """So many copies of everything that belongs to the first member. Where they are `sealed`, each
    chain of entries is computed, so that an audit finds nothing."""
    with database.reading() as session:
        own = {name: _rows_of(session, Base.metadata.tables[name], first) for name in COPIED}
    with _loading(database):
        for start in range(0, copies, COPIED_AT_ONCE):
            end = min(start + COPIED_AT_ONCE, copies)
            with database.transaction() as session:
                unhurried(session)
                _without_foreign_keys(session)
                _copy(session, own, range(start + 1, end + 1), first if sealed else None)
    _rest(database)


def _copy(session: Session, own: dict[str, list[int]], copies: range, sealed: First | None) -> None:
    """Copies with these numbers of the rows whose ids are in `own`."""
    numbers = select(literal(copies[0], Integer()).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < copies[-1]))
    for name in COPIED:
        if sealed and name == "entry":
            _write_sealed(session, sealed, own[name], copies)
            continue
        table = Base.metadata.tables[name]
        columns = [_copied(table, column, numbers.c.i) for column in table.c]
        rows = select(*columns).select_from(table.join(numbers, text("1 = 1")))
        rows = rows.where(table.c.id.in_(own[name]))
        session.execute(insert(table).from_select([one.name for one in table.c], rows))


@contextmanager
def _loading(database: Database) -> Iterator[None]:
    """Indexes are built at the end, each in one go; those that keep values unique stay."""
    indexes = [
        index for name in COPIED for index in Base.metadata.tables[name].indexes if not index.unique
    ]
    with database.transaction() as session:
        for index in indexes:
            index.drop(session.connection())
    yield
    for index in indexes:
        with database.transaction() as session:
            unhurried(session)
            index.create(session.connection())


def _without_foreign_keys(session: Session) -> None:
    """What copies of good rows name is there. SQLite looks it up so quickly that it may."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET LOCAL session_replication_role = replica"))


def _rest(database: Database) -> None:
    """What so many new rows leave to be done is done now, and not while somebody measures."""
    words = ["ANALYZE"]
    if not database.is_sqlite:
        words = [
            "SET statement_timeout = 0",
            "VACUUM ANALYZE",
            "CHECKPOINT",
            "RESET statement_timeout",
        ]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for word in words:
            connection.execute(text(word))


def read_members(database: Database) -> None:
    """What members are found by is at hand, as in a server that has been in use: row by row in the order of
    its index, since what is read from end to end is not kept."""
    member, identifier = Base.metadata.tables["member"], Base.metadata.tables["identifier"]
    keys = [identifier.c[name] for name in ("program_id", "kind", "source", "value")]
    with database.transaction() as session:
        unhurried(session)
        if not database.is_sqlite:
            for way in ("seqscan", "bitmapscan", "sort"):
                session.execute(text(f"SET LOCAL enable_{way} = off"))
        for columns, order in (
            ([identifier.c.member_id], keys),
            ([member.c.name], [member.c.id]),
        ):
            rows = select(*columns).order_by(*order).execution_options(yield_per=READ_AT_ONCE)
            for _ in session.execute(rows).partitions():
                pass


def _rows_of(session: Session, table: Table, first: First) -> list[int]:
    query = select(table.c.id).where(_is_of(table, first)).order_by(table.c.id)
    return list(session.scalars(query))


def _is_of(table: Table, first: First) -> Any:
    """Whether a row belongs to the first member."""
    if table.name == "lot":
        return table.c.account_id == first.account_id
    return (table.c.id if table.name == "member" else table.c.member_id) == first.member_id


def _copied(table: Table, column: Any, i: Any) -> Any:
    """The column of a copy: ids of what is copied too move on, unique words get a number."""
    if _moves(column):
        return column + STEP * i
    if column.name in OWN_TEXTS.get(table.name, ()):
        return column + literal("-") + cast(i, String)
    return column


def _moves(column: Any) -> bool:
    """Whether the column holds an id that is another one in each copy."""
    targets = {key.column.table.name for key in column.foreign_keys}
    return column.name == "id" or bool(targets & set(COPIED))


def _write_sealed(session: Session, first: First, own: list[int], copies: range) -> None:
    """The entries of every copy, and the heads of their accounts."""
    entry, account = Base.metadata.tables["entry"], Base.metadata.tables["account"]
    moving = [column.name for column in entry.c if _moves(column)]
    query = select(entry).where(entry.c.id.in_(own)).order_by(entry.c.seq)
    models = [dict(row) for row in session.execute(query).mappings()]
    connection = session.connection()
    heads: list[tuple[int, str]] = []
    batch: list[dict[str, Any]] = []
    for number in copies:
        batch += _chain(models, moving, STEP * number)
        heads.append((first.account_id + STEP * number, batch[-1]["hash"]))
        if len(heads) == SEALED_AT_ONCE or number == copies[-1]:
            connection.execute(insert(entry), batch)
            for account_id, head in heads:
                connection.execute(
                    update(account).where(account.c.id == account_id).values(head_hash=head)
                )
            heads, batch = [], []


def _chain(models: list[dict[str, Any]], moving: list[str], shift: int) -> Iterator[dict[str, Any]]:
    head = ""
    for model in models:
        values = dict(model)
        for name in moving:
            if values[name] is not None:
                values[name] += shift
        values["prev_hash"] = head
        head = values["hash"] = entry_hash(head, values)
        yield values
