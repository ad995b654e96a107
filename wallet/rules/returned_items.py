"""Articles that come back: off which lines of a sale, and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from wallet.rules.facts import Line, Number, sale_lines

Item = Mapping[str, Any]


class ItemsProblem(ValueError):
    """Articles that cannot come back like that. `left`: how many of `sku` still can; None where the sale
    never had so many, or nobody said what they cost."""

    def __init__(self, sku: str, left: int | None = None) -> None:
        super().__init__(sku)
        self.sku = sku
        self.left = left


def give_back(lines: list[Line], item: Item) -> tuple[Number, Number]:
    """Take one returned article off the lines it is of, the first ones first; (how many, their share of
    what the lines cost). Without a quantity it is all of them."""
    sku, wanted = _sku(item), item.get("quantity")
    taken: Number = 0
    cost: Number = 0
    for place, line in enumerate(lines):
        if line.sku != sku or line.quantity <= 0:
            continue
        back = line.quantity if wanted is None else min(int(wanted) - taken, line.quantity)
        share = line.amount_minor * back // line.quantity
        lines[place] = replace(
            line, quantity=line.quantity - back, amount_minor=line.amount_minor - share
        )
        taken += back
        cost += share
    return taken, cost


def price_of_return(
    sold: Sequence[Item], earlier: Sequence[Sequence[Item]], items: Sequence[Item]
) -> int:
    """Minor units for `items` of what was `sold`, of which `earlier` refunds took some already.

    By their own amount, else by their share of what they cost: the last of several takes what rounding
    left. `ItemsProblem` for what the sale never had and for what came back before.
    """
    kept = list(sale_lines(sold))
    mine = list(kept)  # as if nothing had come back before
    money: Counter[str] = Counter()  # not given back yet, by article
    for line in kept:
        money[line.sku] += int(line.amount_minor)
    for item in chain.from_iterable(earlier):
        _, cost = give_back(kept, item)
        money[_sku(item)] -= _said(item, int(cost))
    unpriced = {_sku(item) for item in sold if item.get("amount_minor") is None}
    total = 0
    for item in items:
        sku = _sku(item)
        _check_quantity(mine, kept, item)
        give_back(mine, item)
        _, cost = give_back(kept, item)
        amount = _said(item, min(int(cost), max(money[sku], 0)))
        _check_amount(item, amount, None if sku in unpriced else money[sku])
        money[sku] -= amount
        total += amount
    return total


def _check_amount(item: Item, amount: int, left: int | None) -> None:
    """What is given back was paid; `left` is None where nobody said what the article cost."""
    is_guess = left is None and item.get("amount_minor") is None
    if is_guess or amount < 0 or (left is not None and amount > left):
        raise ItemsProblem(_sku(item))


def _check_quantity(mine: Sequence[Line], kept: Sequence[Line], item: Item) -> None:
    """The sale had so many, and they did not come back before."""
    sku, wanted = _sku(item), item.get("quantity")
    sold = sum(line.quantity for line in mine if line.sku == sku)
    left = sum(line.quantity for line in kept if line.sku == sku)
    if not sold or (wanted is not None and not 0 < int(wanted) <= sold):
        raise ItemsProblem(sku)
    if left < (1 if wanted is None else int(wanted)):
        raise ItemsProblem(sku, int(left))


def _sku(item: Item) -> str:
    return str(item.get("sku") or "")


def _said(item: Item, otherwise: int) -> int:
    amount = item.get("amount_minor")
    return otherwise if amount is None else int(amount)
