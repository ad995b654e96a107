"""How often rewards may be handed out at tills before a manager has to allow the next one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from wallet.rules.terms import Strict

TIMES_MAX = 1_000  # more in one window is no limit any more
CARD_HOURS_MAX = 720  # thirty days
MINUTES_MAX = 1_440  # one day

Times = Annotated[int, Field(strict=True, ge=0, le=TIMES_MAX)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=MINUTES_MAX)]


class RedemptionLimits(Strict):
    """Zero times, or zero minutes between, is no limit.

    A card that was copied or found is emptied quickly, and whoever hands rewards to friends does it
    often: three rewards a day on one card, a reward every three minutes by one person or every
    minute at one till, all hour long, are more than honest shops see. A manager's word goes beyond.
    """

    card_times: Times = 3
    card_hours: Annotated[int, Field(strict=True, ge=1, le=CARD_HOURS_MAX)] = 24
    card_minutes_between: Annotated[int, Field(strict=True, ge=0, le=MINUTES_MAX)] = 0
    staff_times: Times = 20
    staff_minutes: Minutes = 60
    till_times: Times = 60
    till_minutes: Minutes = 60

    @property
    def card_window(self) -> timedelta:
        """How far back a card's rewards are looked at."""
        between = timedelta(minutes=self.card_minutes_between)
        return max(timedelta(hours=self.card_hours) if self.card_times else between, between)


def card_rests_until(
    limits: RedemptionLimits, taken: Collection[datetime], now: datetime
) -> datetime | None:
    """When the card may be used for a reward again; None: now. `taken` is when it was, in any order."""
    ends = []
    if limits.card_times:
        window = timedelta(hours=limits.card_hours)
        recent = sorted((at for at in taken if at > now - window), reverse=True)
        if len(recent) >= limits.card_times:
            ends.append(recent[limits.card_times - 1] + window)
    if limits.card_minutes_between and taken:
        ends.append(max(taken) + timedelta(minutes=limits.card_minutes_between))
    return max((end for end in ends if end > now), default=None)
