"""The whole accrual (rules, entry, lot, balance, tier, card) against the least that could be durable,
on both databases: one client, and eight at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count

from tests.benchmarks.bare import Transaction, bare_transaction
from tests.benchmarks.databases import ENGINES, fresh_database
from tests.benchmarks.floor import statements_alone
from tests.benchmarks.report import Case, measure
from wallet.actions.actor import Actor
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.find_member import MemberRef, program_and_member
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.db import Database
from wallet.ids import public_id

ITEMS = 48  # in one run: short ones in turns, so that noise meets both
RUNS = 21
MEMBERS = 200
CLIENTS = 8
PROCESSES = 2
FLOOR = "the same statements by the driver"
FLOOR_FIRST = 10_000_000  # numbers of sales that no other case does
TILL = Actor("staff:1", "cashier", "store")
TARGET = "≤ 2.86 (35 % of its rate)"


def run() -> None:
    """Time on the clock: waiting for the disk and the server is what a cashier waits for."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is not None:
                _on(engine, database)


def _on(engine: str, database: Database) -> None:
    program_id, members = club(database)
    accrue, numbers = sale(database, program_id, members.__getitem__, MEMBERS), count()
    with ExitStack() as stack:
        said_again = stack.enter_context(
            statements_alone(database, accrue, FLOOR_FIRST, (2 * RUNS + 1) * ITEMS)
        )
        bare = [
            stack.enter_context(bare_transaction(database.url, MEMBERS)) for _ in range(CLIENTS)
        ]
        one, one_bare = _alone(accrue, numbers), _alone(bare[0], numbers)
        floor = _alone(said_again, numbers)
        one(), one_bare(), floor()  # statements prepared, pages warm
        name = f"{engine}, one client, everything an accrual does"
        said = "bare durable transaction of 3 statements by the driver"
        measure(Case("accrual", name, "µs per accrual", one, said, one_bare, TARGET), RUNS)
        # What a sale says to the database, without all that works it out.
        name = f"{engine}, one client, only the statements of a sale"
        measure(Case("accrual", name, "µs per sale", floor, said, one_bare, TARGET), RUNS)
        name = f"{engine}, one client, everything against its statements alone"
        case = Case("accrual", name, "µs of CPU per accrual", one, FLOOR, floor, "none", cpu=True)
        measure(case, RUNS)
        many = at_once([accrue] * CLIENTS, numbers, ITEMS)
        many_bare = at_once(_one_writer(bare, engine), numbers, ITEMS)
        name = f"{engine}, {CLIENTS} clients at once in one process"
        measure(Case("accrual", name, "µs per accrual", many, said, many_bare, TARGET), RUNS)
    if engine != "sqlite":  # which is for one process
        _in_processes(engine, database, program_id, members)


def _in_processes(engine: str, database: Database, program_id: int, members: list[int]) -> None:
    """As it is deployed: one process cannot use two cores."""
    several = partial(
        _clients_in,
        url=database.url,
        program=program_id,
        members=members,
        clients=CLIENTS,
        processes=PROCESSES,
    )
    with several("product") as many, several("bare") as many_bare:
        many(), many_bare()
        name = f"{engine}, {CLIENTS} clients at once in {PROCESSES} processes"
        said = f"the bare transaction in {PROCESSES} processes as well"
        measure(Case("accrual", name, "µs per accrual", many, said, many_bare, TARGET), RUNS)


def club(database: Database) -> tuple[int, list[int]]:
    """A program like the demo's, and the members of it, each with an Apple pass."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        members = []
        for index in range(MEMBERS):
            member = enrol(session, program, Enrolment(email=f"m{index}@exemple.test"), TILL, now)
            issue_pass(session, program, member, "apple", now)
            members.append(member.id)
    return program.id, members


def sale(
    database: Database, program_id: int, member_at: Callable[[int], int], members: int
) -> Transaction:
    """One sale in a transaction of its own."""

    def _work(number: int) -> None:
        facts = PurchaseFacts("till", f"b{number}", "store", 450 + number % 900, "EUR")
        with database.transaction() as session:
            ref = MemberRef(id=public_id("mbr", member_at(number % members)))
            view, member = program_and_member(session, program_id, ref)
            record_purchase(session, view, member, facts, TILL, datetime.now(UTC))

    return _work


def _alone(work: Transaction, numbers: count[int]) -> Callable[[], int]:
    def _run() -> int:
        for _ in range(ITEMS):
            work(next(numbers))
        return ITEMS

    return _run


def _one_writer(bare: list[Transaction], engine: str) -> list[Transaction]:
    """SQLite has one writer: as in the product they queue in the process, which is faster than SQLite's
    own waiting."""
    if engine != "sqlite":
        return bare
    lock = threading.Lock()

    def _locked(work: Transaction) -> Transaction:
        def _work(number: int) -> None:
            with lock:
                work(number)

        return _work

    return [_locked(work) for work in bare]


def at_once(works: list[Transaction], numbers: count[int], items: int) -> Callable[[], int]:
    """Each client does its share of the items in a thread of its own."""

    def _share(work: Transaction) -> None:
        for _ in range(items // len(works)):
            work(next(numbers))

    def _run() -> int:
        threads = [threading.Thread(target=_share, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return items // len(works) * len(works)

    return _run


@contextmanager
def _clients_in(
    kind: str, url: str, program: int, members: list[int], clients: int, processes: int
) -> Iterator[Callable[[], int]]:
    """One run of so many clients, shared out to so many processes; each does `ITEMS`."""
    command = [sys.executable, "-m", "tests.benchmarks.clients", kind, url, str(program)]
    command += [json.dumps(members), str(clients // processes)]
    numbers = count(1_000_000, ITEMS)
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
                )
            )
            for _ in range(processes)
        ]

        def _run() -> int:
            for process in started:
                assert process.stdin is not None
                process.stdin.write(f"{next(numbers)}\n")
            for process in started:
                assert process.stdout is not None
                assert process.stdout.readline() == "done\n"
            return ITEMS * processes

        yield _run
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
