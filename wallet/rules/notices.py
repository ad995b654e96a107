"""The notification budget: how often a card may speak up, and when it had better not.

Google shows three notifications a pass and day and refuses the fourth; Apple announces one change
an update. Campaigns and balance changes draw from the same three. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

NOTICES_MAX = 3  # Google's rule, for each pass
WINDOW = timedelta(hours=24)  # Google's rule, sliding
# What belongs to one visit (a basket of five scans, an undo and the right amount) is told once.
QUIET = timedelta(minutes=2)

Kind = Literal["balance", "campaign"]
Verdict = Literal["speak", "just_spoke", "spent"]


def recent(spent: Sequence[datetime | None], now: datetime) -> list[datetime]:
    """What still counts, newest first. Times ahead of `now` (another machine's clock) count too."""
    return sorted((at for at in spent if at is not None and at > now - WINDOW), reverse=True)


def left(spent: Sequence[datetime | None], now: datetime) -> int:
    """How many notifications the pass may still have."""
    return max(NOTICES_MAX - len(recent(spent, now)), 0)


def verdict(spent: Sequence[datetime | None], kind: Kind, now: datetime) -> Verdict:
    """Whether the next update may speak, or why it goes out silently."""
    found = recent(spent, now)
    if len(found) >= NOTICES_MAX:
        return "spent"
    # A campaign says something else than the balance before it, so it needs no quiet.
    if kind == "balance" and found and now - found[0] < QUIET:
        return "just_spoke"
    return "speak"


def after(spent: Sequence[datetime | None], now: datetime) -> tuple[datetime, ...]:
    """What is written down once one more was spent: never more than count, newest first."""
    return (now, *recent(spent, now))[:NOTICES_MAX]
