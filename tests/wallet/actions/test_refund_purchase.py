"""Refunds: the sale gives what its remaining amount would have given, however one gets there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import Cast, Counter, new_program, stamps_too, with_rules
from wallet.actions.load_demo import PROGRAM
from wallet.actions.lock_sale import lock_sale
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.record_purchase import Recorded
from wallet.db import Database
from wallet.errors import Refusal
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.tables.program import Program, RuleVersion
from wallet.tables.purchase import Purchase

ITEMS = (
    {"sku": "beans", "name": "Grains", "quantity": 3, "amount_minor": 3000},
    {"sku": "cup", "name": "Tasse", "quantity": 1, "amount_minor": 1000},
)


def refunded(cast: Counter, sale: Recorded) -> int:
    """What is marked as given back."""
    with cast.database.reading() as session:
        return session.get_one(Purchase, sale.purchase.id).refunded_minor


def test_part_of_a_sale_takes_its_part_of_the_points_back(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    done = cast.refund(sale, 1000)
    entry = done.entries[0]
    assert (entry.kind, entry.quantity, entry.balance_after) == ("refund", -10, 30)
    assert entry.why[0]["text"]["en"] == "Refund of €10"
    assert cast.balance("bruno").available == 30


def test_a_refund_without_an_amount_gives_back_all_that_is_left(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    cast.refund(sale, 1500)
    assert cast.refund(sale).refund.amount_minor == 2500
    assert cast.balance("bruno").available == 0
    with pytest.raises(Refusal, match="refund_too_large"):
        cast.refund(sale)


def test_an_amount_that_cannot_be_refunded_changes_nothing(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    for amount, code in (
        (0, "amount_invalid"),
        (-1, "amount_invalid"),
        (4001, "refund_too_large"),
        (AMOUNT_MINOR_MAX + 1, "refund_too_large"),
        (2**63, "refund_too_large"),
        (-(2**63), "amount_invalid"),
    ):
        with pytest.raises(Refusal, match=code):
            cast.refund(sale, amount)
    assert refunded(cast, sale) == 0
    assert cast.balance("bruno").available == 40


def test_the_same_refund_sent_again_gets_the_first_answer(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    first = cast.refund(sale, 1000, external_id="r1")
    other = cast.refund(sale, 500, external_id="r2")  # in the same instant
    again = cast.refund(sale, 1000, external_id="r1")
    assert again.repeated
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]
    assert [entry.id for entry in other.entries] != [entry.id for entry in first.entries]
    assert refunded(cast, sale) == 1500


def test_a_refund_id_with_other_facts_is_refused(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000, items=ITEMS)
    cast.refund(sale, 1000, external_id="r1")
    cast.refund(sale, items=[{"sku": "cup"}], external_id="r2")
    for facts in (
        {"amount_minor": 999, "external_id": "r1"},
        {"items": [{"sku": "beans", "quantity": 1}], "external_id": "r2"},
    ):
        with pytest.raises(Refusal, match="request_id_reused"):
            cast.refund(sale, **facts)


def test_a_refund_that_takes_nothing_is_still_written_down(cast: Cast) -> None:
    sale = cast.buy("bruno", 4050)
    assert cast.refund(sale, 50).entries == []
    assert refunded(cast, sale) == 50


def test_items_go_back_for_what_they_cost(cast: Cast) -> None:
    prices: list[tuple[list[dict[str, Any]], int]] = [
        ([{"sku": "cup"}], 1000),
        ([{"sku": "beans", "quantity": 1}], 1000),
        ([{"sku": "beans", "quantity": 2, "amount_minor": 1900}], 1900),
        ([{"sku": "beans"}, {"sku": "cup"}], 4000),
    ]
    for items, amount in prices:
        sale = cast.buy("bruno", 4000, items=ITEMS)
        assert cast.refund(sale, items=items).refund.amount_minor == amount


def test_items_that_were_not_sold_like_that_are_refused(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000, items=ITEMS)
    for items in (
        [{"sku": "tea"}],
        [{"name": "Grains"}],
        [{"sku": "beans", "quantity": 4}],
        [{"sku": "beans", "quantity": 0}],
        [{"sku": "beans", "quantity": -1}],
        [{"sku": "beans", "amount_minor": 3001}],
        [{"sku": "beans", "amount_minor": -500}],
        [{"sku": "beans"}, {"sku": "cup", "amount_minor": -500}],
        [{"sku": "cup"}, {"sku": "cup"}],
    ):
        with pytest.raises(Refusal, match="items_mismatch"):
            cast.refund(sale, items=items)
    assert refunded(cast, sale) == 0


def test_an_item_comes_back_once(cast: Cast) -> None:
    """Whether all of it or one by one: the rest of the sale does not pay for it."""
    sale = cast.buy("bruno", 4000, items=({**ITEMS[0], "amount_minor": 1000}, {"sku": "else"}))
    thirds = [cast.refund(sale, items=[{"sku": "beans", "quantity": 1}]) for _ in range(3)]
    assert [done.refund.amount_minor for done in thirds] == [333, 333, 334]
    for quantity in ({}, {"quantity": 1}):
        with pytest.raises(Refusal, match="items_returned") as refusal:
            cast.refund(sale, items=[{"sku": "beans", **quantity}])
        assert refusal.value.facts == {"sku": "beans", "left": 0}
    assert refunded(cast, sale) == 1000
    assert cast.balance("bruno").available == 30


def test_an_item_on_two_lines_comes_back_from_both(cast: Cast) -> None:
    cup = {"sku": "cup", "quantity": 1, "amount_minor": 1000}
    sale = cast.buy("bruno", 3000, items=(cup, {**cup, "quantity": 2, "amount_minor": 2000}))
    assert cast.refund(sale, items=[{"sku": "cup", "quantity": 2}]).refund.amount_minor == 2000
    assert cast.refund(sale, items=[cup]).refund.amount_minor == 1000
    assert cast.balance("bruno").available == 0


def test_texts_that_cannot_be_kept_are_refused(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    cases: list[dict[str, Any]] = [
        *({"external_id": text} for text in ("", "\x00", "a\ud800", "x" * 10_000)),
        *({"reason": text} for text in ("\x00", "a\udfff", "x" * 10_000)),
        {"items": [{"sku": "\x00"}]},
        {"items": [{"sku": "a\ud800"}]},
    ]
    for said in cases:
        with pytest.raises(Refusal, match="body_invalid"):
            cast.refund(sale, **said)
    assert refunded(cast, sale) == 0


def test_every_order_of_partial_full_and_repeated_refunds_ends_in_one_state(
    database: Database,
) -> None:
    """Bought twice, took a reward, gave the first sale back in parts, each sent twice."""
    program = with_rules(PROGRAM, "orders", clawback="owed")
    counter = Counter(database, new_program(database, program))
    ends = set()
    for number, order in enumerate(permutations(("half", "rest", "more", "reward"))):
        who = f"m{number}"
        counter.enrol(who)
        sale = counter.buy(who, 6000, external_id=f"{who}-first")
        for step in order:
            if step == "more":
                counter.buy(who, 5000, external_id=f"{who}-second")
            elif step == "reward":
                try:
                    counter.redeem(who, 60)
                except Refusal:
                    continue  # given back before: then the reward is out of reach
            else:
                amount = {"half": 2550, "rest": 6000 - 2550}[step]
                sent = [counter.refund(sale, amount, external_id=step) for _ in range(2)]
                assert [refund.repeated for refund in sent] == [False, True]
        held = counter.balance(who)
        had_reward = held.available - held.owed == 50 - 60
        ends.add((held.available - held.owed, held.pending, had_reward))
    # What is held less what is owed depends on nothing but whether the reward was taken.
    assert ends == {(50, 0, False), (-10, 0, True)}
    assert counter.audit().findings == []


def test_a_refund_counts_with_the_rules_and_the_tier_of_its_sale(cast: Cast) -> None:
    sale = cast.buy("ada", 10_000)  # gold: 150 points
    assert sale.entries[0].quantity == 150

    def publish(session: Session) -> ProgramView:
        program = session.get_one(Program, cast.program.id)
        rules = {**PROGRAM.rules, "earning": [{**PROGRAM.rules["earning"][0], "quantity": 5}]}
        session.add(
            RuleVersion(
                program_id=program.id,
                version=2,
                rules=rules,
                published_at=cast.now,
                published_by="staff:1",
            )
        )
        program.revision += 1
        session.flush()
        return program_view(session, program.id)

    cast.program = cast.run(publish)
    assert cast.buy("bruno", 1000).entries[0].quantity == 50
    assert cast.refund(sale, 5000).entries[0].quantity == -75
    assert cast.refund(sale).entries[0].quantity == -75


def test_every_unit_that_a_sale_gave_goes_back(database: Database) -> None:
    program = with_rules(PROGRAM, "two", **stamps_too(PROGRAM.rules))
    counter = Counter(database, new_program(database, program))
    counter.enrol("ada")
    sale = counter.buy("ada", 4000, channel="online")
    assert {entry.unit: entry.quantity for entry in sale.entries} == {"points": 40, "stamps": 4}
    counter.refund(sale, 1001)
    assert counter.balance("ada", "points").available == 29
    assert counter.balance("ada", "stamps").available == 2
    assert counter.audit().findings == []


class TestSpentPoints:
    """The points of the sale were used before the goods came back."""

    @pytest.fixture
    def make(self, database: Database) -> Iterator[Any]:
        made: list[Counter] = []

        def counter(policy: str) -> Counter:
            program = with_rules(PROGRAM, policy, clawback=policy)
            made.append(Counter(database, new_program(database, program)))
            made[-1].enrol("ada")
            return made[-1]

        yield counter
        assert made[-1].audit().findings == []

    def test_owed_points_are_paid_by_later_earnings_and_the_card_says_so(self, make: Any) -> None:
        counter = make("owed")
        sale = counter.buy("ada", 10_000)
        counter.redeem("ada", 60)
        entry = counter.refund(sale).entries[0]
        assert (entry.quantity, entry.balance_after, entry.owed_after) == (-40, 0, 60)
        assert "60 were already used" in entry.why[0]["text"]["en"]
        more = counter.buy("ada", 5000)
        assert counter.balance("ada").owed == 10
        assert counter.balance("ada").available == 0
        assert more.entries[0].quantity == 50  # the sale gave what it gave; the recovery is apart
        counter.buy("ada", 5000)
        assert counter.balance("ada").owed == 0
        assert counter.balance("ada").available == 40

    def test_a_balance_may_fall_below_zero_where_the_program_says_so(self, make: Any) -> None:
        counter = make("negative")
        sale = counter.buy("ada", 10_000)
        counter.redeem("ada", 60)
        assert counter.refund(sale).entries[0].quantity == -100
        assert counter.balance("ada").available == -60
        counter.buy("ada", 10_000)
        assert counter.balance("ada").available == 40
        with pytest.raises(Refusal, match="insufficient_balance"):
            counter.redeem("ada", 60)

    def test_a_generous_program_takes_only_what_is_there(self, make: Any) -> None:
        counter = make("forgive")
        sale = counter.buy("ada", 10_000)
        counter.redeem("ada", 60)
        entry = counter.refund(sale).entries[0]
        assert (entry.quantity, entry.owed_after) == (-40, 0)
        assert "left to the member" in entry.why[0]["text"]["en"]
        counter.buy("ada", 5000)
        assert counter.balance("ada").available == 50

    def test_refunds_of_more_never_ask_the_same_points_back_twice(self, make: Any) -> None:
        counter = make("owed")
        sale = counter.buy("ada", 10_000)
        counter.redeem("ada", 100)
        for _ in range(4):
            counter.refund(sale, 2500)
        assert counter.balance("ada").owed == 100


def test_a_refund_of_the_other_brands_sale_does_not_exist_here(cast: Cast) -> None:
    stranger = cast.other.buy("fatou").purchase.id
    assert cast.run(lambda session: lock_sale(session, cast.program, stranger)) is None
