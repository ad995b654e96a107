"""The same sale and the same look-ups with few members and with many: what grows, grows slowly.

Both databases are there at the same time and are measured in turns, so that noise meets both. What members are found
by is in memory on both sides; the sales of a member who comes for the first time are where they lie.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from tests.benchmarks.bench_accrual import sale
from tests.benchmarks.crowd import (
    PHONE,
    SALES_EACH,
    STEP,
    copy_members,
    first_member,
    read_members,
)
from tests.benchmarks.databases import ENGINES, fresh_database
from wallet.db import Database
from wallet.tables.member import member_identified_by

FEW = 10_000
MANY = 1_000_000
TURNS = 40
ITEMS = 25  # of each kind in a turn
TARGET = "≤ 1.25"
Verb = Callable[[], None]


def run(many: int = MANY) -> None:
    """On both databases; `many` members with ten entries each."""
    for engine in ENGINES:
        with _crowd(engine, FEW) as few, _crowd(engine, many) as lot:
            if few is not None and lot is not None:
                _compare(engine, few, lot, many)


@contextmanager
def _crowd(engine: str, members: int) -> Iterator[Mapping[str, Verb] | None]:
    with fresh_database(engine) as database:
        if database is None:
            yield None
            return
        started = time.perf_counter()
        first = first_member(database)
        copy_members(database, first, members)
        read_members(database)
        took = round(time.perf_counter() - started)
        sys.stderr.write(f"{engine}: {members} members after {took} s\n")
        words = {"code": first.code, "phone": PHONE}
        yield _verbs(database, first.program_id, first.member_id, members, words)


def _compare(engine: str, few: Mapping[str, Verb], lot: Mapping[str, Verb], members: int) -> None:
    for name in few:
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(TURNS):
            for verb, times in zip((few[name], lot[name]), took, strict=True):
                found = _timed(verb)
                if turn:  # the first one warms
                    times.extend(found)
        base, value = (statistics.median(times) * 1e6 for times in took)
        line = {
            "bench": "growth",
            "case": f"{engine}, {name} with {members} members and {members * SALES_EACH} entries",
            "unit": "µs, median",
            "value": round(value, 1),
            "baseline": round(base, 1),
            "baseline_is": f"the same with {FEW} members",
            "ratio": round(value / base, 3),
            "target": TARGET,
            "runs": len(took[0]),
        }
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _verbs(
    database: Database, program_id: int, first_id: int, members: int, words: Mapping[str, str]
) -> dict[str, Verb]:
    """Each verb does it once, with a member chosen by chance."""
    dice, numbers = random.Random(7), count(1)
    accrue = sale(database, program_id, lambda number: first_id + STEP * (1 + number), members)

    def _sell() -> None:
        accrue(next(numbers) * members + dice.randrange(members))

    def _find(kind: str) -> Verb:
        def _look_up() -> None:
            value = f"{words[kind]}-{dice.randrange(1, members)}"
            with database.reading() as session:
                assert member_identified_by(session, program_id, kind, value) is not None

        return _look_up

    return {
        "accrual": _sell,
        "look-up by code": _find("code"),
        "look-up by phone": _find("phone"),
    }


def _timed(verb: Verb) -> list[float]:
    took = []
    for _ in range(ITEMS):
        started = time.perf_counter()
        verb()
        took.append(time.perf_counter() - started)
    return took
