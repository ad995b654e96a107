"""Tiers: thresholds, windows, grace, downgrades, paid plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.rulebook import TIERS, rule, rules, unit, words
from wallet.actions.load_demo import RULES
from wallet.rules.ruleset import Ruleset
from wallet.rules.tier_track import TierTrack
from wallet.rules.tiers import Held, reached, settle, standing, window_start

CAFE = Ruleset.model_validate(RULES)
PARIS = "Europe/Paris"
NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def policy(**said: Any) -> Ruleset:
    return rules(rule("base"), tiers=TIERS, tier_policy=said)


def settled(found: Ruleset, held: Held, figure: int, at: datetime, then: int | None = None) -> Held:
    return settle(found, held, figure, at, PARIS, then)


# thresholds


def test_a_threshold_is_reached_by_the_exact_cent() -> None:
    for spent, now, ahead, missing in (
        (0, "bronze", "silver", 25_000),
        (24_999, "bronze", "silver", 1),
        (25_000, "silver", "gold", 25_000),
        (49_999, "silver", "gold", 1),
        (50_000, "gold", None, 0),
        (10**9, "gold", None, 0),
    ):
        found = standing(CAFE, spent)
        assert found.tier_key == now
        assert (found.next_tier and found.next_tier.key) == ahead
        assert found.missing_minor == missing


def test_more_refunded_than_bought_in_the_window_is_the_first_tier() -> None:
    found = standing(CAFE, -500)
    assert found.tier is CAFE.tiers[0]
    assert found.missing_minor == 25_500


def test_a_program_without_tiers_has_none() -> None:
    found = standing(rules(rule("base")), 10_000)
    assert (found.tier, found.next_tier, found.missing_minor) == (None, None, 0)


def test_points_earned_may_count_instead_of_spend() -> None:
    tiers = [
        {"key": "seed", "name": words("Graine")},
        {"key": "tree", "name": words("Arbre"), "threshold_points": 300},
    ]
    found = rules(rule("base"), tiers=tiers, tier_policy={"basis": "points"})
    assert found.tier_unit == "points"
    assert standing(found, 299).missing_points == 1
    assert standing(found, 299).missing_minor == 0
    assert standing(found, 300).tier_key == "tree"


@given(st.sets(st.integers(1, 10**6), max_size=6), st.integers(0, 10**6))
def test_spending_more_never_lowers_the_tier(thresholds: set[int], spent: int) -> None:
    tiers = [
        {"key": f"t{at}", "name": {"fr": "x"}, "threshold_minor": threshold}
        for at, threshold in enumerate(sorted({0, *thresholds}))
    ]
    found = Ruleset.model_validate({**RULES, "tiers": tiers})
    now, more = standing(found, spent), standing(found, spent + 1)
    assert now.tier is not None
    assert more.tier is not None
    assert now.tier.threshold_minor <= spent
    assert more.tier.threshold_minor >= now.tier.threshold_minor
    if now.next_tier:
        assert standing(found, spent + now.missing_minor).tier is now.next_tier


# windows


def test_the_windows_begin_at_midnight_of_the_place() -> None:
    for said, begins in (
        ({"window": "calendar_year"}, datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ({"window": "rolling_months"}, datetime(2025, 3, 14, 23, tzinfo=UTC)),
        ({"window": "rolling_months", "months": 6}, datetime(2025, 9, 14, 22, tzinfo=UTC)),
        ({"window": "lifetime"}, datetime(1970, 1, 1, tzinfo=UTC)),
    ):
        assert window_start(policy(**said), NOW, PARIS) == begins


def test_without_a_policy_the_window_is_so_many_days_to_the_microsecond() -> None:
    assert window_start(CAFE, NOW, PARIS) == NOW - timedelta(days=365) + timedelta(microseconds=1)


def test_twelve_months_before_the_end_of_february_are_twelve_months() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert window_start(policy(), leap, PARIS) == datetime(2027, 2, 28, 23, tzinfo=UTC)
    after = datetime(2029, 2, 28, 12, tzinfo=UTC)
    assert window_start(policy(), after, PARIS) == datetime(2028, 2, 28, 23, tzinfo=UTC)


# rising and falling


def test_rising_is_immediate_and_remembers_when() -> None:
    held = Held("bronze", NOW - timedelta(days=100))
    assert settled(policy(), held, 50_000, NOW) == Held("gold", NOW)
    again = settled(policy(), Held("gold", NOW), 60_000, NOW + timedelta(days=3))
    assert again == Held("gold", NOW)


def test_falling_without_grace_is_immediate() -> None:
    assert settled(policy(), Held("gold", NOW), 24_000, NOW) == Held("bronze", NOW)
    assert settled(CAFE, Held("gold", NOW), 24_000, NOW) == Held("bronze", NOW)


def test_grace_keeps_a_tier_for_so_many_days() -> None:
    found = policy(grace_days=30)
    held = settled(found, Held("gold", NOW - timedelta(days=300)), 24_000, NOW)
    assert held.tier_key == "gold"
    assert held.kept_until == NOW + timedelta(days=30, hours=-1)  # summer time began meanwhile
    assert settled(found, held, 24_000, NOW + timedelta(days=29)) == held
    end = held.kept_until
    assert settled(found, held, 24_000, end) == Held("bronze", end)


def test_grace_ends_when_the_figures_carry_the_tier_again() -> None:
    held = Held("gold", NOW - timedelta(days=300), NOW + timedelta(days=10))
    assert settled(policy(grace_days=30), held, 51_000, NOW) == Held("gold", held.since)


def test_with_calendar_years_grace_begins_at_new_year() -> None:
    found = policy(window="calendar_year", grace_days=31)
    held = settled(found, Held("gold", NOW - timedelta(days=300)), 0, NOW)
    new_year = datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert held == Held("bronze", new_year + timedelta(days=31))


def test_one_level_at_a_time_with_a_grace_between() -> None:
    found = policy(downgrade="one_level", grace_days=10)
    first = settled(found, Held("gold", NOW - timedelta(days=400)), 0, NOW)
    assert first.tier_key == "gold"
    assert first.kept_until is not None
    second = settled(found, first, 0, first.kept_until)
    assert second.tier_key == "silver"
    assert second.kept_until is not None
    assert second.kept_until > first.kept_until
    assert settled(found, second, 0, second.kept_until).tier_key == "bronze"
    # Nobody looked for a year: the same steps happened meanwhile.
    assert settled(found, first, 0, NOW + timedelta(days=365)).tier_key == "bronze"


def test_one_level_at_each_new_year() -> None:
    found = policy(window="calendar_year", downgrade="one_level")
    held = settled(found, Held("gold", datetime(2025, 6, 1, tzinfo=UTC)), 0, NOW)
    assert held.tier_key == "silver"
    assert held.kept_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert settled(found, held, 0, datetime(2027, 1, 2, tzinfo=UTC)).tier_key == "bronze"


def test_a_tier_that_is_never_lost_survives_time_but_not_refunds() -> None:
    found = policy(downgrade="never")
    held = Held("gold", NOW - timedelta(days=300))
    assert settled(found, held, 0, NOW, then=50_000) == held
    assert settled(found, held, 0, NOW, then=26_000) == Held("silver", NOW)


def test_no_grace_protects_what_only_a_refunded_sale_carried() -> None:
    found = policy(grace_days=90)
    held = Held("gold", NOW - timedelta(days=10))
    assert settled(found, held, 26_000, NOW, then=26_000) == Held("silver", NOW)
    assert settled(found, held, 26_000, NOW, then=52_000).tier_key == "gold"


def test_a_tier_that_the_rules_dropped_is_settled_anew() -> None:
    assert settled(policy(grace_days=90), Held("platinum", NOW), 26_000, NOW) == Held("silver", NOW)


@given(
    figures=st.lists(st.integers(0, 70_000), min_size=1, max_size=20),
    grace=st.integers(0, 60),
    downgrade=st.sampled_from(["immediate", "one_level", "never"]),
)
def test_a_member_never_stands_below_what_the_figures_reach(
    figures: list[int], grace: int, downgrade: str
) -> None:
    found = policy(grace_days=grace, downgrade=downgrade)
    keys = [tier.key for tier in found.tiers]
    held, at = Held(), NOW
    for figure in figures:
        before = held
        held = settled(found, held, figure, at)
        tier = reached(found, figure)
        assert tier is not None
        assert held.tier_key is not None
        assert keys.index(held.tier_key) >= keys.index(tier.key)
        assert settled(found, held, figure, at) == held, "asking again changes nothing"
        if before.tier_key and downgrade == "never":
            assert keys.index(held.tier_key) >= keys.index(before.tier_key)
        at += timedelta(days=20)


# plans

PLANS = [{"key": "vip", "name": words("Club"), "tier": "gold", "months": 12}]


def test_a_paid_plan_lends_its_tier_when_that_is_better() -> None:
    found = rules(rule("base"), tiers=TIERS, plans=PLANS)
    lent = standing(found, 100, Held("bronze", NOW), ["vip"])
    assert lent.tier_key == "gold"
    assert lent.held.tier_key == "bronze"
    assert lent.next_tier is None
    assert standing(found, 60_000, Held("gold", NOW), ["vip"]).tier_key == "gold"
    assert standing(found, 100, Held("bronze", NOW), ["gone"]).tier_key == "bronze"


def test_a_tier_in_grace_shows_the_way_to_the_one_above() -> None:
    found = standing(policy(grace_days=30), 100, Held("silver", NOW, NOW + timedelta(days=3)))
    assert found.tier_key == "silver"
    assert found.next_tier is not None
    assert (found.next_tier.key, found.missing_minor) == ("gold", 49_900)


# the same along the years, sale by sale

POLICIES: list[dict[str, Any] | None] = [
    None,
    {"window": "calendar_year"},
    {"window": "rolling_months", "months": 3},
    {"window": "lifetime"},
    {"window": "calendar_year", "grace_days": 45},
    {"window": "rolling_months", "months": 2, "grace_days": 20, "downgrade": "one_level"},
    {"window": "rolling_months", "months": 2, "downgrade": "never"},
]


@pytest.mark.parametrize("said", POLICIES, ids=str)
@given(st.lists(st.tuples(st.integers(1, 60 * 24 * 60), st.integers(1, 30_000)), max_size=15))
def test_a_track_of_sales_says_what_asking_at_each_sale_would(
    said: dict[str, Any] | None, steps: list[tuple[int, int]]
) -> None:
    found = rules(rule("base"), tiers=TIERS, tier_policy=said, units=[unit("points")])
    track = TierTrack(found, PARIS).begin()
    sales: list[tuple[datetime, int]] = []
    held, at = Held(), NOW

    def _asked(moment: datetime) -> Held:
        start = window_start(found, moment, PARIS)
        figure = sum(amount for time, amount in sales if time >= start)
        return settle(found, held, figure, moment, PARIS)

    for minutes, amount in steps:
        at += timedelta(minutes=minutes)
        held = _asked(at)
        assert track.tier_key(at, ()) == held.tier_key
        sales.append((at, amount))
        track.add(at, amount)
        held = _asked(at)
