"""What caps leave of an award."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wallet.rules.facts import Number
from wallet.rules.terms import Cap

Used = Mapping[tuple[str, str], tuple[int, int]]


def tightest(caps: Iterable[Cap], scope: str, used: Used) -> tuple[int, Cap] | None:
    """(units that may still be given, the cap that says so); None where nothing limits."""
    found: tuple[int, Cap] | None = None
    for cap in caps:
        quantity, times = used.get((scope, cap.per), (0, 0)) if cap.per != "sale" else (0, 0)
        if cap.times is not None and times >= cap.times:
            left = 0
        elif cap.quantity is not None:
            left = max(cap.quantity - quantity, 0)
        else:
            continue
        if found is None or left < found[0]:
            found = left, cap
    return found


def cut(exact: Number, scale: int, limit: tuple[int, Cap] | None) -> tuple[Number, Cap | None]:
    """What is left of `exact` (in parts of `scale`), and the cap where it took something away."""
    if limit is None or exact <= limit[0] * scale:
        return exact, None
    return limit[0] * scale, limit[1]
