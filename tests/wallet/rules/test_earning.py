"""Earning, against exact fractions: no price at no rate is ever a point off."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from wallet.actions.load_demo import RULES
from wallet.rules.earning import Award, MemberFacts, Sale, compute, earn
from wallet.rules.ruleset import QUANTITY_PER_SALE_MAX, Ruleset

PARIS = ZoneInfo("Europe/Paris")
ROUND: dict[str, Callable[[Fraction], int]] = {
    "down": math.floor,
    "half_up": lambda exact: math.floor(exact + Fraction(1, 2)),
    "up": math.ceil,
}
# (quantity, per_minor, multiplier): round rates, and those that binary or decimal numbers miss.
RATES = [
    (1, 100, "1"),
    (29, 10_000, "1"),
    (1, 300, "3"),
    (1, 100, "1.25"),
    (7, 300, "1.5"),
    (10, 70, "2.1"),
    (3, 130, "1.3"),
]


def ruleset(**changes: Any) -> Ruleset:
    """The café's rules with some changed."""
    return Ruleset.model_validate({**RULES, **changes})


def at_rate(quantity: int, per_minor: int, multiplier: str, rounding: str) -> Ruleset:
    """One rule, one tier."""
    rule = {**RULES["earning"][0], "quantity": quantity, "per_minor": per_minor}
    tier = {"key": "gold", "name": {"fr": "Or"}, "threshold_minor": 0, "multiplier": multiplier}
    return ruleset(earning=[rule], tiers=[tier], rounding=rounding)


def member(tier_key: str | None = None, **said: Any) -> MemberFacts:
    """A member of this tier on a Saturday morning in Paris."""
    said.setdefault("at", NOW.astimezone(PARIS))
    return MemberFacts(tier_key=tier_key, **said)


def quantity_of(awards: list[Award]) -> int:
    """What was given of the only unit."""
    return sum(award.quantity for award in awards)


def test_a_hundred_thousand_prices_and_rates_earn_what_exact_fractions_say() -> None:
    cases = [
        (at_rate(quantity, per_minor, multiplier, rounding), ROUND[rounding], exact)
        for quantity, per_minor, multiplier in RATES
        for exact in [Fraction(quantity, per_minor) * Fraction(multiplier)]
        for rounding in ROUND
    ]
    gold = member("gold")
    prices = [*range(1, 4_000), *range(4_001, 1_000_000, 1_277)]
    wrong = [
        (price, rules.earning[0], rules.rounding)
        for price in prices
        for rules, rounded, rate in cases
        if sum(given.total for given in compute(rules, Sale(price, "EUR", "store"), gold))
        != rounded(price * rate)
    ]
    assert len(prices) * len(cases) > 100_000
    assert wrong == []


@given(
    amount=st.integers(0, 10_000_000),
    tier=st.sampled_from(["bronze", "silver", "gold", None]),
    rounding=st.sampled_from(sorted(ROUND)),
)
def test_what_is_explained_is_what_is_computed(
    amount: int, tier: str | None, rounding: str
) -> None:
    rules, sale = ruleset(rounding=rounding), Sale(amount, "EUR", "store")
    awards = earn(rules, sale, member(tier))
    found = compute(rules, sale, member(tier))
    assert [(award.unit, award.quantity) for award in awards] == [
        (given.scale.unit.key, given.total) for given in found
    ]
    assert all(sum(award.rules.values()) == award.quantity for award in awards)


@given(
    amount=st.integers(1, 100_000_000),
    quantity=st.integers(1, 100_000),
    per_minor=st.integers(1, 10**9),
    multiplier=st.decimals(1, 100, places=4),
    rounding=st.sampled_from(sorted(ROUND)),
)
def test_any_rate_earns_what_exact_fractions_say_up_to_the_cap(
    amount: int, quantity: int, per_minor: int, multiplier: Any, rounding: str
) -> None:
    rules = at_rate(quantity, per_minor, str(multiplier), rounding)
    exact = Fraction(amount * quantity, per_minor) * Fraction(multiplier)
    earned = quantity_of(earn(rules, Sale(amount, "EUR", "store"), member("gold")))
    assert earned == min(ROUND[rounding](exact), QUANTITY_PER_SALE_MAX)


def test_a_sale_is_rounded_once_and_not_rule_by_rule() -> None:
    rules = [
        {**RULES["earning"][0], "key": key, "quantity": quantity, "per_minor": 3}
        for key, quantity in (("third", 1), ("two_thirds", 2))
    ]
    awards = earn(ruleset(earning=rules), Sale(1, "EUR", "store"), member())
    assert quantity_of(awards) == 1


def test_a_sale_too_small_for_a_point_gives_no_award() -> None:
    assert earn(ruleset(), Sale(99, "EUR", "store"), member("bronze")) == []
    assert earn(ruleset(rounding="up"), Sale(0, "EUR", "store"), member("bronze")) == []


def test_the_cap_of_a_sale_is_reached_exactly_and_said() -> None:
    rules = at_rate(QUANTITY_PER_SALE_MAX // 10, 100, "1", "down")
    below, above = (
        earn(rules, Sale(amount, "EUR", "store"), member())[0] for amount in (1_000, 1_001)
    )
    assert below.quantity == above.quantity == QUANTITY_PER_SALE_MAX
    assert "cap" not in [reason.rule for reason in below.why]
    assert above.why[-1].rule == "cap"


def test_a_rule_of_one_channel_gives_nothing_in_another() -> None:
    rule = {**RULES["earning"][0], "channels": ["online"]}
    rules = ruleset(earning=[rule])
    assert earn(rules, Sale(4000, "EUR", "store"), member()) == []
    assert quantity_of(earn(rules, Sale(4000, "EUR", "online"), member())) == 40


def test_a_tier_that_no_longer_exists_counts_once() -> None:
    assert quantity_of(earn(ruleset(), Sale(4000, "EUR", "store"), member("platinum"))) == 40


def test_the_explanation_names_rule_tier_and_rounding_in_both_languages() -> None:
    award = earn(ruleset(), Sale(1234, "EUR", "store"), member("silver"))[0]
    assert award.quantity == 15
    assert [reason.rule for reason in award.why] == ["base", "tier_silver", "rounding_down"]
    assert award.why[0].text["fr"] == "12,34\u00a0€, 1 point par 1\u00a0€"
    assert award.why[0].text["en"] == "€12.34 at 1 point per €1"
    assert award.why[1].text == {"fr": "Argent ×\u00a01,25", "en": "Silver ×\u00a01.25"}
    assert award.why[2].text == {"fr": "15,42 arrondi à 15", "en": "15.42 rounded to 15"}


def test_nothing_is_said_of_rounding_where_nothing_was_rounded() -> None:
    award = earn(ruleset(), Sale(1200, "EUR", "store"), member("bronze"))[0]
    assert [reason.rule for reason in award.why] == ["base"]
