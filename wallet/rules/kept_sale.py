"""What is left of a sale after its refunds: amounts, parts and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from wallet.rules.facts import Line, Sale
from wallet.rules.returned_items import give_back


def kept_sale(
    sale: Sale, refunded_minor: int, returned: Sequence[Sequence[Mapping[str, Any]]]
) -> Sale:
    """The sale without what was refunded. From the state, never from deltas.

    `returned` has the items of every refund. Lines that were given back leave by number; what was
    refunded by amount alone leaves every other line in proportion. The parts (tax, delivery …)
    shrink as the amount does. Whole cents are kept for the parts, exact fractions for the lines.
    """
    if not refunded_minor:
        return sale
    left = max(sale.amount_minor - refunded_minor, 0)
    if not left:
        return Sale(0, sale.currency, sale.channel)
    parts = {
        name: getattr(sale, name) * left // sale.amount_minor
        for name in ("tax_minor", "shipping_minor", "gift_card_minor", "credit_minor")
    }
    return replace(
        sale, amount_minor=left, lines=_lines_left(sale, refunded_minor, returned), **parts
    )


def _lines_left(
    sale: Sale, refunded_minor: int, returned: Sequence[Sequence[Mapping[str, Any]]]
) -> tuple[Line, ...]:
    lines = list(sale.lines)
    by_items = 0
    for items in returned:
        for item in items:
            taken, cost = give_back(lines, item)
            said = item.get("amount_minor")
            by_items += int(cost if said is None else said) if taken else 0
    by_amount = refunded_minor - by_items
    listed = sum((line.amount_minor for line in lines), start=0)
    if by_amount <= 0 or not lines:
        return tuple(lines)
    whole = max(listed, sale.amount_minor - by_items)
    share = max(1 - Fraction(by_amount) / whole, Fraction(0)) if whole else Fraction(1)
    return tuple(
        replace(line, quantity=line.quantity * share, amount_minor=line.amount_minor * share)
        for line in lines
    )
