"""Turning a few numbers leaves everything else of a rule set alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.test_sentences import BASE, CREDIT, POINTS
from wallet.actions.load_demo import RULES
from wallet.rules.knobs import TierKnob, knobs_of, turned
from wallet.rules.ruleset import read_ruleset

DEMO = read_ruleset(RULES)


def test_not_turned_is_the_same() -> None:
    assert read_ruleset(turned(DEMO, knobs_of(DEMO))) == DEMO


@given(
    quantity=st.integers(1, 100_000),
    per=st.integers(1, 10**6),
    welcome=st.integers(0, 1_000),
    expiry=st.none() | st.integers(1, 120),
    pending=st.integers(0, 365),
)
def test_what_is_turned_reads_back(
    quantity: int, per: int, welcome: int, expiry: int | None, pending: int
) -> None:
    knobs = replace(
        knobs_of(DEMO),
        quantity=quantity,
        per_minor=per,
        welcome=welcome,
        expiry_months=expiry,
        pending_days=pending,
    )
    made = read_ruleset(turned(DEMO, knobs))
    assert knobs_of(made) == knobs
    same = {"units", "multipliers", "caps", "tiers", "plans", "spending", "vouchers", "referral"}
    for name in same:
        assert getattr(made, name) == getattr(DEMO, name)
    assert made.earning[1:] == DEMO.earning[1:]


def test_statuses_by_points_turn_points() -> None:
    tiers = [
        {"key": "one", "name": {"fr": "Un"}},
        {"key": "two", "name": {"fr": "Deux"}, "threshold_points": 100},
    ]
    policy = {"basis": "points", "window": "lifetime"}
    rules = read_ruleset(
        {"units": [POINTS], "earning": [BASE], "tiers": tiers, "tier_policy": policy}
    )
    knobs = knobs_of(rules)
    assert knobs.tiers["two"] == TierKnob(100, Decimal(1))
    made = turned(
        rules, replace(knobs, tiers={**knobs.tiers, "two": TierKnob(150, Decimal("1.5"))})
    )
    assert read_ruleset(made).tiers[1].threshold_points == 150
    assert read_ruleset(made).tiers[1].multiplier == Decimal("1.5")


@pytest.mark.parametrize("rule", [{**BASE, "unit": "credit"}, {**BASE, "match": {"skus": ["a"]}}])
def test_without_a_plain_rule_there_is_no_rate_to_turn(rule: dict[str, object]) -> None:
    rules = read_ruleset({"units": [POINTS, CREDIT], "earning": [rule]})
    knobs = knobs_of(rules)
    assert knobs.quantity is None
    assert read_ruleset(turned(rules, knobs)) == rules
