"""D1: refunds take points back and give spent ones back. Whatever the order of events, and however
often each is sent, one and the same state comes out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest

from tests.factories import new_program, with_rules
from tests.wallet.acceptance.bazaar import BAZAAR, Bazaar, coffee
from wallet.errors import Refusal
from wallet.tables.member import lock_member
from wallet.tables.purchase import Purchase, purchase_from

SALE = ("till", "T-1")
SHARES = 4  # parts in which all orders are told: each is quick, and they can run side by side


@dataclass
class Story:
    """One sale of 40 euros, told in some order: a reward, credit and a voucher go with it."""

    bazaar: Bazaar
    who: str
    number: str
    voucher: str
    done: set[str] = field(default_factory=set)

    @property
    def sale(self) -> tuple[str, str]:
        return ("till", self.number)

    def tell(self, event: str) -> None:
        """One event. What the sale no longer allows is refused, and that is part of the story."""
        verbs: dict[str, Callable[[], Any]] = {
            "purchase": lambda: self.bazaar.buy(
                self.who, 4_000, external_id=self.number, items=[coffee(3)]
            ),
            "redeem": self._redeem,
            "pay": lambda: self.bazaar.pay(self.who, 1_000, bill_minor=4_000, sale=self.sale),
            "use": lambda: self.bazaar.use(self.voucher, f"use-{self.number}", sale=self.sale),
            "part refund": lambda: self.bazaar.refund_by_id(self.number, "part", 1_000),
            "full refund": lambda: self.bazaar.refund_by_id(self.number, "full", None),
            "cancel": lambda: self.bazaar.refund_by_id(self.number, "cancel", None),
        }
        with suppress(Refusal):
            verbs[event]()

    def _redeem(self) -> None:
        """Doors do it once for each request id; so does the story."""
        if "redeem" not in self.done:
            self.bazaar.take(self.who, "pastry", sale=self.sale)
            self.done.add("redeem")

    def state(self) -> dict[str, Any]:
        """What is left when all is told."""
        held = {
            unit: self.bazaar.balance(self.who, unit) for unit in ("points", "stamps", "credit")
        }
        with self.bazaar.database.reading() as session:
            purchase = purchase_from(session, self.bazaar.program.id, *self.sale)
            refunded = purchase.refunded_minor if purchase else None
        view = self.bazaar.view(self.who)
        return {
            "held": held,
            "refunded": refunded,
            "tier": view.standing.tier_key,
            "vouchers": [voucher.code == self.voucher for voucher in view.vouchers],
            "stock": self.bazaar.stock("pastry"),
            "given": self.bazaar.given().total_minor,
        }


def begin(bazaar: Bazaar, number: int) -> Story:
    """A new member with 600 points, 30 euros of credit and a voucher."""
    who = f"member{number}"
    bazaar.rich(who)
    taken = bazaar.take(who, "delivery")
    assert taken.voucher is not None
    return Story(bazaar, who, f"T-{number}", taken.voucher.code)


def shop_with(bazaar: Bazaar, policy: str) -> Bazaar:
    """The shop under this policy for spent points."""
    program = with_rules(BAZAAR, "policy", clawback=policy, donation=None)
    bazaar.program = new_program(bazaar.database, program)
    return bazaar


def stories(events: tuple[str, ...], share: int) -> list[tuple[str, ...]]:
    """Every order of events, each with something sent twice; one of SHARES parts of them all."""
    told = []
    for number, order in enumerate(permutations(events)):
        twice = order[number % len(order)]
        told.append((*order, twice))
    return told[share::SHARES]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize(
    ("policy", "events"),
    [
        ("owed", ("purchase", "redeem", "part refund", "full refund", "cancel")),
        ("owed", ("purchase", "redeem", "pay", "use", "full refund")),
        ("negative", ("purchase", "redeem", "pay", "cancel")),
        ("negative", ("purchase", "use", "part refund", "full refund")),
    ],
)
def test_d01_every_order_of_events_ends_where_nothing_was_bought(
    bazaar: Bazaar, policy: str, events: tuple[str, ...], share: int
) -> None:
    shop = shop_with(bazaar, policy)
    expected: dict[str, Any] | None = None
    for number, order in enumerate(stories(events, share)):
        story = begin(shop, number)
        if expected is None:
            expected = {**story.state(), "refunded": 4_000}
        for event in order:
            story.tell(event)
        assert story.state() == expected, order
    assert shop.audit().findings == []


@pytest.mark.parametrize("share", range(SHARES))
def test_d01_every_order_of_a_part_refund_ends_in_one_state(bazaar: Bazaar, share: int) -> None:
    shop, events = shop_with(bazaar, "owed"), ("purchase", "redeem", "pay", "use", "part refund")
    expected: dict[str, Any] | None = None
    for number, order in enumerate(stories(events, share)):
        shop.change("pastry", stock=3)
        story = begin(shop, number)
        for event in order:
            story.tell(event)
        state = story.state()
        expected = expected or state
        assert state == expected, order
    assert expected is not None
    assert expected["held"]["points"].available == 600 - 40 - 30 + 22  # (4000 - 1000) × 3/4 earn
    assert expected["held"]["credit"].available == 3_000 - 1_000 + 250 + 112
    assert (expected["refunded"], expected["stock"], expected["vouchers"]) == (1_000, 2, [])


def test_d01_a_refund_gives_the_spent_reward_back_before_it_takes_points(bazaar: Bazaar) -> None:
    """Forgiving what was spent must not make points out of nothing."""
    program = with_rules(BAZAAR, "kind", clawback="forgive")
    bazaar.program = new_program(bazaar.database, program)
    bazaar.enrol("ada")
    sale = bazaar.buy("ada", 4_000, external_id="T-1")
    bazaar.take("ada", "pastry", sale=SALE)
    bazaar.refund(sale)
    assert bazaar.balance("ada").available == 0


def test_d01_expired_points_come_back_for_another_month(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.later(days=725)
    taken = bazaar.take("ada", "off", sale=SALE)
    bazaar.later(days=30)
    sale = bazaar.buy("ada", 4_000, external_id="T-1")
    bazaar.refund(sale)
    assert bazaar.redemption(taken).status == "reversed"
    assert bazaar.balance("ada").available == 50
    bazaar.later(days=30)
    assert bazaar.balance("ada").available == 0


def test_d01_a_voucher_whose_sale_came_back_can_be_used_again_for_a_month(bazaar: Bazaar) -> None:
    bazaar.rich()
    taken = bazaar.take("ada", "tenpercent")
    assert taken.voucher is not None
    sale = bazaar.buy("ada", 4_000, external_id="T-1")
    bazaar.use(taken.voucher.code, "one", sale=SALE)
    bazaar.later(days=40)
    bazaar.refund(sale)
    assert bazaar.redemption(taken).status == "issued"
    bazaar.later(days=29)
    bazaar.use(taken.voucher.code, "two")


def test_a_reward_in_a_sale_that_came_back_is_refused(bazaar: Bazaar) -> None:
    bazaar.rich()
    sale = bazaar.buy("ada", 4_000, external_id="T-1")
    bazaar.refund(sale)
    before = bazaar.balance("ada")
    with pytest.raises(Refusal, match="purchase_refunded"):
        bazaar.take("ada", "pastry", sale=SALE)
    assert (bazaar.balance("ada"), bazaar.stock("pastry")) == (before, 3)


def test_a_refund_may_arrive_before_its_sale(bazaar: Bazaar) -> None:
    bazaar.rich()
    assert bazaar.refund_by_id("T-1", "r-1", 1_000) is None
    assert bazaar.refund_by_id("T-1", "r-1", 1_000) is None
    with pytest.raises(Refusal, match="request_id_reused"):
        bazaar.refund_by_id("T-1", "r-1", 1_001)
    bazaar.buy("ada", 4_000, external_id="T-1")
    assert bazaar.balance("ada").available == 630
    again = bazaar.refund_by_id("T-1", "r-1", 1_000)
    assert again is not None
    assert again.repeated
    assert bazaar.balance("ada").available == 630


def test_a_wrong_refund_keeps_no_sale_out(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.refund_by_id("T-1", "r-1", 9_999)  # more than the sale: as far as it goes
    bazaar.refund_by_id("T-1", "r-2", 9_999)
    sale = bazaar.buy("ada", 4_000, external_id="T-1")
    with bazaar.database.reading() as session:
        assert session.get_one(Purchase, sale.purchase.id).refunded_minor == 4_000


def test_the_worker_settles_what_a_sale_and_a_notice_missed_of_each_other(bazaar: Bazaar) -> None:
    """Both were written at the same moment, and neither could see the other."""
    bazaar.rich()
    bazaar.refund_by_id("T-1", "r-1", 1_000)
    taken = bazaar.take("ada", "pastry", sale=SALE)
    sale = bazaar.buy("ada", 4_000, external_id="T-2")

    def rename(session: Any) -> None:
        lock_member(session, bazaar.member(session, "ada"))
        session.get_one(Purchase, sale.purchase.id).external_id = "T-1"

    bazaar.run(rename)
    bazaar.later(seconds=30)
    assert bazaar.settle() == 2
    assert bazaar.redemption(taken).purchase_id == sale.purchase.id
    assert bazaar.balance("ada").available == 600 - 30 + 30
