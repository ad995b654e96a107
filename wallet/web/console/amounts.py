"""Numbers as people type them into the console's forms."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from babel.numbers import format_percent

from wallet.actions.program_view import ProgramView
from wallet.rules.money import exponent
from wallet.web.locale import current_language

TYPED_MAX = 20  # characters
_SPACES = re.compile(r"[\s\u00a0\u202f']")


def minor_amount(currency: str, text: str) -> int | None:
    """`12,50` or `12.5` in minor units; None when it is no amount or has too many decimals."""
    bare = _SPACES.sub("", text).replace(",", ".")
    if not bare or len(bare) > TYPED_MAX or not re.fullmatch(r"-?\d+(\.\d+)?", bare):
        return None
    try:
        scaled = Decimal(bare).scaleb(exponent(currency))
    except InvalidOperation:
        return None
    return int(scaled) if scaled == scaled.to_integral_value() else None


def count_typed(text: str) -> int | None:
    """A whole number, perhaps grouped; None when it is none."""
    bare = _SPACES.sub("", text)
    return int(bare) if re.fullmatch(r"-?\d{1,12}", bare) and bare.isascii() else None


def tags_typed(text: str) -> list[str]:
    """`Press, VIP` as the tags `press` and `vip`; whether they can be tags is not asked here."""
    return [word.lower() for word in re.split(r"[\s,;]+", text) if word]


def whole_number(program: ProgramView, unit: str, text: str) -> int | None:
    """A quantity of this unit: money is typed as money."""
    kinds = {each.key: each.kind for each in program.ruleset.units}
    return quantity_typed(program, kinds.get(unit, ""), text)


def quantity_typed(program: ProgramView, kind: str, text: str) -> int | None:
    """The same by the kind of the unit."""
    return minor_amount(program.currency, text) if kind == "credit" else count_typed(text)


def spell_share(share: Fraction | float) -> str:
    """0.125 → `12.5%` in the language of the reader."""
    language = current_language()
    form = "#,##0.#\u202f%" if language == "fr" else "#,##0.#%"
    return str(format_percent(float(share), form, locale=language))
