"""Perks: what a status brings, those of every lower one included, and what paid plans add."""

from __future__ import annotations

from collections.abc import Iterable

from wallet.rules.ruleset import Ruleset


def perks_of(
    rules: Ruleset, tier_key: str | None, plans: Iterable[str], language: str, fallback: str
) -> list[str]:
    """The sentences in one language, the newest tier's first and none of them twice."""
    keys = [tier.key for tier in rules.tiers]
    reached = rules.tiers[: keys.index(tier_key) + 1] if tier_key in keys else ()
    wanted = [tier.perks for tier in reversed(reached)]
    wanted += [plan.perks for key in plans if (plan := rules.plan(key)) is not None]
    said = [perk for perks in wanted for perk in perks.get(language, perks.get(fallback, []))]
    return list(dict.fromkeys(said))
