"""No statement where somebody waits looks at every row of a table that grows: each is found by an index.

The tables of a test are small, and databases read small tables whole. So PostgreSQL is told that it must not, where there
is another way; SQLite has no such thought.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from tests.factories import Cast
from wallet.actions.find_member import look_up
from wallet.actions.issue_pass import issue_pass
from wallet.db import Base, Database

# One row, or a few, for each program: read whole, and kept in memory besides.
FEW = {
    "card_design",
    "charity",
    "program",
    "program_key",
    "reward",
    "rule_version",
    "staff",
    "store",
}
Said = dict[str, Any]
_READ_WHOLE = {
    "postgresql": re.compile(r"Seq Scan on (\w+)"),
    "sqlite": re.compile(r"^SCAN (\w+)(?!.* USING (?:COVERING )?INDEX)"),
}


@contextmanager
def heard(database: Database) -> Iterator[Said]:
    """Every statement that is said meanwhile, with the values of its first time."""
    said: Said = {}

    def hear(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            said.setdefault(statement, values[0] if many else values)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


def read_whole(connection: Connection, statement: str, values: Any) -> set[str]:
    """The growing tables of which this statement would read every row."""
    kind = connection.dialect.name
    driver: Any = connection.connection.driver_connection
    explain = "EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN (COSTS OFF) "
    lines = [str(row[-1]) for row in driver.execute(explain + statement, values).fetchall()]
    found = {match[1] for line in lines for match in _READ_WHOLE[kind].finditer(line)}
    return (found & set(Base.metadata.tables)) - FEW


def test_who_is_served_waits_for_no_more_rows_than_their_own(cast: Cast) -> None:
    for who in ("ada", "bruno"):
        cast.run(
            lambda session, who=who: issue_pass(  # type: ignore[misc]
                session, cast.program, cast.member(session, who), "apple", cast.now
            )
        )

    def find(query: str) -> Callable[[], object]:
        return lambda: cast.run(lambda session: look_up(session, cast.program, query))

    acts: dict[str, Callable[[], object]] = {
        "a sale": lambda: cast.buy("ada", 1_000),
        "a sale that comes again": lambda: [
            cast.buy("ada", 700, external_id="again") for _ in range(2)
        ],
        "a reward": lambda: cast.redeem("ada", 100),
        "a refund": lambda: cast.refund(cast.buy("ada", 1_500)),
        "an undo": lambda: cast.reverse(cast.buy("bruno", 900).entries[0]),
        "a look at the member": lambda: cast.view("ada"),
        "a phone number": find("06 12 34 56 78"),
        "a name": find("bruno"),
    }
    with heard(cast.database) as said:
        for act in acts.values():
            act()
    assert len(said) > 30
    with cast.database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        wrong = {
            statement: whole
            for statement, values in said.items()
            if (whole := read_whole(connection, statement, values))
        }
    assert wrong == {}
