"""The whole accrual (rules, entry, lot, balance, tier, card) against the least that could be durable,
on both databases: one client, and eight at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count

from tests.benchmarks.bare import Transaction, bare_transaction
from tests.benchmarks.databases import ENGINES, fresh_database
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
TILL = Actor("staff:1", "cashier", "store")
TARGET = "≤ 2.86 (35 % of its rate)"


def run() -> None:
    """Time on the clock: waiting for the disk and the server is what a cashier waits for."""
    for engine in ENGINES:
        with fresh_database(engine) as database, ExitStack() as stack:
            if database is None:
                continue
            bare = [
                stack.enter_context(bare_transaction(database.url, MEMBERS)) for _ in range(CLIENTS)
            ]
            accrue, numbers = accrual(database), count()
            one, one_bare = _alone(accrue, numbers), _alone(bare[0], numbers)
            one(), one_bare()  # statements prepared, pages warm
            name = f"{engine}, one client, everything an accrual does"
            said = "bare durable transaction of 3 statements by the driver"
            measure(Case("accrual", name, "µs per accrual", one, said, one_bare, TARGET), RUNS)
            many = _at_once([accrue] * CLIENTS, numbers)
            many_bare = _at_once(_one_writer(bare, engine), numbers)
            name = f"{engine}, {CLIENTS} clients at once"
            measure(Case("accrual", name, "µs per accrual", many, said, many_bare, TARGET), RUNS)


def accrual(database: Database) -> Transaction:
    """A sale of a member of a program like the demo's, with an Apple pass; the number chooses which."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        members = []
        for index in range(MEMBERS):
            member = enrol(session, program, Enrolment(email=f"m{index}@exemple.test"), TILL, now)
            issue_pass(session, program, member, "apple", now)
            members.append(member.id)
    return sale(database, program.id, members.__getitem__, MEMBERS)


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


def _at_once(works: list[Transaction], numbers: count[int]) -> Callable[[], int]:
    """Each client does its share in a thread of its own."""

    def _share(work: Transaction) -> None:
        for _ in range(ITEMS // len(works)):
            work(next(numbers))

    def _run() -> int:
        threads = [threading.Thread(target=_share, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ITEMS

    return _run
