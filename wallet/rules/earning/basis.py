"""Which part of a sale earns, and how much of it each line stands for."""

from __future__ import annotations

from fractions import Fraction

from wallet.rules.facts import Line, Number, Sale
from wallet.rules.rule_parts import Basis
from wallet.rules.terms import Match


def excluded(basis: Basis, sale: Sale) -> list[tuple[str, int]]:
    """(part, minor units) of what does not earn, without those that are zero."""
    parts = (
        ("tax", sale.tax_minor, basis.tax),
        ("shipping", sale.shipping_minor, basis.shipping),
        ("gift_cards", sale.gift_card_minor, basis.gift_cards),
        ("credit", sale.credit_minor, basis.paid_with_credit),
    )
    return [(name, amount) for name, amount, earns in parts if amount and not earns]


def eligible_minor(basis: Basis, sale: Sale) -> int:
    """What of the sale earns."""
    if not (sale.tax_minor or sale.shipping_minor or sale.gift_card_minor or sale.credit_minor):
        return sale.amount_minor
    out = sum(amount for _, amount in excluded(basis, sale))
    return max(sale.amount_minor - out, 0)


def line_amounts(basis: Basis, sale: Sale) -> list[Number]:
    """What of each line earns.

    Lines are goods with their taxes and before discounts on the whole basket; delivery is never
    among them. So a line earns its share of what the goods earn: exactly its amount where nothing
    was taken off.
    """
    listed = sum((line.amount_minor for line in sale.lines), start=0)
    if not listed:
        return [0] * len(sale.lines)
    goods = sale.amount_minor - sale.shipping_minor
    out = sum(amount for name, amount in excluded(basis, sale) if name != "shipping")
    earning = max(goods - out, 0)
    whole = max(listed, goods)
    if earning == whole:
        return [line.amount_minor for line in sale.lines]
    share = Fraction(earning) / whole
    return [line.amount_minor * share for line in sale.lines]


def matches(match: Match | None, line: Line) -> bool:
    """Whether the match names the line; no match names every line."""
    if match is None:
        return True
    if match.skus is not None and line.sku in match.skus:
        return True
    return match.categories is not None and line.category in match.categories
