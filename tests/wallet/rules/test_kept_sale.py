"""What is left of a sale: refunds by amount, by item, several of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.rulebook import awarded, line, rule, rules, sale
from wallet.rules.kept_sale import kept_sale
from wallet.rules.returned_items import ItemsProblem, price_of_return

BASKET = sale(5500, line("beans", 2200, "coffee", 2), line("mug", 3300), tax_minor=1000)
CUPS = rules(rule("cups", "per_item", unit="stamps", match={"categories": ["coffee"]}))


def test_nothing_refunded_is_the_sale_itself() -> None:
    assert kept_sale(BASKET, 0, []) is BASKET


def test_all_of_it_refunded_leaves_nothing() -> None:
    left = kept_sale(BASKET, 5500, [[]])
    assert (left.amount_minor, left.tax_minor, left.lines) == (0, 0, ())


def test_a_returned_item_leaves_by_number() -> None:
    left = kept_sale(BASKET, 1100, [[{"sku": "beans", "quantity": 1}]])
    assert left.amount_minor == 4400
    assert (left.lines[0].quantity, left.lines[0].amount_minor) == (1, 1100)
    assert left.lines[1] == BASKET.lines[1]
    assert left.tax_minor == 800
    assert awarded(CUPS, left) == {"stamps": 1}


def test_an_article_on_two_lines_leaves_both() -> None:
    twice = sale(3000, line("beans", 1000, "coffee", 1), line("beans", 2000, "coffee", 2))
    left = kept_sale(twice, 2000, [[{"sku": "beans", "quantity": 2}]])
    assert [(part.quantity, part.amount_minor) for part in left.lines] == [(0, 0), (1, 1000)]
    assert awarded(CUPS, left) == {"stamps": 1}
    assert awarded(CUPS, kept_sale(twice, 2999, [[{"sku": "beans"}]])) == {}


def test_an_item_without_a_quantity_is_its_whole_line() -> None:
    left = kept_sale(BASKET, 2200, [[{"sku": "beans"}]])
    assert left.lines[0].quantity == 0
    assert awarded(CUPS, left) == {}


def test_a_refund_by_amount_shrinks_every_line() -> None:
    left = kept_sale(BASKET, 2750, [[]])
    assert [part.amount_minor for part in left.lines] == [Fraction(1100), Fraction(1650)]
    assert awarded(CUPS, left) == {"stamps": 1}


def test_a_gesture_of_some_cents_takes_no_stamp() -> None:
    assert awarded(CUPS, kept_sale(BASKET, 50, [[]])) == {"stamps": 2}


def test_items_and_amounts_add_up_whatever_comes_first() -> None:
    item = [{"sku": "mug", "quantity": 1}]
    assert kept_sale(BASKET, 4400, [item, []]) == kept_sale(BASKET, 4400, [[], item])


def test_an_item_that_is_not_of_the_sale_is_money() -> None:
    left = kept_sale(BASKET, 2750, [[{"sku": "ghost", "quantity": 1, "amount_minor": 2750}]])
    assert [part.amount_minor for part in left.lines] == [Fraction(1100), Fraction(1650)]


@given(st.integers(1, 5500), st.integers(0, 2), st.integers(0, 1))
def test_what_is_left_never_grows_nor_goes_below_nothing(
    refunded: int, beans: int, mugs: int
) -> None:
    items = [
        {"sku": sku, "quantity": number}
        for sku, number in (("beans", beans), ("mug", mugs))
        if number
    ]
    by_items = 1100 * beans + 3300 * mugs
    left = kept_sale(BASKET, max(refunded, by_items), [items])
    for before, after in zip(BASKET.lines, left.lines, strict=False):
        assert 0 <= after.amount_minor <= before.amount_minor
        assert 0 <= after.quantity <= before.quantity
    assert 0 <= left.tax_minor <= BASKET.tax_minor


SOLD = (
    {"sku": "beans", "quantity": 1, "amount_minor": 1001},
    {"sku": "beans", "quantity": 6, "amount_minor": 4000},
    {"sku": "mug", "amount_minor": 3300},
)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=7))
def test_whatever_comes_back_bit_by_bit_was_paid_once_and_to_the_cent(parts: list[int]) -> None:
    earlier: list[list[dict[str, object]]] = []
    paid, left = 0, 7
    for part in parts:
        items: list[dict[str, object]] = [{"sku": "beans", "quantity": part}]
        if part > left:
            with pytest.raises(ItemsProblem) as problem:
                price_of_return(SOLD, earlier, items)
            assert (problem.value.sku, problem.value.left) == ("beans", left)
            continue
        paid, left = paid + price_of_return(SOLD, earlier, items), left - part
        earlier.append(items)
    if left:
        paid += price_of_return(SOLD, earlier, [{"sku": "beans"}])
    assert paid == 5001


def test_more_money_than_a_line_cost_does_not_come_back_in_parts() -> None:
    first = [{"sku": "mug", "quantity": 1, "amount_minor": 3000}]
    assert price_of_return(SOLD, [], first) == 3000
    high = [{"sku": "beans", "quantity": 1, "amount_minor": 5000}]
    assert price_of_return(SOLD, [high], [{"sku": "beans"}]) == 1
