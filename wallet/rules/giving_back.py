"""Giving back what was spent: to the lots it came from, or to a fresh one where their time is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from wallet.rules.lots import Draw, OpenLot, expiry_order
from wallet.rules.redemption import RETURN_LIFE


@dataclass(frozen=True, slots=True)
class Returned:
    """Where it goes: back to old lots (negative draws), and `fresh` until `fresh_ends_at`."""

    draws: list[Draw]
    fresh: int
    fresh_ends_at: datetime


def giving_back(
    drawn: Iterable[OpenLot],
    now: datetime,
    *,
    quantity: int,
    returned_before: int = 0,
    swallowed: int = 0,
) -> Returned:
    """Give back `quantity` of what a spending drew (`drawn`: `remaining` is what it took of each).

    The lots that live longest are given back first, so that returning in parts ends where returning
    at once does; `returned_before` says how much went back already. What stands below zero swallows
    its part (`swallowed`), from those that expire first.
    """
    parts = sorted(_part(drawn, returned_before, quantity), key=expiry_order)
    draws, fresh = [], 0
    for lot in parts:
        kept = min(swallowed, lot.remaining)
        swallowed -= kept
        back = lot.remaining - kept
        if not back:
            continue
        if lot.expires_at is not None and lot.expires_at <= now:
            fresh += back
        else:
            draws.append(Draw(lot.id, -back))
    return Returned(draws, fresh, now + RETURN_LIFE)


def _part(drawn: Iterable[OpenLot], skip: int, quantity: int) -> Iterator[OpenLot]:
    for lot in sorted(drawn, key=expiry_order, reverse=True):
        passed = min(skip, lot.remaining)
        skip -= passed
        taken = min(quantity, lot.remaining - passed)
        quantity -= taken
        if taken:
            yield OpenLot(lot.id, taken, lot.available_at, lot.expires_at)
