"""One order of locks: whatever people do with a member at once, nobody waits in a circle, and a sale
that meets a merge simply works. tests/lock_order.py watches every other test for the same order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from tests.databases import Postgres
from tests.factories import MANAGER, SHOP, open_database
from tests.lock_order import lock_order
from tests.wallet.acceptance.bazaar import Bazaar, coffee, open_bazaar
from wallet.actions.calendar import run_calendar
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.merge_members import merge_members
from wallet.actions.record_purchase import PurchaseFacts, Recorded, record_purchase
from wallet.actions.unmerge_members import unmerge_members
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.member import Member, lock_member

ROUNDS = 3
PATIENCE_SECONDS = 60

_numbers = count(1)


@pytest.fixture
def rows(postgres: Postgres) -> Iterator[Database]:
    """A database with rows to lock."""
    url = postgres.migrated()
    database = open_database(url)
    yield database
    database.dispose()
    postgres.drop(url)


@dataclass
class Till:
    """One member at the counter, found anew by every verb as doors do."""

    bazaar: Bazaar
    who: str

    def find(self, session: Session) -> Member:
        """Whoever has the address now."""
        ref = MemberRef(email=f"{self.who}@exemple.test")
        return find_member(session, self.bazaar.program, ref)

    def buy(self, *items: dict[str, Any]) -> Recorded:
        """A sale of 40 euros."""
        facts = PurchaseFacts("till", f"lock-{next(_numbers)}", "store", 4_000, "EUR", items=items)
        bazaar = self.bazaar
        return bazaar.run(
            lambda session: record_purchase(
                session, bazaar.program, self.find(session), facts, bazaar.actor, bazaar.now
            )
        )

    def edit(self) -> None:
        """Another name."""
        bazaar, edit = self.bazaar, MemberEdit(name=f"A{next(_numbers)}")
        bazaar.run(
            lambda session: edit_member(
                session, bazaar.program, self.find(session), edit, SHOP, bazaar.now
            )
        )

    def merge_and_part(self, other: str) -> None:
        """The other card goes into this one, and away again."""
        bazaar = self.bazaar

        def part(session: Session) -> None:
            merged = bazaar.member(session, other)
            unmerge_members(session, bazaar.program, merged, MANAGER, bazaar.now)

        merge(bazaar, other, self.who)
        bazaar.run(part)

    def verbs(self, other: str) -> list[Callable[[], object]]:
        """One of each, and what it needs made before."""
        bazaar, who = self.bazaar, self.who
        sale, drinks, paid = self.buy(), self.buy(coffee(10)), self.buy()
        vouchers = [bazaar.take(who, "delivery").voucher for _ in range(3)]
        codes = [voucher.code for voucher in vouchers if voucher]
        ref = ("till", paid.purchase.external_id)
        pastry = bazaar.take(who, "pastry", sale=ref)
        bazaar.take(who, "class", sale=ref)
        bazaar.pay(who, 100, sale=ref, bill_minor=4_000)
        return [
            partial(self.buy, coffee(10)),
            lambda: bazaar.take(who, "pastry"),
            lambda: bazaar.refund_by_id(sale.purchase.external_id, "r", 1_000),
            lambda: bazaar.refund_by_id(paid.purchase.external_id, "r", None),
            lambda: bazaar.reverse(drinks.entries[0]),
            lambda: bazaar.reverse(pastry.entry),
            lambda: bazaar.pay(who, 100, bill_minor=4_000),
            lambda: bazaar.use(codes[0], f"u-{next(_numbers)}", sale=ref),
            lambda: bazaar.void(codes[1]),
            lambda: bazaar.use(codes[2], f"u-{next(_numbers)}"),
            lambda: bazaar.choose(who, next(_numbers) % 2),
            lambda: bazaar.pick(who, ["tea", "cake"]),
            self.edit,
            lambda: self.merge_and_part(other),
        ]


def merge(bazaar: Bazaar, merged: str, survivor: str) -> None:
    """The first one goes into the second one."""
    bazaar.run(
        lambda session: merge_members(
            session,
            bazaar.program,
            bazaar.member(session, merged),
            bazaar.member(session, survivor),
            MANAGER,
            bazaar.now,
        )
    )


def at_once(works: Sequence[Callable[[], object]]) -> list[str]:
    """Start all at the same moment; what went wrong that is no refusal."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        start.wait(PATIENCE_SECONDS)
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        errors = [future.exception() for future in [pool.submit(run, work) for work in works]]
    return [repr(error) for error in errors if error and not isinstance(error, Refusal)]


