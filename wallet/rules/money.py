"""Money: integers of minor units and an ISO 4217 code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

AMOUNT_MINOR_MAX = 100_000_000  # a million euros in one sale is a slip of the keyboard
AMOUNTS_KEPT = 4096  # as words: a shop has some hundred prices, and says each in several sentences


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Decimals of the currency: EUR 2, JPY 0, TND 3."""
    return int(get_currency_precision(currency))


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """4000 EUR → Decimal('40.00')."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


@lru_cache(maxsize=AMOUNTS_KEPT)
def spell_money(amount_minor: int, currency: str, language: str) -> str:
    """`40 €` or `40,50 €` in French, `€40` or `€40.50` in English: decimals only where they matter."""
    whole, rest = divmod(amount_minor, 10 ** exponent(currency))
    form = _form(currency, language, is_whole=not rest)
    if form is None or amount_minor < 0:
        return _by_babel(amount_minor, currency, language)
    digits = f"{whole:,}" if form.group == "," else f"{whole:,}".replace(",", form.group)
    if rest:
        digits += f"{form.point}{rest:0{exponent(currency)}}"
    return f"{form.before}{digits}{form.after}"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a language writes amounts of a currency: what stands round the digits and between them."""

    before: str
    group: str
    point: str
    after: str


_SAMPLE = re.compile(r"(\D*)1(?P<group>\D+)234(?P=group)567(?:(\D+)8\d*)?(\D*)", re.ASCII)


@lru_cache(maxsize=1024)
def _form(currency: str, language: str, *, is_whole: bool) -> _Form | None:
    """Read off what Babel writes, which takes many times as long for each amount as putting the
    digits in; None where it is not that simple."""
    one = 10 ** exponent(currency)
    rest = 0 if is_whole else one * 8 // 10
    found = _SAMPLE.fullmatch(_by_babel(1_234_567 * one + rest, currency, language))
    if found is None:
        return None
    before, group, point, after = found.groups()
    # Some write 1234 without a separator, or the sign of a currency otherwise beside one digit.
    digits = {1: "1", 1_234: f"1{group}234"}
    for number, written in digits.items():
        decimals = f"{point}{rest:0{exponent(currency)}}" if rest else ""
        if (
            _by_babel(number * one + rest, currency, language)
            != f"{before}{written}{decimals}{after}"
        ):
            return None
    return _Form(before, group, point or "", after)


def _by_babel(amount_minor: int, currency: str, language: str) -> str:
    value = to_decimal(amount_minor, currency)
    if value == value.to_integral_value():
        pattern = "#,##0\u00a0¤" if language == "fr" else "¤#,##0"
        return str(
            format_currency(value, currency, pattern, locale=language, currency_digits=False)
        )
    return str(format_currency(value, currency, locale=language))
