"""Which status a member has, and how far the next one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wallet.rules.ruleset import Tier


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier now, the next one, and what is missing to it in minor units."""

    tier: Tier | None
    next_tier: Tier | None
    missing_minor: int


def standing(tiers: Sequence[Tier], spent_minor: int) -> Standing:
    """The highest tier whose threshold was reached. `tiers` rise from 0."""
    reached = [tier for tier in tiers if tier.threshold_minor <= max(spent_minor, 0)]
    ahead = [tier for tier in tiers if tier.threshold_minor > max(spent_minor, 0)]
    next_tier = ahead[0] if ahead else None
    missing = next_tier.threshold_minor - spent_minor if next_tier else 0
    return Standing(reached[-1] if reached else None, next_tier, missing)
