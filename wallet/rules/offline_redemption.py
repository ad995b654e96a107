"""Rewards at a till that has lost its connection, against units held for it while it had one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from wallet.rules.spending import Proof, Proven, lacking
from wallet.rules.terms import Strict

MINUTES_MIN = 15  # shorter, and a hold ends before a router has started again
MINUTES_MAX = 60  # longer, and a till that was lost blocks a member's evening
MINUTES_DEFAULT = 30


class OfflineRedemption(Strict):
    """`minutes` is how long a hold lives. `below_zero`: what a till confirmed in that time is booked
    also when it arrives later, even where the points are gone; else a manager looks at it."""

    minutes: Annotated[int, Field(strict=True, ge=MINUTES_MIN, le=MINUTES_MAX)] = MINUTES_DEFAULT
    below_zero: bool = False

    @property
    def life(self) -> timedelta:
        """From the taking to the end."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Choice:
    """A reward that could be taken now: its id, what it costs, and what has to be shown for it."""

    reward_id: int
    unit: str
    cost: int
    needs: Proof


def to_hold(choices: Iterable[Choice], proven: Proven, main_unit: str) -> Choice | None:
    """The dearest reward, of the unit in front if there is one, for which enough was shown: what is
    held for it is good for every cheaper one too. None where all need more."""
    within = [choice for choice in choices if lacking(choice.needs, proven) is None]
    return max(
        within, key=lambda one: (one.unit == main_unit, one.cost, -one.reward_id), default=None
    )


def within_hold(choices: Sequence[Choice], unit: str, quantity: int) -> list[int]:
    """The rewards of which a hold of so much pays one."""
    return [one.reward_id for one in choices if one.unit == unit and one.cost <= quantity]
