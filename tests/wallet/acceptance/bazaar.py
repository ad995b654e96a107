"""A shop that offers everything: points, two stamps cards' worth of habits, store credit, tiers, every
kind of reward, two charities. And short verbs for those who spend there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import NOW, Counter, new_program
from wallet.actions.actor import Actor
from wallet.actions.choose_charity import choose_charity
from wallet.actions.choose_perks import choose_perks
from wallet.actions.create_program import NewProgram, NewReward, NewStore, starter_design
from wallet.actions.donation_totals import DonationTotals, donation_totals
from wallet.actions.edit_reward import edit_reward
from wallet.actions.follow_card import FOLLOW_JOB, follow_card_job
from wallet.actions.hand_over import hand_over
from wallet.actions.pay_with_credit import Paid, Payment, pay_with_credit
from wallet.actions.program_view import ProgramView, RewardView, program_view
from wallet.actions.redeem import Redeemed, Taking, redeem
from wallet.actions.refund_by_reference import refund_by_reference
from wallet.actions.refund_purchase import Refunded, RefundFacts
from wallet.actions.run_jobs import run_jobs
from wallet.actions.sale_link import SETTLE_JOB
from wallet.actions.settle_sale import settle_sale_job
from wallet.actions.use_voucher import Use, Used, use_voucher
from wallet.actions.void_voucher import void_voucher
from wallet.db import Database
from wallet.ids import public_id
from wallet.tables.member import Member
from wallet.tables.reward import Redemption, Voucher, stocks_of


def words(text: str) -> dict[str, str]:
    return {"fr": text, "en": text}


def unit(key: str, kind: str, **more: Any) -> dict[str, Any]:
    name = words(key.capitalize())
    return {"key": key, "kind": kind, "name": name, "one": name, "many": name, **more}


def rule(key: str, unit_key: str, kind: str, quantity: int, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "kind": kind,
        "unit": unit_key,
        "quantity": quantity,
        "name": words(key),
        **more,
    }


RULES: dict[str, Any] = {
    "units": [
        unit("points", "points"),
        unit("stamps", "stamps", target=10, reward_key="tenth"),
        unit("credit", "credit"),
    ],
    "earning": [
        rule("base", "points", "per_amount", 1, per_minor=100),
        rule("coffees", "stamps", "per_item", 1, match={"categories": ["coffee"]}),
        rule("cashback", "credit", "per_amount", 5, per_minor=100),
    ],
    "tiers": [
        {"key": "bronze", "name": words("Bronze"), "threshold_minor": 0},
        {"key": "silver", "name": words("Argent"), "threshold_minor": 25_000},
        {"key": "gold", "name": words("Or"), "threshold_minor": 50_000},
    ],
    "credit": {"unit": "credit", "share_max_percent": 50},
    "donation": {"percent": "1"},
    "expiry_months": 24,
}


def reward(key: str, kind: str, cost: int, **more: Any) -> NewReward:
    return NewReward(words(key), kind, cost, key=key, **more)


REWARDS = (
    reward("off", "amount", 50, value={"amount_minor": 500}),
    reward("tenpercent", "percent", 60, value={"percent": 10}, mode="voucher", voucher_days=30),
    reward("pastry", "product", 30, stock=3),
    reward("delivery", "shipping", 40, mode="voucher"),
    reward(
        "early",
        "access",
        45,
        value={
            "opens_at": (NOW + timedelta(days=2)).isoformat(),
            "closes_at": (NOW + timedelta(days=4)).isoformat(),
        },
    ),
    reward("film", "content", 20, value={"url": "https://exemple.test/film"}),
    reward("tasting", "event", 100, stock=2),
    reward("class", "experience", 200, stock=2, mode="voucher", voucher_days=90),
    reward("tote", "gift", 10, per_member=1, per_member_days=365),
    reward("trees", "donation", 100, value={"amount_minor": 300}),
    reward("museum", "partner", 25, value={"code": "MUSEE-2026"}),
    reward("golden", "gift", 15, tier_keys=("gold",)),
    reward("vegan", "product", 12, tags=("vegan",)),
    reward("advice", "experience", 80, mode="voucher", voucher_days=14),
    reward("tea", "gift", 5, value={"choice": "perks", "choice_max": 2}),
    reward("cake", "gift", 6, value={"choice": "perks", "choice_max": 2}),
    reward("juice", "gift", 7, value={"choice": "perks", "choice_max": 2}),
    reward(
        "summer",
        "product",
        35,
        starts_at=NOW + timedelta(days=30),
        ends_at=NOW + timedelta(days=60),
    ),
    reward("tenth", "product", 10, unit="stamps", mode="voucher", voucher_days=60),
)

BAZAAR = NewProgram(
    slug="bazaar",
    name="Bazar Imaginaire",
    rules=RULES,
    design=starter_design("Bazar Imaginaire"),
    stores=(NewStore("Rue Inventée"),),
    rewards=REWARDS,
    charities=(words("Les Arbres Fictifs"), words("La Soupe Inventée")),
)

WEB = Actor("key:1", "shop", "online")
PHONE = Actor("staff:9", "cashier", "phone")
BOSS = Actor("staff:2", "manager", "store")


@dataclass
class Bazaar(Counter):
    """The shop, and what can be done before its counter."""

    codes: list[str] = field(default_factory=list)

    def called(self, key: str) -> RewardView:
        """The reward with this key, as it is now."""
        found = self.fresh().reward_called(key)
        assert found is not None
        return found

    def fresh(self) -> ProgramView:
        """The program, read again."""
        self.program = self.run(lambda session: program_view(session, self.program.id))
        return self.program

    def rich(self, name: str = "ada", amount_minor: int = 60_000) -> Member:
        """A member with a past: 600 points and 30 euros of credit, unless said otherwise."""
        member = self.enrol(name)
        self.buy(name, amount_minor)
        return member

    def take(self, who: str, key: str, actor: Actor | None = None, **taking: Any) -> Redeemed:
        """Take the reward with this key."""
        reward_id = public_id("rwd", self.called(key).id)
        return self.run(
            lambda session: redeem(
                session,
                self.program,
                self.member(session, who),
                reward_id,
                actor or self.actor,
                self.now,
                Taking(**taking),
            )
        )

    def use(
        self, code: str, request_id: str = "use-1", actor: Actor | None = None, **said: Any
    ) -> Used:
        """Use a voucher."""
        use = Use(request_id, **said)
        return self.run(
            lambda session: use_voucher(
                session, self.program, code, use, actor or self.actor, self.now
            )
        )

    def void(self, code: str) -> None:
        """Take a voucher back."""
        self.run(lambda session: void_voucher(session, self.program, code, "", BOSS, self.now))

    def pay(self, who: str, amount_minor: int, **said: Any) -> Paid:
        """Pay with credit."""
        payment = Payment(amount_minor, **said)
        return self.run(
            lambda session: pay_with_credit(
                session, self.program, self.member(session, who), payment, self.actor, self.now
            )
        )

    def refund_by_id(self, external_id: str, refund_id: str, amount: int | None) -> Refunded | None:
        """Refund a sale by the till's own id, whether or not it is here."""
        facts = RefundFacts(refund_id, amount_minor=amount)
        said = self.run(
            lambda session: refund_by_reference(
                session, self.program, ("till", external_id), facts, self.actor, self.now
            )
        )
        return said.refunded

    def settle(self) -> int:
        """Let the worker look again; returns how many sales it looked at."""
        jobs = {SETTLE_JOB: settle_sale_job, FOLLOW_JOB: follow_card_job}
        return run_jobs(self.database, jobs, lambda: self.now)

    def choose(self, who: str, charity: int | None) -> None:
        """Give to the charity at this place of the list from now on."""
        charity_id = (
            None if charity is None else public_id("chy", self.program.charities[charity].id)
        )
        self.run(
            lambda session: choose_charity(
                session, self.program, self.member(session, who), charity_id, self.now
            )
        )

    def pick(self, who: str, keys: Sequence[str]) -> None:
        """Choose perks."""
        ids = [public_id("rwd", self.called(key).id) for key in keys]
        self.run(
            lambda session: choose_perks(
                session, self.program, self.member(session, who), "perks", ids, self.now
            )
        )

    def open(self, who: str | None, key: str) -> Any:
        """What the reward hands over to this person."""
        reward_id = public_id("rwd", self.called(key).id)

        def work(session: Session) -> Any:
            member = self.member(session, who) if who else None
            return hand_over(session, self.program, member, reward_id, self.now)

        return self.run(work)

    def change(self, called: str, **changes: Any) -> None:
        """Edit a reward."""
        number = self.called(called).id
        self.run(lambda session: edit_reward(session, self.program.id, number, changes))
        self.fresh()

    def given(self, since: datetime | None = None, until: datetime | None = None) -> DonationTotals:
        """What was donated."""
        with self.database.reading() as session:
            return donation_totals(session, self.program, since, until)

    def stock(self, key: str) -> int | None:
        """What is left of a reward."""
        number = self.called(key).id
        with self.database.reading() as session:
            return stocks_of(session, [number])[number]

    def voucher(self, code: str) -> Voucher:
        """The voucher as it stands."""
        with self.database.reading() as session:
            return session.query(Voucher).filter_by(code=code).one()

    def redemption(self, redeemed: Redeemed) -> Redemption:
        """The redemption as it stands."""
        with self.database.reading() as session:
            return session.get_one(Redemption, redeemed.redemption.id)


def coffee(quantity: int = 1) -> dict[str, Any]:
    """A line of a sale that brings stamps."""
    return {
        "sku": "C1",
        "name": "Espresso",
        "category": "coffee",
        "quantity": quantity,
        "amount_minor": 200 * quantity,
    }


def open_bazaar(database: Database) -> Bazaar:
    """The shop on its first day."""
    return Bazaar(database, new_program(database, BAZAAR, NOW - timedelta(days=400)))
