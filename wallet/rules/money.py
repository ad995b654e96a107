"""Money: integers of minor units and an ISO 4217 code."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

AMOUNT_MINOR_MAX = 100_000_000  # a million euros in one sale is a slip of the keyboard


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Decimals of the currency: EUR 2, JPY 0, TND 3."""
    return int(get_currency_precision(currency))


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """4000 EUR → Decimal('40.00')."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


@lru_cache(maxsize=4096)
def spell_money(amount_minor: int, currency: str, language: str) -> str:
    """`40 €` or `40,50 €` in French, `€40` or `€40.50` in English: decimals only where they matter."""
    value = to_decimal(amount_minor, currency)
    if value == value.to_integral_value():
        pattern = "#,##0\u00a0¤" if language == "fr" else "¤#,##0"
        return format_currency(value, currency, pattern, locale=language, currency_digits=False)
    return format_currency(value, currency, locale=language)
