"""A market stall whose tills lose their connection: two paired tills, who stands there, and short verbs
for holding, giving and sending later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import PASSWORD, SHOP, Counter, new_program
from tests.wallet.acceptance.bazaar import BAZAAR, RULES, WEB
from wallet.actions.actor import SYSTEM, Actor
from wallet.actions.adjust import Adjustment, adjust
from wallet.actions.pay_with_credit import Payment, pay_with_credit
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.receive_till_line import Reporter, SavedReward, SavedSale, receive_till_line
from wallet.actions.redeem import Redeemed, Taking, redeem
from wallet.actions.review_till_lines import Decision, decide_till_line
from wallet.actions.shown_card import Shown
from wallet.actions.staff_access import NewStaff, create_staff
from wallet.actions.tills.hold import release_hold, take_hold
from wallet.actions.tills.pair import NewTill, add_till, revoke_till
from wallet.actions.use_hold import Cover
from wallet.db import Database
from wallet.ids import private_id, public_id
from wallet.tables.till_hold import TillHold
from wallet.tables.till_line import TillLine

_numbers = count(1)
BOSS = Actor("staff:2", "manager", "store")


@dataclass
class Market(Counter):
    """`tills` are the people at them, each at a till of its own."""

    tills: list[Actor] = field(default_factory=list)

    def rules(self, **changes: Any) -> None:
        """Other rules from now on."""
        document = {**self.program.ruleset.model_dump(mode="json", exclude_none=True), **changes}

        def _publish(session: Session) -> None:
            publish_rules(session, self.program.id, document, "system", self.now)
            self.program = program_view(session, self.program.id)

        self.run(_publish)

    def hold(
        self, who: str, till: int = 0, request_id: str = "", shown: Shown | None = None
    ) -> TillHold:
        """Hold what the dearest reward within reach costs."""
        named = request_id or f"hold-{next(_numbers):06}"
        return self.run(
            lambda session: take_hold(
                session,
                self.program,
                self.member(session, who),
                named,
                shown,
                self.tills[till],
                self.now,
            )
        )

    def release(self, hold: TillHold, till: int = 0) -> None:
        self.run(
            lambda session: release_hold(
                session, self.program, hold.request_id, self.tills[till], self.now
            )
        )

    def take(
        self,
        who: str,
        key: str,
        actor: Actor | None = None,
        hold: TillHold | None = None,
        op_id: str = "",
    ) -> Redeemed:
        """Take a reward now, against a hold of the actor's till or without one."""
        reward = self.program.reward_called(key)
        assert reward is not None
        cover = Cover(hold.request_id, op_id or f"op-{next(_numbers):06}") if hold else None
        return self.run(
            lambda session: redeem(
                session,
                self.program,
                self.member(session, who),
                public_id("rwd", reward.id),
                actor or WEB,
                self.now,
                Taking(cover=cover),
            )
        )

    def given(
        self,
        who: str,
        key: str,
        hold: TillHold | None,
        till: int = 0,
        minutes_ago: float = 5,
        op_id: str = "",
    ) -> SavedSale:
        """A reward that was given so many minutes ago, as the till saved it."""
        reward, number = self.program.reward_called(key), next(_numbers)
        assert reward is not None
        actor, ago = self.tills[till], timedelta(minutes=minutes_ago)
        return SavedSale(
            op_id=op_id or f"op-{number:06}",
            till="browser-0123456789",
            seq=number,
            amount_minor=0,
            occurred_at=self.now - ago,
            age_ms=int(ago.total_seconds() * 1000),
            member_id=public_id("mbr", self.people[who]),
            staff_id=actor.staff_id,
            till_id=actor.till_id,
            reward=SavedReward(
                public_id("rwd", reward.id), hold.request_id if hold else "hold-of-nobody"
            ),
        )

    def send(self, saved: SavedSale) -> TillLine:
        """The till has a connection again."""
        reporter = Reporter(till_id=saved.till_id)
        return self.run(
            lambda session: receive_till_line(session, self.program, saved, reporter, self.now)
        )

    def decide(self, line: TillLine, verdict: Any, note: str = "") -> TillLine:
        decision = Decision(line.op_id, verdict, note)
        return self.run(
            lambda session: decide_till_line(session, self.program, decision, BOSS, self.now)
        )

    def revoke(self, till: int = 0) -> None:
        number = self.tills[till].till_id or 0
        self.run(lambda session: revoke_till(session, self.program, number, SYSTEM, self.now))

    def pay(self, who: str, amount_minor: int) -> None:
        self.run(
            lambda session: pay_with_credit(
                session,
                self.program,
                self.member(session, who),
                Payment(amount_minor, 100_000),
                SHOP,
                self.now,
            )
        )

    def adjust(self, who: str, quantity: int) -> None:
        wanted = Adjustment("points", quantity, "for the test")
        self.run(
            lambda session: adjust(
                session, self.program, self.member(session, who), wanted, BOSS, self.now
            )
        )

    def points(self, who: str) -> tuple[int, int]:
        """(spendable by anybody, held)."""
        found = self.balance(who)
        return found.available, found.held


def open_market(
    database: Database,
    people: Sequence[str] = ("ada",),
    now: datetime | None = None,
    slug: str = "market",
    only: Collection[str] = (),
    **rules: Any,
) -> Market:
    """Each has 120 points; a till holds for 30 minutes."""
    limits = {"card_times": 0, "staff_times": 0, "till_times": 0}
    document = {
        **RULES,
        "offline_redemption": {"minutes": 30},
        "redemption_limits": limits,
        **rules,
    }
    rewards = tuple(
        one for one in BAZAAR.rewards if one.key != "trees" and (not only or one.key in only)
    )
    program = replace(BAZAAR, slug=slug, rules=document, rewards=rewards)
    market = Market(database, new_program(database, program))
    market.now = now or market.now
    market.tills = market.run(lambda session: [_till(session, market, at) for at in range(2)])
    for name in people:
        market.enrol(name)
        market.buy(name, 12_000)
    return market


def _till(session: Session, market: Market, at: int) -> Actor:
    program, store = market.program, market.program.stores[0].id
    new = NewTill(f"Counter {at + 1}", store)
    view, _code = add_till(session, program, new, SYSTEM, market.now)
    email = f"till{at}.{program.slug}@exemple.test"
    person = NewStaff(email, f"Till {at}", "cashier", PASSWORD, store_id=store)
    staff_id = create_staff(session, program.id, person, market.now).id
    till_id = private_id("til", view.id)
    return Actor(f"staff:{staff_id}", "cashier", "store", store, staff_id, f"Till {at}", till_id)
