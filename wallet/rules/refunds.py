"""Refunds: how much of what a sale gave goes back."""

from __future__ import annotations

from dataclasses import dataclass


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
