"""The audit: every entry from the first one, against only reading the same rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from tests.benchmarks.bench_accrual import MEMBERS, accrual
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

ENTRIES = 20_000
RUNS = 3


def run(entries: int = ENTRIES) -> None:
    """CPU time of this process, which leaves out what PostgreSQL does by itself."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is None:
                continue
            accrue, numbers = accrual(database), count()
            for _ in range(max(entries, MEMBERS)):
                accrue(next(numbers))
            measure(
                Case(
                    "audit",
                    f"{engine}, {entries} entries",
                    "CPU µs per entry",
                    _audit(database),
                    "reading the same rows and doing nothing",
                    _read(database),
                    "≤ 10 µs (100,000 entries/s)",
                    cpu=True,
                ),
                RUNS,
            )


def _audit(database: Database) -> Callable[[], int]:
    def _work() -> int:
        with database.reading() as session:
            found = audit(session)
        assert not found.findings
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
