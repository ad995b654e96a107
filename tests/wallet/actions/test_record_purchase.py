"""A sale: once, checked, earned on, dated right, and counted for the tier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, SHOP, Cast, Counter, new_program, with_rules
from wallet.actions.load_demo import PROGRAM
from wallet.actions.record_purchase import CLOCK_SKEW_MAX, REPEAT_WINDOW, suspect_repeat
from wallet.db import Database
from wallet.errors import Refusal
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.tables.purchase import Purchase


def count_sales(cast: Cast) -> int:
    """Of the whole installation."""
    with cast.database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(Purchase)) or 0)


def test_a_sale_gives_points_and_says_why(cast: Cast) -> None:
    cast.actor = SHOP
    done = cast.buy("bruno", 4000, source="shop", channel="online")
    entry = done.entries[0]
    assert (entry.kind, entry.quantity, entry.balance_after, entry.channel) == (
        "accrual",
        40,
        40,
        "online",
    )
    assert entry.actor == SHOP.label
    assert entry.why[0]["text"]["en"] == "€40 at 1 point per €1"
    assert cast.balance("bruno").available == 40


def test_the_tier_before_the_sale_counts(cast: Cast) -> None:
    assert cast.buy("bruno", 60_000).entries[0].quantity == 600
    assert cast.buy("bruno", 1000).entries[0].quantity == 15
    assert cast.buy("ada", 1000).entries[0].quantity == 15


def test_a_sale_of_long_ago_no_longer_counts_for_the_tier(cast: Cast) -> None:
    cast.now = NOW - timedelta(days=100) + timedelta(days=365)
    assert cast.buy("ada", 1000).entries[0].quantity == 10


def test_a_sale_too_small_for_a_point_is_recorded_and_counts_as_spent(cast: Cast) -> None:
    for _ in range(2):
        assert cast.buy("bruno", 99).entries == []
    assert cast.balance("bruno").available == 0
    assert cast.view("bruno").standing.missing_minor == 25_000 - 2 * 99


def test_sent_again_a_sale_gets_its_first_answer(cast: Cast) -> None:
    first = cast.buy("bruno", 4000, external_id="42")
    cast.later(days=3)
    again = cast.buy("bruno", 4000, external_id="42")
    assert (first.repeated, again.repeated) == (False, True)
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]
    assert cast.balance("bruno").available == 40


def test_one_id_with_other_facts_is_refused(cast: Cast) -> None:
    items: list[dict[str, Any]] = [{"sku": "a", "quantity": 1}]
    cast.buy("bruno", 4000, external_id="42", items=items)
    before = count_sales(cast)
    for who, amount, said in (
        ("bruno", 4001, {"items": items}),
        ("ada", 4000, {"items": items}),
        ("bruno", 4000, {"items": items, "channel": "online"}),
        ("bruno", 4000, {"items": []}),
        ("bruno", 4000, {"items": items, "occurred_at": NOW}),
    ):
        with pytest.raises(Refusal, match="purchase_exists"):
            cast.buy(who, amount, external_id="42", **said)
    assert count_sales(cast) == before


def test_the_same_id_from_another_source_or_brand_is_another_sale(cast: Cast) -> None:
    cast.buy("bruno", 4000, external_id="42")
    assert not cast.buy("bruno", 4000, external_id="42", source="shop").repeated
    assert not cast.other.buy("fatou", 4000, external_id="42").repeated


def test_a_sale_that_cannot_be_changes_nothing(cast: Cast) -> None:
    before = count_sales(cast)
    cases: list[tuple[str, int, dict[str, Any]]] = [
        ("amount_invalid", 0, {}),
        ("amount_invalid", -4000, {}),
        ("amount_invalid", -(2**63), {}),
        ("amount_too_large", AMOUNT_MINOR_MAX + 1, {}),
        ("amount_too_large", 2**63, {}),
        ("amount_too_large", 10**400, {}),
        ("currency_mismatch", 4000, {"currency": "USD"}),
        ("currency_mismatch", 4000, {"currency": "eur"}),
        ("currency_mismatch", 4000, {"currency": ""}),
        ("body_invalid", 4000, {"channel": "fax"}),
        ("body_invalid", 4000, {"external_id": ""}),
        ("body_invalid", 4000, {"external_id": "\x00"}),
        ("body_invalid", 4000, {"external_id": "a\ud800"}),
        ("body_invalid", 4000, {"external_id": "x" * 10_000}),
        ("body_invalid", 4000, {"source": "\x00"}),
        ("body_invalid", 4000, {"source": ""}),
        ("body_invalid", 4000, {"items": [{"name": "\x00"}]}),
        ("body_invalid", 4000, {"items": [{"name": "a\udfff"}]}),
        ("body_invalid", 4000, {"items": [{"name": "x" * 500_000}]}),
        ("purchase_in_future", 4000, {"occurred_at": NOW + CLOCK_SKEW_MAX * 2}),
    ]
    for code, amount, said in cases:
        with pytest.raises(Refusal) as refused:
            cast.buy("bruno", amount, **said)
        assert refused.value.code == code, said
    assert count_sales(cast) == before
    assert cast.balance("bruno").available == 0


def test_the_largest_sale_is_taken_and_capped(cast: Cast) -> None:
    assert cast.buy("bruno", AMOUNT_MINOR_MAX).entries[0].quantity == 1_000_000


def test_a_closed_membership_earns_nothing(cast: Cast) -> None:
    with pytest.raises(Refusal, match="member_closed"):
        cast.buy("chloe")


def test_a_clock_that_runs_a_little_ahead_is_set_right(cast: Cast) -> None:
    done = cast.buy("bruno", occurred_at=NOW + CLOCK_SKEW_MAX)
    assert done.purchase.occurred_at == NOW
    with pytest.raises(Refusal, match="purchase_in_future"):
        cast.buy("bruno", occurred_at=NOW + CLOCK_SKEW_MAX + timedelta(microseconds=1))


def test_a_sale_sent_late_is_dated_when_it_happened(cast: Cast) -> None:
    earlier = NOW - timedelta(days=3)
    entry = cast.buy("bruno", occurred_at=earlier).entries[0]
    assert (entry.occurred_at, entry.recorded_at) == (earlier, NOW)


def test_the_same_amount_within_a_minute_is_asked_about(cast: Cast) -> None:
    cast.buy("bruno", 4000)

    def tap_again(amount: int) -> None:
        cast.run(
            lambda session: suspect_repeat(session, cast.member(session, "bruno"), amount, cast.now)
        )

    with pytest.raises(Refusal, match="repeat_suspected"):
        tap_again(4000)
    tap_again(4001)
    cast.now += REPEAT_WINDOW
    tap_again(4000)


def test_points_of_a_young_sale_wait_and_then_may_be_spent(database: Database) -> None:
    rules = with_rules(PROGRAM, "patient", pending_days=14, expiry_months=1)
    counter = Counter(database, new_program(database, rules))
    counter.enrol("ada")
    counter.buy("ada", 4000)
    held = counter.balance("ada")
    assert (held.available, held.pending) == (0, 40)
    with pytest.raises(Refusal, match="insufficient_balance"):
        counter.redeem("ada", 30)
    counter.later(days=14)
    assert counter.balance("ada").available == 40
    counter.redeem("ada", 30)
    counter.now = NOW.replace(month=4, day=14, hour=21, minute=59)  # 23:59 in Paris
    assert counter.balance("ada").available == 10
    counter.now = NOW.replace(month=4, day=14, hour=22, minute=0)
    assert counter.balance("ada").available == 0
    assert counter.audit().findings == []
