"""The audit: every entry from the first one, against only reading the same rows."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.crowd import SALES_EACH, copy_members, first_member
from tests.benchmarks.databases import ENGINES, fresh_database
from tests.benchmarks.report import Case, measure
from wallet.actions.audit import audit
from wallet.db import Database
from wallet.tables.replay import (
    account_rows,
    count_entries,
    draw_rows,
    entry_rows,
    lot_rows,
    program_ids,
)

ENTRIES = 1_000_000
RUNS = 3


def run(entries: int = ENTRIES) -> None:
    """CPU time of this process, which leaves out what PostgreSQL does by itself; and the time on the
    clock, which is what an operator waits for."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is None:
                continue
            first = first_member(database)
            copy_members(database, first, entries // SALES_EACH - 1, sealed=True)
            for unit, is_cpu in (("CPU µs per entry", True), ("µs per entry", False)):
                measure(
                    Case(
                        "audit",
                        f"{engine}, {entries} entries",
                        unit,
                        _audit(database),
                        "reading the same rows and doing nothing",
                        _read(database),
                        "≤ 10 µs (100,000 entries/s)",
                        cpu=is_cpu,
                    ),
                    RUNS,
                )


def _audit(database: Database) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            found = audit(session)
        assert not found.findings, found.findings[:3]
        return found.entries

    return _work


def _read(database: Database) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            entries = 0
            for program in program_ids(session):
                entries += count_entries(session, program)
                for rows in (account_rows, entry_rows, lot_rows, draw_rows):
                    for _ in rows(session, program):
                        pass
        return entries

    return _work
