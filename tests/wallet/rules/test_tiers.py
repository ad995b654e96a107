"""Tiers: the highest threshold reached, and how far the next one is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wallet.actions.load_demo import RULES
from wallet.rules.ruleset import Ruleset, Tier
from wallet.rules.tiers import standing

TIERS = Ruleset.model_validate(RULES).tiers


def test_a_threshold_is_reached_by_the_exact_cent() -> None:
    for spent, now, ahead, missing in (
        (0, "bronze", "silver", 25_000),
        (24_999, "bronze", "silver", 1),
        (25_000, "silver", "gold", 25_000),
        (49_999, "silver", "gold", 1),
        (50_000, "gold", None, 0),
        (10**9, "gold", None, 0),
    ):
        found = standing(TIERS, spent)
        assert (found.tier and found.tier.key) == now
        assert (found.next_tier and found.next_tier.key) == ahead
        assert found.missing_minor == missing


def test_more_refunded_than_bought_in_the_window_is_the_first_tier() -> None:
    found = standing(TIERS, -500)
    assert found.tier is TIERS[0]
    assert found.missing_minor == 25_500


def test_a_program_without_tiers_has_none() -> None:
    found = standing((), 10_000)
    assert (found.tier, found.next_tier, found.missing_minor) == (None, None, 0)


@given(st.sets(st.integers(1, 10**6), max_size=6), st.integers(0, 10**6))
def test_spending_more_never_lowers_the_tier(thresholds: set[int], spent: int) -> None:
    tiers = [
        Tier(key=f"t{at}", name={"fr": "x"}, threshold_minor=threshold)
        for at, threshold in enumerate(sorted({0, *thresholds}))
    ]
    found, more = standing(tiers, spent), standing(tiers, spent + 1)
    assert found.tier is not None
    assert more.tier is not None
    assert found.tier.threshold_minor <= spent
    assert more.tier.threshold_minor >= found.tier.threshold_minor
    if found.next_tier:
        reached = standing(tiers, spent + found.missing_minor)
        assert reached.tier is found.next_tier