def deadlocks(url: str) -> int:
    """As the server has counted them."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with psycopg.connect(address) as connection:
        found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.postgres
def test_nobody_waits_in_a_circle(rows: Database) -> None:
    """Everything that two members can do, all of it at the same moment, and the calendar too."""
    bazaar = open_bazaar(rows)
    for name in ("ada", "bruno", "twin", "other"):
        bazaar.rich(name, 200_000)
    bazaar.change("pastry", stock=1_000)
    bazaar.change("class", stock=1_000)
    tills = [Till(bazaar, "ada"), Till(bazaar, "bruno")]
    with lock_order(rows) as order:
        for _ in range(ROUNDS):
            works = tills[0].verbs("twin") + tills[1].verbs("other")
            works.append(lambda: run_calendar(rows, lambda: bazaar.now))
            assert at_once(works) == []
    assert order.wrong == []
    assert order.locks > 300
    assert bazaar.audit().findings == []
    rows.dispose()  # a server process tells what it counted when it ends, at the latest
    assert deadlocks(rows.url) == 0


@pytest.mark.postgres
@pytest.mark.parametrize("gone", ["the one who buys", "the one who stays"])
def test_a_sale_that_waited_for_a_merge_is_the_survivors(rows: Database, gone: str) -> None:
    """The sale found its member before the merge, and gets its turn after it."""
    bazaar = open_bazaar(rows)
    bazaar.enrol("ada")
    bazaar.enrol("bruno")
    merged, survivor = ("ada", "bruno") if gone == "the one who buys" else ("bruno", "ada")
    seen, may_go_on, tries = threading.Event(), threading.Event(), count(1)
    facts = PurchaseFacts("till", "T-1", "store", 4_000, "EUR")

    def sell(session: Session) -> Recorded:
        member = find_member(session, bazaar.program, MemberRef(email="ada@exemple.test"))
        if next(tries) == 1:
            seen.set()
            assert may_go_on.wait(PATIENCE_SECONDS)
        return record_purchase(session, bazaar.program, member, facts, bazaar.actor, bazaar.now)

    with ThreadPoolExecutor(1) as pool:
        selling = pool.submit(bazaar.run, sell)
        assert seen.wait(PATIENCE_SECONDS)
        merge(bazaar, merged, survivor)
        may_go_on.set()
        sold = selling.result(PATIENCE_SECONDS)
    assert not sold.repeated
    assert sold.purchase.member_id == bazaar.people[survivor]
    assert bazaar.balance(survivor).available == 40
    assert bazaar.balance(merged).available == 0
    assert bazaar.audit().findings == []


@pytest.mark.postgres
def test_whoever_still_names_a_merged_member_is_told_to_look_again(rows: Database) -> None:
    """Without looking again, the stale row would be written to: the lock itself says so."""
    bazaar = open_bazaar(rows)
    bazaar.enrol("ada")
    bazaar.enrol("bruno")
    stale: list[int | None] = []

    def work(session: Session) -> None:
        member = bazaar.member(session, "ada")
        stale.append(member.merged_into_id)
        if len(stale) == 1:
            merge(bazaar, "ada", "bruno")  # by somebody else, in a transaction of its own
        lock_member(session, member)

    bazaar.database.run(work)
    assert stale == [None, bazaar.people["bruno"]]
