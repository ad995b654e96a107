"""Money in words: what we put together ourselves is what Babel writes."""

from __future__ import annotations

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.money import exponent, spell_money, to_decimal

LANGUAGES = ("fr", "en", "de", "es", "pl", "ar", "hi", "fr_CH")
CURRENCIES = ("EUR", "USD", "JPY", "TND", "CHF")


@given(
    st.integers(-(10**12), 10**12) | st.integers(0, 4_000),
    st.sampled_from(CURRENCIES),
    st.sampled_from(LANGUAGES),
)
def test_amounts_are_written_as_babel_writes_them(
    amount_minor: int, currency: str, language: str
) -> None:
    value = to_decimal(amount_minor, currency)
    if amount_minor % 10 ** exponent(currency):
        expected = format_currency(value, currency, locale=language)
    else:
        pattern = "#,##0\u00a0¤" if language == "fr" else "¤#,##0"
        expected = format_currency(value, currency, pattern, locale=language, currency_digits=False)
    assert spell_money(amount_minor, currency, language) == expected


@pytest.mark.parametrize(
    ("amount_minor", "language", "expected"),
    [
        (4_000, "fr", "40\u00a0€"),
        (4_050, "fr", "40,50\u00a0€"),
        (123_456_789, "fr", "1\u202f234\u202f567,89\u00a0€"),
        (4_050, "en", "€40.50"),
        (123_456_700, "en", "€1,234,567"),
    ],
)
def test_the_two_languages_of_the_product(amount_minor: int, language: str, expected: str) -> None:
    assert spell_money(amount_minor, "EUR", language) == expected
