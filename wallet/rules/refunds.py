"""Refunds: how much of what a sale gave goes back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Clawback:
    """Take `take` from the member now; `owed` more is paid by later earnings."""

    take: int
    owed: int


def to_take_back(earned: int, taken_back: int, should_have_earned: int) -> int:
    """What a refund takes: the difference between what the sale gave, less what earlier refunds
    took, and what the remaining sale would have given. From the state, never from deltas, so that
    the order and number of refunds do not matter."""
    return max(earned - taken_back - should_have_earned, 0)


def clawback(policy: str, wanted: int, held: int) -> Clawback:
    """Take `wanted` from a member who holds `held`, by the program's policy.

    `owed`: take what is there, the rest from later earnings. `negative`: take all, below zero if
    need be. `forgive`: take what is there.
    """
    there = min(wanted, max(held, 0))
    if policy == "negative":
        return Clawback(wanted, 0)
    return Clawback(there, wanted - there if policy == "owed" else 0)


def in_proportion(whole: int, part_minor: int, amount_minor: int) -> int:
    """The share of `whole` that belongs to a part of a sale, rounded down; all of it for the whole."""
    return whole * min(part_minor, amount_minor) // amount_minor


def credit_to_return(paid: int, returned: int, refunded_minor: int, amount_minor: int) -> int:
    """How much of the credit paid in a sale comes back now that so much of the sale was refunded."""
    return max(in_proportion(paid, refunded_minor, amount_minor) - returned, 0)


def donated_share(amount_minor: int, percent: Decimal) -> int:
    """What a sale gives to charity, in minor units, rounded down."""
    return int(Fraction(amount_minor) * Fraction(percent) / 100)
