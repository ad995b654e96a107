"""What is weak in a program, and what is not said of a good one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wallet.rules.test_sentences import BASE, CREDIT, POINTS
from wallet.rules.advice import advise
from wallet.rules.economy import Offer, minor_per_unit, share_worth
from wallet.rules.ruleset import read_ruleset

COFFEE = Offer("Café", "product", "points", 30)
TASTING = Offer("Dégustation", "experience", "points", 200)
FIVE_EURO = Offer("5 €", "amount", "points", 100, value_minor=500)
GOOD: dict[str, Any] = {"units": [POINTS], "earning": [BASE], "expiry_months": 24}
ENTRY = {"key": "bronze", "name": {"fr": "Bronze", "en": "Bronze"}}


def codes(document: dict[str, Any], *offers: Offer, basket: int | None = 800) -> list[str]:
    """What is found."""
    return [one.code for one in advise(read_ruleset(document), offers, "EUR", basket)]


def test_a_good_program_is_left_alone() -> None:
    assert codes(GOOD, COFFEE, TASTING) == []


@pytest.mark.parametrize(
    ("document", "offers", "code"),
    [
        (GOOD, (TASTING,), "first_reward_far"),
        (GOOD, (), "no_first_reward"),
        (GOOD, (Offer("Or", "gift", "points", 5, tier_keys=("gold",)),), "no_first_reward"),
        (GOOD, (COFFEE,), "no_emotional_reward"),
        ({**GOOD, "tiers": [ENTRY]}, (COFFEE, TASTING), "entry_tier_bare"),
        ({**GOOD, "expiry_months": 6}, (COFFEE, TASTING), "expiry_short"),
        (
            {**GOOD, "units": [{**POINTS, "expiry": {"kind": "end_of_year"}}]},
            (COFFEE, TASTING),
            "expiry_short",
        ),
        (
            {**GOOD, "earning": [{**BASE, "key": f"rule{at}"} for at in range(9)]},
            (COFFEE, TASTING),
            "too_many_rules",
        ),
        (
            {**GOOD, "earning": [{**BASE, "quantity": 4}]},
            (COFFEE, TASTING, FIVE_EURO),
            "gives_too_much",
        ),
    ],
)
def test_each_weakness_is_found(
    document: dict[str, Any], offers: tuple[Offer, ...], code: str
) -> None:
    assert codes(document, *offers) == [code]


def test_the_first_reward_counts_visits_and_the_welcome_gift() -> None:
    assert codes(GOOD, COFFEE, TASTING, basket=375) == []  # exactly eight visits
    assert codes(GOOD, COFFEE, TASTING, basket=374) == ["first_reward_far"]
    gift = {**GOOD, "welcome": {"unit": "points", "quantity": 10}}
    assert codes(gift, COFFEE, TASTING, basket=374) == []
    assert codes(GOOD, TASTING, basket=None) == [], "too few sales to say"


def test_the_sentence_says_how_far_it_is_in_both_languages() -> None:
    (found,) = advise(read_ruleset(GOOD), [TASTING], "EUR", 800)
    assert "25 visites à 8" in found.sentence["fr"]
    assert "25 visits at €8" in found.sentence["en"]
    assert "64" in found.remedy["fr"]


def test_a_status_that_brings_something_is_no_weakness() -> None:
    for entry in ({**ENTRY, "perks": {"fr": ["Un café"]}}, {**ENTRY, "multiplier": "1.1"}):
        assert codes({**GOOD, "tiers": [entry]}, COFFEE, TASTING) == []


def test_what_comes_back_of_a_sale() -> None:
    rules = read_ruleset(GOOD)
    assert minor_per_unit(rules) == 100
    assert share_worth(rules, [COFFEE, FIVE_EURO]) == pytest.approx(0.05)
    assert share_worth(rules, [COFFEE]) is None
    cashback = {"units": [CREDIT], "earning": [{**BASE, "unit": "credit", "quantity": 3}]}
    assert share_worth(read_ruleset(cashback), []) == pytest.approx(0.03)
