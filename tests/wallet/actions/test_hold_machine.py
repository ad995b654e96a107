"""Holds against a plain model: two tills that lose their connection, a web shop that sells meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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

from tests.wallet.actions.market import open_market
from wallet.actions.audit import audit
from wallet.actions.merge_members import merge_members
from wallet.actions.receive_till_line import SavedSale
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.till_hold import TillHold

EXAMPLES = int(os.environ.get("COMPTOIR_EXAMPLES", "12"))
STEPS = 16
NAMES = ("ada", "bruno")
COSTS = {"off": 50, "film": 20, "museum": 25}
_slugs = count(1)


@dataclass
class Known:
    """A hold as the model knows it."""

    who: str
    till: int
    quantity: int
    ends_at: datetime
    row: TillHold
    state: str = "open"


class HoldMachine(RuleBasedStateMachine):
    """Nothing comes of nothing, nothing is spent twice, and nothing is held for ever."""

    holds: Bundle[Known] = Bundle("holds")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    @initialize(below_zero=st.booleans())
    def open(self, below_zero: bool) -> None:
        rules = {"minutes": 15, "below_zero": below_zero}
        slug = f"stall-{next(_slugs)}"
        self.market = open_market(
            self.database, NAMES, slug=slug, only=(*COSTS, "tenth"), offline_redemption=rules
        )
        self.below_zero = below_zero
        self.points = dict.fromkeys(NAMES, 120)
        self.known: list[Known] = []
        self.survivor: dict[str, str] = {name: name for name in NAMES}
        self.sent: list[tuple[SavedSale, str, int | None]] = []

    def live(self, who: str) -> list[Known]:
        """What is held of the one they are now."""
        now = self.market.now
        return [
            one
            for one in self.known
            if self.survivor[one.who] == who and one.state == "open" and one.ends_at > now
        ]

    def free(self, who: str, till: int | None = None) -> int:
        """What somebody may spend; a till also what it holds itself."""
        return self.points[who] - sum(one.quantity for one in self.live(who) if one.till != till)

    @rule(target=holds, name=st.sampled_from(NAMES), till=st.integers(0, 1))
    def hold(self, name: str, till: int) -> Any:
        who = self.survivor[name]
        own = [one for one in self.live(who) if one.till == till]
        if own:
            assert self.market.hold(who, till).id == own[0].row.id
            return multiple()
        within = [cost for cost in COSTS.values() if cost <= self.free(who)]
        if not within:
            self.refuses(("units_held", "nothing_to_hold"), lambda: self.market.hold(who, till))
            return multiple()
        row = self.market.hold(who, till)
        assert row.quantity == max(within)
        known = Known(who, till, row.quantity, row.ends_at, row)
        self.known.append(known)
        return known

    @rule(hold=holds)
    def release(self, hold: Known) -> None:
        self.market.release(hold.row, hold.till)
        if hold.state == "open":
            hold.state = "released"

    @rule(
        name=st.sampled_from(NAMES),
        key=st.sampled_from(sorted(COSTS)),
        till=st.sampled_from((None, 0, 1)),
    )
    def sell(self, name: str, key: str, till: int | None) -> None:
        """In the web shop, or at a till without naming what it holds."""
        who, cost = self.survivor[name], COSTS[key]
        actor = None if till is None else self.market.tills[till]
        if self.free(who, till) < cost:
            codes = ("units_held", "insufficient_balance")
            self.refuses(codes, lambda: self.market.take(who, key, actor))
            return
        self.market.take(who, key, actor)
        self.points[who] -= cost
        for one in self.live(who):
            if one.till == till:
                one.state = "released"

    @rule(
        hold=holds,
        key=st.sampled_from(sorted(COSTS)),
        minutes=st.integers(0, 14),
        times=st.integers(1, 3),
    )
    def send(self, hold: Known, key: str, minutes: int, times: int) -> None:
        """A reward that was given so many minutes ago, sent more than once."""
        who = self.survivor[hold.who]
        saved = self.market.given(hold.who, key, hold.row, hold.till, minutes)
        reason = self.fate(hold, who, COSTS[key], minutes)
        lines = [self.market.send(saved) for _ in range(times)]
        assert {line.id for line in lines} == {lines[0].id}
        assert lines[0].reason == reason
        if not reason:
            self.points[who] -= COSTS[key]
            hold.state = "used"
        self.sent.append((saved, lines[0].state, lines[0].redemption_id))

    def fate(self, hold: Known, who: str, cost: int, minutes: int) -> str:
        """Why a line waits for a manager, or nothing."""
        now = self.market.now
        in_time = now - timedelta(minutes=minutes) < hold.ends_at + timedelta(seconds=30)
        if hold.state == "used":
            return "hold_used"
        if hold.state == "released":
            return "hold_over"
        if hold.ends_at <= now and not (self.below_zero and in_time):
            return "hold_over"
        return "hold_too_small" if cost > hold.quantity else self.lack(hold, who, cost)

    def lack(self, hold: Known, who: str, cost: int) -> str:
        """What is missing to the price, where nothing else is in the way."""
        others = [one for one in self.live(who) if one is not hold]
        elsewhere = sum(one.quantity for one in others if one.till != hold.till)
        if cost <= self.points[who] - elsewhere:
            for one in others:  # whatever a till takes ends what it holds besides
                one.state = "released" if one.till == hold.till else one.state
            return ""
        if self.below_zero:
            return "units_held" if others else ""
        return "units_held" if cost <= self.points[who] else "insufficient_balance"

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_an_old_one_again(self, data: st.DataObject) -> None:
        """Days later the answer is still the first one."""
        saved, state, redemption_id = data.draw(st.sampled_from(self.sent))
        again = self.market.send(replace(saved, age_ms=saved.age_ms + 600_000))
        assert (again.state, again.redemption_id) == (state, redemption_id)

    @precondition(lambda self: self.survivor["ada"] == "ada")
    @rule()
    def merge(self) -> None:
        market = self.market
        market.run(
            lambda s: merge_members(
                s,
                market.program,
                market.member(s, "ada"),
                market.member(s, "bruno"),
                market.actor,
                market.now,
            )
        )
        if self.points["ada"] < 0 or self.points["bruno"] < 0:
            self.settle_debts()
        self.points["bruno"] += self.points.pop("ada")
        self.points["ada"] = 0
        self.survivor["ada"] = "bruno"

    def settle_debts(self) -> None:
        """What stood below zero is paid by the other account, or owed from then on."""
        total = self.points["ada"] + self.points["bruno"]
        self.points = {"ada": 0, "bruno": max(total, 0)}

    @rule(minutes=st.sampled_from((4, 9, 16)))
    def let_time_pass(self, minutes: int) -> None:
        self.market.later(minutes=minutes)

    def refuses(self, codes: tuple[str, ...], verb: Callable[[], object]) -> None:
        with pytest.raises(Refusal) as caught:
            verb()
        assert caught.value.code in codes

    @invariant()
    def what_is_free_and_held_is_what_the_model_says(self) -> None:
        if not hasattr(self, "market"):
            return
        for who in set(self.survivor.values()):
            balance = self.market.balance(who)
            held = sum(one.quantity for one in self.live(who))
            assert balance.own == self.points[who]
            assert balance.held == min(held, max(self.points[who], 0))
            assert self.below_zero or balance.available >= 0

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        if hasattr(self, "market"):
            with self.database.reading() as session:
                assert audit(session, program_id=self.market.program.id).findings == []


def test_what_tills_hold_does_what_the_model_says(database: Database) -> None:
    class OnThisDatabase(HoldMachine):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnThisDatabase, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    )
