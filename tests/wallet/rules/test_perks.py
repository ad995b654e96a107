"""What a status brings: gold has all that silver has."""

from __future__ import annotations

from typing import Any

import pytest

from wallet.rules.perks import perks_of
from wallet.rules.ruleset import read_ruleset

WORDS = {"fr": "Mot", "en": "Word"}


def tier(key: str, threshold: int, *perks: str) -> dict[str, Any]:
    return {
        "key": key,
        "name": WORDS,
        "threshold_minor": threshold,
        "perks": {"fr": [f"{perk} fr" for perk in perks], "en": list(perks)},
    }


RULES = read_ruleset(
    {
        "units": [{"key": "points", "kind": "points", "name": WORDS, "one": WORDS, "many": WORDS}],
        "earning": [],
        "tiers": [
            tier("bronze", 0, "birthday gift"),
            tier("silver", 25_000, "free delivery", "early access"),
            tier("gold", 50_000, "yearly gift", "birthday gift"),
        ],
        "plans": [{"key": "vip", "name": WORDS, "days": 30, "perks": {"en": ["lounge"]}}],
    }
)


@pytest.mark.parametrize(
    ("key", "plans", "perks"),
    [
        (None, (), []),
        ("gone", (), []),
        ("bronze", (), ["birthday gift"]),
        ("silver", (), ["free delivery", "early access", "birthday gift"]),
        ("gold", (), ["yearly gift", "birthday gift", "free delivery", "early access"]),
        ("bronze", ("vip", "old"), ["birthday gift", "lounge"]),
    ],
)
def test_s05_a_status_inherits_the_perks_below_it(
    key: str | None, plans: tuple[str, ...], perks: list[str]
) -> None:
    assert perks_of(RULES, key, plans, "en", "fr") == perks


def test_perks_are_told_in_the_language_of_the_card() -> None:
    assert perks_of(RULES, "bronze", (), "fr", "en") == ["birthday gift fr"]
    assert perks_of(RULES, "bronze", ("vip",), "fr", "en") == ["birthday gift fr", "lounge"]
