"""The ledger against a plain model of it, by machines that do what shoppers and tills do.

The model below is written from the rules in words, with its own arithmetic: lists of single points
instead of lots, and no table, chain or version. `COMPTOIR_EXAMPLES` asks for more than a few runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
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
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from tests.factories import NOW, Counter, new_program, with_rules
from wallet.actions.audit import audit
from wallet.actions.load_demo import PROGRAM
from wallet.actions.once import Ask, once
from wallet.actions.record_purchase import PurchaseFacts, Recorded, record_purchase
from wallet.actions.redeem import Redeemed
from wallet.db import Database
from wallet.errors import Refusal

EXAMPLES = int(os.environ.get("COMPTOIR_EXAMPLES", "12"))
STEPS = 25
NAMES = ("ada", "bruno")
COSTS = (30, 100, 400)
POLICIES = ("owed", "negative", "forgive")

_slugs = count(1)
amounts = st.sampled_from((99, 100, 2550, 5000, 12_345, 26_000))


@dataclass
class Point:
    """One point: the sale that gave it, from when to when it may be used."""

    sale: str
    free_at: datetime
    gone_at: datetime
    order: int


@dataclass
class Sale:
    """A sale as the model remembers it."""

    who: str
    amount: int
    multiplier: int  # in quarters: bronze 4, silver 5, gold 6
    gave: int
    at: datetime
    back: int = 0  # minor units given back
    asked: int = 0  # points asked back so far
    undone: bool = False
    paid_debt: int = 0  # points of it that went straight into what was owed


@dataclass
class Reward:
    """A redemption as the model remembers it."""

    who: str
    cost: int
    points: list[Point]
    undone: bool = False


@dataclass
class Person:
    """Points in the hand, what is owed, and how far below zero."""

    points: list[Point] = field(default_factory=list)
    owed: int = 0
    below: int = 0


class Model:
    """What a member should have, by the rules in words."""

    def __init__(self, policy: str, pending_days: int) -> None:
        self.policy = policy
        self.pending_days = pending_days
        self.now = NOW
        self.people: dict[str, Person] = {name: Person() for name in NAMES}
        self.sales: dict[str, Sale] = {}
        self.rewards: dict[int, Reward] = {}
        self._order = count(1)

    def spent(self, who: str) -> int:
        """Paid and kept in the last 365 days."""
        since = self.now - timedelta(days=365)
        return sum(s.amount - s.back for s in self.sales.values() if s.who == who and s.at > since)

    def quarters(self, who: str) -> int:
        """The tier's multiplier, in quarters."""
        spent = self.spent(who)
        return 6 if spent >= 50_000 else 5 if spent >= 25_000 else 4

    def buy(self, name: str, who: str, amount: int) -> int:
        """Points given: whole euros times the tier, cut off once at the end."""
        quarters = self.quarters(who)
        gave = amount * quarters // 400
        self.sales[name] = Sale(who, amount, quarters, gave, self.now)
        person = self.people[who]
        swallowed = min(person.below, gave)
        person.below -= swallowed
        paid = min(person.owed, gave - swallowed)
        person.owed -= paid
        self.sales[name].paid_debt = paid
        free = self.now + timedelta(days=self.pending_days)
        gone = _a_month_later(self.now)
        person.points += [
            Point(name, free, gone, next(self._order)) for _ in range(gave - swallowed - paid)
        ]
        return gave

    def refund(self, name: str, amount: int) -> int:
        """Points asked back: what it gave, less what the rest would have given."""
        sale = self.sales[name]
        sale.back += amount
        should = (sale.amount - sale.back) * sale.multiplier // 400
        wanted = max(sale.gave - sale.asked - should, 0)
        sale.asked += wanted
        person = self.people[sale.who]
        # Its own points first, then the newest.
        person.points.sort(key=lambda point: (point.sale != name, -point.order))
        taken, person.points = person.points[:wanted], person.points[wanted:]
        missing = wanted - len(taken)
        if self.policy == "owed":
            person.owed += missing
        elif self.policy == "negative":
            person.below += missing
        return wanted

    def usable(self, who: str) -> list[Point]:
        """Points for the counter today, the first to go in front."""
        points = [p for p in self.people[who].points if p.free_at <= self.now < p.gone_at]
        return sorted(points, key=lambda point: (point.gone_at, point.order))

    def waiting(self, who: str) -> int:
        """Points not free yet."""
        return sum(self.now < p.free_at for p in self.people[who].points)

    def redeem(self, number: int, who: str, cost: int) -> bool:
        """Whether it is enough; takes those that go first."""
        taken = self.usable(who)[:cost]
        if len(taken) < cost:
            return False
        self.people[who].points = [p for p in self.people[who].points if p not in taken]
        self.rewards[number] = Reward(who, cost, taken)
        return True

    def undo_reward(self, number: int) -> None:
        """The points come back, less what is missing or owed: of those that go first."""
        reward = self.rewards[number]
        reward.undone = True
        person = self.people[reward.who]
        back = sorted(reward.points, key=lambda point: (point.gone_at, point.order))
        swallowed = min(person.below, len(back))
        person.below -= swallowed
        back = back[swallowed:]
        # What had ended meanwhile lives for another thirty days, and stands behind what had not.
        ended = [point for point in back if point.gone_at <= self.now]
        back = [point for point in back if point.gone_at > self.now]
        until = self.now + timedelta(days=30)
        back += [Point("", self.now, until, next(self._order)) for _ in ended]
        paid = min(person.owed, len(back))
        person.owed -= paid
        person.points += back[paid:]

    def can_undo_sale(self, name: str) -> str:
        """The code of the refusal, or nothing."""
        sale = self.sales[name]
        if sale.undone:
            return "already_reversed"
        if sale.asked:
            return "not_reversible"
        there = sum(point.sale == name for point in self.people[sale.who].points)
        return "" if there + sale.paid_debt == sale.gave else "undo_spent"

    def undo_sale(self, name: str) -> None:
        """All of its points go; what they paid is owed again."""
        sale = self.sales[name]
        person = self.people[sale.who]
        person.points = [point for point in person.points if point.sale != name]
        person.owed += sale.paid_debt
        sale.undone, sale.back, sale.asked = True, sale.amount, sale.gave


