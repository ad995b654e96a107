"""A whole shop against a ledger kept on one sheet of paper: everything that members, tills, managers, the
calendar and a dying process do, and after each step the sums of an auditor who knows the rows only.

The sheet knows three numbers a member (points, stamps, credit; what is owed counts as missing), because
whatever lots, merges and vouchers do, those only move by what was just done. `COMPTOIR_EXAMPLES` asks
for more than a few runs.
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from tests.factories import NOW, new_program, with_rules
from tests.wallet.acceptance.bazaar import BAZAAR, BOSS, Bazaar, coffee
from tests.wallet.club import until_quiet
from wallet.actions.actor import SYSTEM
from wallet.actions.merge_members import merge_members
from wallet.actions.pay_with_credit import pay_out_credit
from wallet.actions.record_purchase import Recorded
from wallet.actions.redeem import Redeemed
from wallet.actions.unmerge_members import unmerge_members
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.expiry import sent_notices
from wallet.tables.ledger import Entry, draws_of_entry
from wallet.tables.merging import owed_before

EXAMPLES = int(os.environ.get("COMPTOIR_EXAMPLES", "4"))
STEPS = 25
NAMES = ("ada", "bruno", "chloe")
UNITS = ("points", "stamps", "credit")
CARD = 10  # stamps on a full card
STATEMENTS_MAX = 60  # a crash comes before one of so many statements, or not at all
COSTS = {"off": 50, "pastry": 30, "delivery": 40, "advice": 80}

_slugs = count(1)
people = st.sampled_from(NAMES)
# Before which statement of the transaction the process dies; None: it lives.
crashes = st.none() | st.integers(1, STATEMENTS_MAX)


class Crash(Exception):
    """The process dies in the middle of a transaction."""


@dataclass
class Sale:
    """A sale as the sheet remembers it."""

    who: str
    amount: int
    cups: int
    done: Recorded
    back: int = 0
    paid_with_credit: int = 0  # of which so much came back
    credit_back: int = 0
    undone: bool = False
    asked: Tally[str] = field(default_factory=Tally)


@dataclass
class Taken:
    """A reward as the sheet remembers it; `ends` is when its voucher may have run out."""

    who: str
    key: str
    done: Redeemed
    state: str = "open"  # open, used, over


class ShopMachine(RuleBasedStateMachine):
    """Three people before one counter."""

    sales: Bundle[Sale] = Bundle("sales")
    taken: Bundle[Taken] = Bundle("taken")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.numbers = count(1)
        self.left: int | None = None  # statements until the crash
        event.listen(database.engine, "before_cursor_execute", self._count)

    def teardown(self) -> None:
        """Let go of the engine; the database goes on to the next example."""
        event.remove(self.database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.left = None
                raise Crash

    @initialize(pending_days=st.sampled_from((0, 2)), back=st.booleans())
    def open_the_shop(self, pending_days: int, back: bool) -> None:
        """Everybody has 600 points and 30 euros."""
        rules = with_rules(
            BAZAAR,
            f"w{next(_slugs)}",
            expiry_months=1,
            pending_days=pending_days,
            donation=None,
            vouchers={"when_expired": "return" if back else "forfeit", "notice_days": 7},
        )
        self.shop = Bazaar(self.database, new_program(self.database, rules, NOW))
        self.sheet: dict[str, Tally[str]] = {name: Tally() for name in NAMES}
        self.into: dict[str, str] = {}
        for name in NAMES:
            self.shop.enrol(name)
            self._buy(name, 60_000, 0, None)
        self.shop.later(days=pending_days)

    def holder(self, name: str) -> str:
        """Who has it now."""
        while name in self.into:
            name = self.into[name]
        return name

    def survive(self, crash: int | None, verb: Callable[[], Any]) -> Any:
        """Do it; where the process dies before some statement of it, all is as before, and doing it
        again does it."""
        before, self.left = self.rows(), crash
        try:
            return verb()
        except Crash:
            assert self.rows() == before
            return verb()
        finally:
            self.left = None

    def told(self, crash: int | None, verb: Callable[[], Any]) -> tuple[Any, str]:
        """What came of it and an empty word, or nothing and the code of the refusal."""
        try:
            return self.survive(crash, verb), ""
        except Refusal as refusal:
            return None, refusal.code

    def rows(self) -> list[Any]:
        """Every account and how much was ever written; read while nobody dies."""
        query = text(
            "SELECT a.member_id, a.unit, a.balance, a.owed, a.seq,"
            " (SELECT count(*) FROM entry e WHERE e.account_id = a.id),"
            " (SELECT sum(remaining) FROM lot l WHERE l.account_id = a.id),"
            " (SELECT count(*) FROM purchase), (SELECT count(*) FROM redemption),"
            " (SELECT count(*) FROM voucher WHERE status = 'issued'),"
            " (SELECT count(*) FROM member_merge WHERE undone_at IS NULL)"
            " FROM account a WHERE a.program_id = :program ORDER BY 1, 2"
        )
        with self.database.reading() as session:
            return list(session.execute(query, {"program": self.shop.program.id}).all())

    def net(self, name: str) -> Tally[str]:
        """What somebody's accounts hold, less what is owed: the auditor's own sums of the entries."""
        query = text(
            "SELECT a.unit, sum(e.quantity), max(a.balance), max(a.owed), count(*), max(e.seq)"
            " FROM account a JOIN entry e ON e.account_id = a.id WHERE a.member_id = :member"
            " GROUP BY a.unit"
        )
        found: Tally[str] = Tally()
        with self.database.reading() as session:
            rows = session.execute(query, {"member": self.shop.people[name]}).all()
        for unit, total, balance, owed, entries, last in rows:
            assert (total, entries) == (balance, last)  # the sum, and no number left out
            found[unit] = int(balance) - int(owed)
        return found

    @rule(
        target=sales,
        who=people,
        amount=st.sampled_from((99, 4_000, 12_345)),
        cups=st.integers(0, 12),
        crash=crashes,
    )
    def buy(self, who: str, amount: int, cups: int, crash: int | None) -> Sale:
        return self._buy(who, amount, cups, crash)

    def _buy(self, who: str, amount: int, cups: int, crash: int | None) -> Sale:
        name, who = f"w-{next(self.numbers)}", self.holder(who)
        items = [coffee(cups)] if cups else []
        done = self.survive(
            crash, lambda: self.shop.buy(who, amount, external_id=name, items=items)
        )
        assert not done.repeated
        again = self.shop.buy(who, amount, external_id=name, items=items)  # a replay
        assert (again.repeated, again.purchase.id) == (True, done.purchase.id)
        sheet = self.sheet[who]
        sheet["points"] += amount // 100
        sheet["credit"] += amount * 5 // 100
        sheet["stamps"] += cups
        self._fill_cards(who)
        return Sale(who, amount, cups, done)

    def _fill_cards(self, who: str) -> None:
        """Full cards become vouchers by themselves: the sheet only sees whole cards leave it."""
        gone = self.sheet[who]["stamps"] - self.net(who)["stamps"]
        assert gone % CARD == 0
        self.sheet[who]["stamps"] -= gone

    @rule(sale=sales, other=st.sampled_from((100, 7_777)))
    def use_the_same_key_for_another_sale(self, sale: Sale, other: int) -> None:
        name = sale.done.purchase.external_id
        with pytest.raises(Refusal, match="purchase_exists"):
            self.shop.buy(self.holder(sale.who), other, external_id=name)

    @rule(sale=sales, share=st.sampled_from((2, 3, None)), crash=crashes)
    def refund(self, sale: Sale, share: int | None, crash: int | None) -> None:
        left = sale.amount - sale.back
        amount = left if share is None else min(sale.amount // share, left)
        if not amount:
            return
        name = f"r-{next(self.numbers)}"
        who, before = self.holder(sale.who), self.net(self.holder(sale.who))
        sale_id = sale.done.purchase.external_id
        self.survive(crash, lambda: self.shop.refund_by_id(sale_id, name, amount))
        again = self.shop.refund_by_id(sale_id, name, amount)
        assert again is not None
        assert again.repeated
        sale.back += amount
        kept = sale.amount - sale.back
        sheet = self.sheet[who]
        for unit, gives in (("points", 100), ("credit", 20)):
            should = kept // gives if unit == "points" else kept * 5 // 100
            gave = sale.amount // gives if unit == "points" else sale.amount * 5 // 100
            sheet[unit] -= gave - sale.asked[unit] - should
            sale.asked[unit] = gave - should
        after = self.net(who)
        # Cups go by what is left of the sale; cards that are no longer full come back whole.
        sheet["stamps"] += after["stamps"] - before["stamps"]
        assert after["stamps"] >= before["stamps"] - sale.cups

    @rule(target=taken, who=people, key=st.sampled_from(sorted(COSTS)), crash=crashes)
    def take(self, who: str, key: str, crash: int | None) -> Any:
        who = self.holder(who)
        can = self.shop.balance(who).available >= COSTS[key]
        done, refusal = self.told(crash, lambda: self.shop.take(who, key))
        if refusal:
            assert refusal == "reward_sold_out" or not can
            return multiple()
        assert can
        self.sheet[who]["points"] -= COSTS[key]
        return Taken(who, key, done, "used" if done.voucher is None else "open")

    @rule(taken=taken, crash=crashes)
    def use(self, taken: Taken, crash: int | None) -> None:
        if taken.done.voucher is None:
            return
        code, name = taken.done.voucher.code, f"u-{next(self.numbers)}"
        status = self.shop.voucher(code).status
        used, refusal = self.told(crash, lambda: self.shop.use(code, name))
        if refusal:
            assert refusal in ("voucher_used", "voucher_void", "voucher_expired")
            assert status != "issued" or refusal == "voucher_expired"
            return
        assert (status, used.repeated) == ("issued", False)
        assert self.shop.use(code, name).repeated
        taken.state = "used"

    @rule(taken=taken, crash=crashes)
    def give_back(self, taken: Taken, crash: int | None) -> None:
        """Undo an instant reward, void a voucher: once, and not when it was used."""
        voucher = taken.done.voucher
        before = self.shop.voucher(voucher.code).status if voucher else taken.state
        _, refusal = self.told(crash, lambda: self.shop.reverse(taken.done.entry))
        if refusal:
            assert refusal in ("voucher_used", "already_reversed")
            assert before in ("used", "void", "expired", "over")
            return
        assert before in ("issued", "used", "expired")
        taken.state = "over"
        self.sheet[self.holder(taken.who)]["points"] += COSTS[taken.key]

    @rule(who=people, amount=st.sampled_from((1, 150, 2_500)), crash=crashes)
    def pay(self, who: str, amount: int, crash: int | None) -> None:
        self._spend_credit(
            who, amount, crash, lambda name: self.shop.pay(name, amount, bill_minor=9_000)
        )

    @rule(who=people, amount=st.sampled_from((100, 900)), crash=crashes)
    def pay_out(self, who: str, amount: int, crash: int | None) -> None:
        def verb(name: str) -> object:
            return self.shop.run(
                lambda session: pay_out_credit(
                    session,
                    self.shop.program,
                    self.shop.member(session, name),
                    amount,
                    BOSS,
                    self.shop.now,
                )
            )

        self._spend_credit(who, amount, crash, verb)

    def _spend_credit(
        self, who: str, amount: int, crash: int | None, verb: Callable[[str], object]
    ) -> None:
        who = self.holder(who)
        can = self.shop.balance(who, "credit").available >= amount
        _, refusal = self.told(crash, lambda: verb(who))
        if refusal:
            assert (refusal, can) == ("insufficient_balance", False)
            return
        assert can
        self.sheet[who]["credit"] -= amount

    @rule(merged=people, survivor=people, crash=crashes)
    def merge(self, merged: str, survivor: str, crash: int | None) -> None:
        """Two sheets become one; twice changes nothing."""
        merged, survivor = self.holder(merged), self.holder(survivor)
        if merged == survivor:
            return

        def work(session: Session) -> None:
            one, other = (self.shop.member(session, name) for name in (merged, survivor))
            merge_members(session, self.shop.program, one, other, BOSS, self.shop.now)

        self.survive(crash, lambda: self.shop.run(work))
        before = self.rows()
        self.shop.run(work)
        assert self.rows() == before
        self.into[merged] = survivor
        self.sheet[survivor].update(self.sheet[merged])
        self.sheet[merged] = Tally()
        self._fill_cards(survivor)

    @rule(merged=people, crash=crashes)
    def part(self, merged: str, crash: int | None) -> None:
        """The sum of the two stays; how it is divided is the book's to say, and the sheet copies it."""
        survivor = self.into.get(merged)

        def work(session: Session) -> None:
            member = self.shop.member(session, merged)
            unmerge_members(session, self.shop.program, member, BOSS, self.shop.now)

        _, refusal = self.told(crash, lambda: self.shop.run(work))
        if refusal:
            assert refusal == ("not_merged" if survivor is None else "merge_not_last")
            assert survivor is None or survivor in self.into
            return
        assert survivor is not None
        del self.into[merged]
        shares = {name: self.net(name) for name in (merged, survivor)}
        total = self.sheet[survivor]
        for unit in UNITS:
            assert sum(share[unit] for share in shares.values()) == total[unit]
        self.sheet.update(shares)

    @rule(days=st.sampled_from((1, 6, 17)))
    def let_time_pass(self, days: int) -> None:
        """Nothing is lost by itself: only the calendar takes what has ended, and says so."""
        if self.shop.now < NOW + timedelta(days=90):
            self.shop.later(days=days)

    @rule(crash=crashes)
    def run_the_calendar(self, crash: int | None) -> None:
        """What expires had ended and was told of twice; vouchers come back, or do not. Killed half-way
        it goes on where it was, and a second worker finds nothing to do."""
        known = {entry.id for entry in self._by_itself()}
        self.left = crash
        try:
            until_quiet(self.database, self.shop.now)
        except Crash:
            pass
        finally:
            self.left = None
        until_quiet(self.database, self.shop.now)
        assert until_quiet(self.database, self.shop.now) == 0
        names = {number: name for name, number in self.shop.people.items()}
        for entry in self._by_itself():
            if entry.id not in known:
                self.sheet[names[entry.member_id]][entry.unit] += entry.quantity
                self.sheet[names[entry.member_id]][entry.unit] -= self._owed_change(entry)
                assert entry.kind != "expiry" or self._was_told(entry)

    def _by_itself(self) -> list[Entry]:
        query = select(Entry).where(
            Entry.program_id == self.shop.program.id, Entry.actor == SYSTEM.label
        )
        with self.database.reading() as session:
            return list(session.scalars(query.order_by(Entry.id)))

    def _owed_change(self, entry: Entry) -> int:
        with self.database.reading() as session:
            return entry.owed_after - owed_before(session, entry)

    def _was_told(self, entry: Entry) -> bool:
        with self.database.reading() as session:
            ends = [lot.expires_at for _, lot in draws_of_entry(session, entry.id)]
            return all(
                end is not None
                and end <= self.shop.now
                and sent_notices(session, entry.account_id, end) >= 2
                for end in ends
            )

    @invariant()
    def everybody_has_what_the_sheet_says(self) -> None:
        if not hasattr(self, "sheet"):
            return
        for name in NAMES:
            net, sheet = self.net(name), self.sheet[name]
            if name in self.into:
                assert not any(net.values()), name
            else:
                assert {u: net[u] for u in UNITS} == {u: sheet[u] for u in UNITS}, name

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        if hasattr(self, "shop"):
            assert self.shop.audit().findings == []


def test_the_shop_does_what_the_sheet_says(database: Database) -> None:
    class OnThisDatabase(ShopMachine):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnThisDatabase, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    )
