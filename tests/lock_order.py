"""Watch in which order transactions lock rows on PostgreSQL: docs/architecture.md says which one.

Members first, several in the order of ids; then what belongs to them; stocks, which everybody
shares, in the order of ids. Whoever keeps to it waits for nobody in a circle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from wallet.db import Database

# What belongs to a member: nobody locks or changes it without holding a member.
_OWNED = frozenset(
    {"account", "purchase", "voucher", "redemption", "referral", "membership", "credit_payment"}
)
_LOCK = re.compile(r"^SELECT\b.*?\bFROM (\w+)\b.*\bFOR (?:NO KEY )?UPDATE\b", re.DOTALL)
_CHANGE = re.compile(r"^UPDATE (\w+) SET\b(.*)", re.DOTALL)
_MAKE = re.compile(r"^INSERT INTO (\w+)\b")


@dataclass(slots=True)
class _Held:
    """What one transaction holds."""

    members: set[int] = field(default_factory=set)
    stocks: set[int] = field(default_factory=set)
    owned: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LockOrder:
    """What was locked out of order so far, in sentences; `locks` counts all that was looked at."""

    wrong: list[str] = field(default_factory=list)
    locks: int = 0
    _held: dict[int, _Held] = field(default_factory=dict)

    def begin(self, connection: Any) -> None:
        """A transaction begins: it holds nothing."""
        self._held.pop(id(connection.connection.dbapi_connection), None)

    def saw(self, connection: Any, statement: str, rows: list[Mapping[str, Any]]) -> None:
        """A statement is about to run."""
        held = self._held.setdefault(id(connection.connection.dbapi_connection), _Held())
        if lock := _LOCK.match(statement):
            self._locked(held, lock[1], rows, statement)
        elif rows and (change := _CHANGE.match(statement)):  # bare text is a test's forgery
            if change[1] != "reward" or re.search(r"\bstock=", change[2]):
                self._locked(held, change[1], rows, statement)
        elif (make := _MAKE.match(statement)) and make[1] == "member":
            held.members |= {row["id"] for row in rows if "id" in row}

    def _locked(
        self, held: _Held, table: str, rows: list[Mapping[str, Any]], statement: str
    ) -> None:
        ids = {number for row in rows for number in _ids(table, row)}
        if table == "member":
            self._locked_members(held, ids, statement)
        elif table == "reward":
            self._check(
                not held.stocks
                or min(ids - held.stocks, default=max(held.stocks)) >= max(held.stocks),
                "a stock out of order",
                statement,
            )
            held.stocks |= ids
            self.locks += 1
        elif table in _OWNED:
            self._check(bool(held.members), f"{table} without its member", statement)
            held.owned.append(table)
            self.locks += 1

    def _locked_members(self, held: _Held, ids: set[int], statement: str) -> None:
        new = ids - held.members
        self.locks += 1
        if not new:
            return
        before = ", ".join(dict.fromkeys(held.owned))
        self._check(not held.owned, f"a member after {before}", statement)
        self._check(min(new) > max(held.members, default=0), "members out of order", statement)
        held.members |= new

    def _check(self, is_right: bool, what: str, statement: str) -> None:
        if not is_right:
            self.wrong.append(f"{what}: {' '.join(statement.split())[:400]}")


def _ids(table: str, row: Mapping[str, Any]) -> list[int]:
    """The ids by which a statement names rows of the table."""
    names = re.compile(rf"^(id_\d+(_\d+)?|{table}_id)$")
    return [number for name, number in row.items() if names.match(name) and isinstance(number, int)]


@contextmanager
def lock_order(database: Database) -> Iterator[LockOrder]:
    """Watch every transaction of this database, whichever engine of this process it came from: some
    tests open several, as several web processes do. SQLite has one writer and no rows to lock."""
    order = LockOrder()
    if database.is_sqlite:
        yield order
        return

    def before(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if connection.engine.url != url:
            return
        rows = parameters if isinstance(parameters, list) else [parameters]
        order.saw(connection, statement, [row for row in rows if row and isinstance(row, Mapping)])

    url = database.engine.url
    listeners: dict[str, Callable[..., None]] = {"before_cursor_execute": before}
    listeners["begin"] = order.begin
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield order
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)
