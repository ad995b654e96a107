"""Quantities of a unit in words: `1 240 points`, `1 stamp`, `€4.50`."""

from __future__ import annotations

from functools import lru_cache

from babel.numbers import format_decimal

from wallet.rules.money import spell_money
from wallet.rules.ruleset import Unit


@lru_cache(maxsize=4096)
def spell_number(number: int, language: str) -> str:
    """`1 240` in French, `1,240` in English."""
    return str(format_decimal(number, locale=language))


def unit_word(unit: Unit, quantity: int, language: str) -> str:
    """`point` or `points`: French keeps the singular for 0, English does not."""
    size = abs(quantity)
    words = unit.one if size == 1 or (size == 0 and language == "fr") else unit.many
    return words.get(language) or next(iter(words.values()))


def spell_quantity(unit: Unit, quantity: int, currency: str, language: str) -> str:
    """A number with its word; store credit is money."""
    if unit.kind == "credit":
        return spell_money(quantity, currency, language)
    return f"{spell_number(quantity, language)}\u00a0{unit_word(unit, quantity, language)}"
