"""Amounts and quantities as people of each language write them."""

from __future__ import annotations

import pytest

from wallet.actions.load_demo import RULES
from wallet.rules.money import spell_money, to_decimal
from wallet.rules.ruleset import Ruleset, Unit
from wallet.rules.spell import spell_quantity

POINTS = Ruleset.model_validate(RULES).main_unit
CREDIT = Unit(
    key="credit", kind="credit", name={"fr": "Avoir"}, one={"fr": "avoir"}, many={"fr": "avoirs"}
)


@pytest.mark.parametrize(
    ("amount", "currency", "french", "english"),
    [
        (4000, "EUR", "40\u00a0€", "€40"),
        (4050, "EUR", "40,50\u00a0€", "€40.50"),
        (123456, "EUR", "1\u202f234,56\u00a0€", "€1,234.56"),
        (500, "JPY", "500\u00a0JPY", "¥500"),
        (1500, "TND", "1,500\u00a0TND", "TND1.500"),
    ],
)
def test_money_has_decimals_only_where_they_matter(
    amount: int, currency: str, french: str, english: str
) -> None:
    assert spell_money(amount, currency, "fr") == french
    assert spell_money(amount, currency, "en") == english


def test_minor_units_follow_the_currency() -> None:
    assert [str(to_decimal(1500, code)) for code in ("EUR", "JPY", "TND")] == [
        "15.00",
        "1500",
        "1.500",
    ]


@pytest.mark.parametrize(
    ("quantity", "french", "english"),
    [
        (0, "0\u00a0point", "0\u00a0points"),
        (1, "1\u00a0point", "1\u00a0point"),
        (-1, "-1\u00a0point", "-1\u00a0point"),
        (2, "2\u00a0points", "2\u00a0points"),
        (1240, "1\u202f240\u00a0points", "1,240\u00a0points"),
    ],
)
def test_the_word_after_a_number_agrees_with_it(quantity: int, french: str, english: str) -> None:
    assert spell_quantity(POINTS, quantity, "EUR", "fr") == french
    assert spell_quantity(POINTS, quantity, "EUR", "en") == english


def test_store_credit_is_money() -> None:
    assert spell_quantity(CREDIT, 450, "EUR", "fr") == "4,50\u00a0€"