def _a_month_later(at: datetime) -> datetime:
    """Midnight in Paris after the same day of the next month. The machine lives in March to May."""
    after = at + timedelta(hours=1 if at < datetime.fromisoformat("2026-03-29T01:00:00Z") else 2)
    month, day = after.month + 1, after.day
    last = {3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31}[month]
    end = datetime.fromisoformat(f"2026-{month:02}-{min(day, last):02}T00:00:00Z")
    midnight = end + timedelta(days=1)
    summer = midnight > datetime.fromisoformat("2026-03-29T00:00:00Z")
    return midnight - timedelta(hours=2 if summer else 1)


class Crash(Exception):
    """The process dies before the commit."""


class LedgerMachine(RuleBasedStateMachine):
    """Two shoppers, a till that stutters, and a process that dies now and then."""

    sales: Bundle[tuple[str, Recorded]] = Bundle("sales")
    rewards: Bundle[tuple[int, Redeemed]] = Bundle("rewards")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.numbers = count(1)

    @initialize(
        target=sales, policy=st.sampled_from(POLICIES), pending_days=st.sampled_from((0, 2))
    )
    def open_the_shop(self, policy: str, pending_days: int) -> Any:
        """Everybody starts with 120 points to spend."""
        rules = with_rules(
            PROGRAM,
            f"m{next(_slugs)}",
            clawback=policy,
            pending_days=pending_days,
            expiry_months=1,
        )
        self.counter = Counter(self.database, new_program(self.database, rules))
        self.model = Model(policy, pending_days)
        for name in NAMES:
            self.counter.enrol(name)
        first = [self._sale(name, 12_000) for name in NAMES]
        self.let_time_pass(pending_days, 0)
        return multiple(*first)

    def survive(self, crashes: bool, verb: Callable[[], Any]) -> Any:
        """Do it; with a crash, die before the commit first and do it again."""
        if crashes:
            before = self.state()
            self.counter.crash = Crash
            with pytest.raises(Crash):
                verb()
            self.counter.crash = None
            assert self.state() == before
        return verb()

    def state(self) -> list[Any]:
        """All that a crash must leave alone."""
        return [self.counter.view(name) for name in NAMES]

    @rule(target=sales, who=st.sampled_from(NAMES), amount=amounts, crashes=st.booleans())
    def buy(self, who: str, amount: int, crashes: bool) -> tuple[str, Recorded]:
        return self._sale(who, amount, crashes)

    def _sale(self, who: str, amount: int, crashes: bool = False) -> tuple[str, Recorded]:
        name = f"sale-{next(self.numbers)}"
        done = self.survive(crashes, lambda: self.counter.buy(who, amount, external_id=name))
        gave = self.model.buy(name, who, amount)
        accrued = [entry.quantity for entry in done.entries]
        assert accrued == ([gave] if gave else [])
        assert not done.repeated
        return name, done

    @rule(sale=sales, other=st.none() | amounts)
    def send_the_sale_again(self, sale: tuple[str, Recorded], other: int | None) -> None:
        """The same facts: the first answer. Other facts under its id: refused."""
        name, first = sale
        known = self.model.sales[name]
        if other is not None and other != known.amount:
            with pytest.raises(Refusal, match="purchase_exists"):
                self.counter.buy(known.who, other, external_id=name)
            return
        again = self.counter.buy(known.who, known.amount, external_id=name)
        assert again.repeated
        assert again.purchase.id == first.purchase.id
        assert first.entries == [] or again.entries[0].hash == first.entries[0].hash

    @rule(
        sale=sales,
        share=st.sampled_from((1, 2, 3, None)),
        repeats=st.booleans(),
        crashes=st.booleans(),
    )
    def refund(
        self, sale: tuple[str, Recorded], share: int | None, repeats: bool, crashes: bool
    ) -> None:
        name, recorded = sale
        known = self.model.sales[name]
        left = known.amount - known.back
        amount = None if share is None else known.amount // share
        refund_id = f"refund-{next(self.numbers)}"

        def verb() -> Any:
            return self.counter.refund(recorded, amount, external_id=refund_id)

        if not left or (amount or 0) > left:
            with pytest.raises(Refusal, match="refund_too_large"):
                verb()
            return
        done = self.survive(crashes, verb)
        wanted = self.model.refund(name, left if amount is None else amount)
        assert sum(part["wanted"] for entry in done.entries for part in entry.why) == wanted
        if repeats:
            again = verb()
            assert again.repeated
            assert [entry.id for entry in again.entries] == [entry.id for entry in done.entries]

    @rule(target=rewards, who=st.sampled_from(NAMES), crashes=st.booleans())
    def spend_all(self, who: str, crashes: bool) -> Any:
        """Take the dearest reward within reach until none is, and be refused the next one."""
        done = []
        for cost in sorted(COSTS, reverse=True):
            verb = partial(self.counter.redeem, who, cost)
            while self.model.redeem(number := next(self.numbers), who, cost):
                done.append((number, self.survive(crashes, verb)))
            with pytest.raises(Refusal, match="insufficient_balance"):
                verb()
        return multiple(*done)

    @rule(target=rewards, who=st.sampled_from(NAMES), cost=st.sampled_from(COSTS))
    def redeem(self, who: str, cost: int) -> Any:
        number = next(self.numbers)
        if self.model.redeem(number, who, cost):
            return number, self.counter.redeem(who, cost)
        with pytest.raises(Refusal, match="insufficient_balance"):
            self.counter.redeem(who, cost)
        return multiple()

    @rule(reward=rewards, crashes=st.booleans())
    def undo_the_reward(self, reward: tuple[int, Redeemed], crashes: bool) -> None:
        number, done = reward
        if self.model.rewards[number].undone:
            with pytest.raises(Refusal, match="already_reversed"):
                self.counter.reverse(done.entry)
            return
        self.survive(crashes, lambda: self.counter.reverse(done.entry))
        self.model.undo_reward(number)

    @precondition(lambda self: self.model.policy != "negative")
    @rule(sale=sales)
    def undo_the_sale(self, sale: tuple[str, Recorded]) -> None:
        name, done = sale
        if not done.entries:
            return  # it gave nothing: there is no movement to undo
        refusal = self.model.can_undo_sale(name)
        if refusal:
            with pytest.raises(Refusal, match=refusal):
                self.counter.reverse(done.entries[0])
            return
        self.counter.reverse(done.entries[0])
        self.model.undo_sale(name)

    @rule(who=st.sampled_from(NAMES), amount=amounts, other=amounts, crashes=st.booleans())
    def use_one_key_for_everything(self, who: str, amount: int, other: int, crashes: bool) -> None:
        """The same key and facts: the first answer. The same key, other facts: refused."""
        key = f"key-{next(self.numbers)}"

        def ask(wanted: int) -> Any:
            return self.counter.run(lambda session: self._once(session, key, who, wanted))

        first = self.survive(crashes, lambda: ask(amount))
        self.model.buy(key, who, amount)
        assert ask(amount) == {**first, "repeated": True}
        if other != amount:
            with pytest.raises(Refusal, match="request_id_reused"):
                ask(other)

    def _once(self, session: Session, key: str, who: str, amount: int) -> dict[str, Any]:
        counter = self.counter

        def work() -> dict[str, Any]:
            facts = PurchaseFacts("till", key, "store", amount, "EUR")
            done = record_purchase(
                session,
                counter.program,
                counter.member(session, who),
                facts,
                counter.actor,
                counter.now,
            )
            return {"purchase": done.purchase.id, "entries": [e.hash for e in done.entries]}

        ask = Ask(counter.program.id, "till:purchase", key, {"who": who, "amount": amount})
        return once(session, ask, counter.now, work)

    @precondition(lambda self: self.model.now < NOW + timedelta(days=60))
    @rule(days=st.sampled_from((1, 2, 17)), hours=st.integers(0, 23))
    def let_time_pass(self, days: int, hours: int) -> None:
        self.counter.later(days=days, hours=hours)
        self.model.now = self.counter.now

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        for name in NAMES:
            view = self.counter.view(name)
            person = self.model.people[name]
            held = view.balances["points"]
            expected = (
                len(self.model.usable(name)) - person.below,
                self.model.waiting(name),
                person.owed,
            )
            assert (held.available, held.pending, held.owed) == expected
            assert view.standing.tier is not None
            quarters = {"bronze": 4, "silver": 5, "gold": 6}[view.standing.tier.key]
            assert quarters == self.model.quarters(name)

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        if hasattr(self, "counter"):
            with self.database.reading() as session:
                assert audit(session, program_id=self.counter.program.id).findings == []


def test_the_ledger_does_what_the_model_says(database: Database) -> None:
    class OnThisDatabase(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnThisDatabase, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    )
