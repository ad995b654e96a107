"""Races at full size: 64 clients on one account, and 64 who want 10 of 100 points, a hundred times.

Not a measure of speed but of truth: anything but the exact outcome ends the run.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.databases import Postgres, ServerMissing, Sqlite, postgres_server
from tests.factories import Counter, new_program, open_database
from wallet.actions.create_program import NewProgram, NewReward, NewStore, starter_design
from wallet.actions.load_demo import RULES
from wallet.db import POOL_SIZE
from wallet.errors import Refusal

CLIENTS = 64
SALES_EACH = int(os.environ.get("COMPTOIR_RACE_SALES", "500"))  # 32,000 in all
ROUNDS = int(os.environ.get("COMPTOIR_RACE_ROUNDS", "100"))
COST, HELD = 10, 100
WAIT_SECONDS = 120
ASKED_MAX = 20  # times that a client sends the same before it gives up

RACES = NewProgram(
    slug="races",
    name="Course",
    rules={**RULES, "tiers": []},
    design=starter_design("Course"),
    stores=(NewStore("Rue du Départ"),),
    rewards=(NewReward({"fr": "Un café", "en": "A coffee"}, "product", COST),),
)

T = TypeVar("T")

_numbers = count(1)
_told_to_wait: list[int] = []  # one for each time


def run() -> None:
    """Both races on both databases; PostgreSQL is passed over, and said so, where it cannot be had."""
    wanted = os.environ.get("COMPTOIR_RACE_DATABASE", "")  # one of the two only
    if wanted != "postgresql":
        _race_on_sqlite()
    if wanted != "sqlite":
        _race_on_postgres()


def _race_on_sqlite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _on("sqlite", Sqlite(Path(folder)))


def _race_on_postgres() -> None:
    try:
        with postgres_server(os.environ.get("COMPTOIR_TEST_DATABASE_URL")) as server:
            _on("postgresql", server)
    except ServerMissing as error:
        sys.stderr.write(f"{error}\n")


def _on(name: str, engine: Sqlite | Postgres) -> None:
    for race, work in (("one account", hammer), ("ten of a hundred", double_spend)):
        _told_to_wait.clear()
        with _opened(engine) as counter:
            line = {"bench": "races", "database": name, "case": race, **work(counter)}
        line["told_to_wait"] = len(_told_to_wait)
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


@contextmanager
def _opened(engine: Sqlite | Postgres) -> Iterator[Counter]:
    url = engine.migrated()
    database = open_database(url)
    yield Counter(database, new_program(database, RACES))
    database.dispose()
    engine.drop(url)


def hammer(
    counter: Counter, clients: int = CLIENTS, sales_each: int = SALES_EACH
) -> dict[str, object]:
    """Every client sends its sales to one member: the sum is the balance, no number is missing, and
    nobody is told of an error; at worst to send the same again."""
    counter.enrol("ada")

    def client(number: int) -> list[tuple[int, int]]:
        own = tills[number % len(tills)]
        done = [_patiently(lambda: own.buy("ada", 1_000)).entries[0] for _ in range(sales_each)]
        return [(entry.seq, entry.balance_after) for entry in done]

    with _processes(counter, clients) as tills, ThreadPoolExecutor(clients) as pool:
        told = sorted(line for lines in pool.map(client, range(clients)) for line in lines)
    sales = clients * sales_each
    expected = [(number, number * 10) for number in range(1, sales + 1)]
    _must(told == expected, "what was answered is not one gapless sequence")
    _must(counter.balance("ada").available == sales * 10, "the balance is not the sum")
    _must(counter.audit().findings == [], "the audit finds something")
    return {"clients": clients, "sales": sales, "errors": 0, "balance": sales * 10}


def double_spend(
    counter: Counter, clients: int = CLIENTS, rounds: int = ROUNDS
) -> dict[str, object]:
    """So many redeem ten of a hundred points at the same moment: exactly ten succeed, every time."""
    for number in range(rounds):
        who = f"member{next(_numbers)}"
        counter.enrol(who)
        counter.buy(who, HELD * 100)
        with _processes(counter, clients) as tills:
            works = [
                partial(tills[client % len(tills)].redeem, who, COST) for client in range(clients)
            ]
            found = _at_once(works)
        wins = HELD // COST
        exact = {"done": wins, "insufficient_balance": clients - wins}
        _must(found == exact, f"round {number}: {dict(found)}")
        _must(counter.balance(who).available == 0, f"round {number}: points are left")
    _must(counter.audit().findings == [], "the audit finds something")
    with counter.database.reading() as session:
        taken = session.execute(text("SELECT count(*) FROM redemption")).scalar_one()
    return {"clients": clients, "rounds": rounds, "redeemed": int(taken)}


@contextmanager
def _processes(counter: Counter, clients: int) -> Iterator[list[Counter]]:
    """The counter as several web processes see it: each has connections for its own threads only.
    On SQLite there is one process."""
    if counter.database.is_sqlite:
        yield [counter]
        return
    url = counter.database.url
    databases = [open_database(url) for _ in range(-(-clients // POOL_SIZE))]
    yield [replace(counter, database=database) for database in databases]
    for database in databases:
        database.dispose()


def _at_once(works: Sequence[Callable[[], object]]) -> Tally[str]:
    start = Barrier(len(works))

    def client(work: Callable[[], object]) -> str:
        start.wait(WAIT_SECONDS)
        try:
            _patiently(work)
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Tally(pool.map(client, works))


def _patiently(work: Callable[[], T]) -> T:
    """As a till does: who waited too long for the account is told so (503 `unavailable`), nothing was
    written, and the same is sent again."""
    for _ in range(ASKED_MAX - 1):
        try:
            return work()
        except OperationalError:
            _told_to_wait.append(1)
    return work()


def _must(is_so: bool, what: str) -> None:
    if not is_so:
        raise SystemExit(f"races: {what}")
