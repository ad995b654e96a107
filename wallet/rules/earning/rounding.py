"""The one rounding of an award, and its fair split among the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor

from wallet.rules.facts import Number

_ROUND: Mapping[str, Callable[[Number, int], int]] = {
    "down": lambda exact, scale: floor(exact // scale),
    "half_up": lambda exact, scale: floor((2 * exact + scale) // (2 * scale)),
    "up": lambda exact, scale: -floor(-exact // scale),
}


def round_once(rounding: str, exact: Number, scale: int) -> int:
    """`exact` in parts of `scale`, as whole units."""
    return _ROUND[rounding](exact, scale)


def split(total: int, exacts: Sequence[Number], scale: int) -> list[int]:
    """`total` among rules that gave `exacts` (in parts of `scale`): whole units, none negative,
    each but for less than one unit what the rule gave. The largest remainders get what is left."""
    shares = [floor(exact // scale) for exact in exacts]
    left = total - sum(shares)
    by_remainder = sorted(
        range(len(shares)), key=lambda place: (shares[place] * scale - exacts[place], place)
    )
    for place in by_remainder[: max(left, 0)]:
        shares[place] += 1
    for place in reversed(range(len(shares))):  # a total that was cut: the last rules give less
        if left >= 0:
            break
        cut = min(shares[place], -left)
        shares[place] -= cut
        left += cut
    return shares


def whole(number: Number) -> int:
    """A count of articles after a refund by amount, in the member's favour."""
    return ceil(number)
