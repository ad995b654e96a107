"""Rule sets in sentences: what a merchant would say, in both languages, for every kind of rule."""

from __future__ import annotations

from typing import Any

import pytest

from wallet.actions.load_demo import RULES
from wallet.rules.ruleset import read_ruleset
from wallet.rules.sentences import sentences


def told(document: dict[str, Any], language: str, topic: str = "earning") -> list[str]:
    """The sentences of one topic, with ordinary spaces."""
    found = sentences(read_ruleset(document), "EUR", language)
    return [
        one.text.replace("\u00a0", " ").replace("\u202f", " ")
        for one in found
        if one.topic == topic
    ]


POINTS = {
    "key": "points",
    "kind": "points",
    "name": {"fr": "Points", "en": "Points"},
    "one": {"fr": "point", "en": "point"},
    "many": {"fr": "points", "en": "points"},
}
STAMPS = {
    "key": "stamps",
    "kind": "stamps",
    "name": {"fr": "Tampons", "en": "Stamps"},
    "one": {"fr": "tampon", "en": "stamp"},
    "many": {"fr": "tampons", "en": "stamps"},
}
CREDIT = {
    "key": "credit",
    "kind": "credit",
    "name": {"fr": "Avoir", "en": "Credit"},
    "one": {"fr": "euro", "en": "euro"},
    "many": {"fr": "euros", "en": "euros"},
}
NAME = {"fr": "Règle", "en": "Rule"}
RULE = {"key": "rule", "unit": "points", "quantity": 1, "name": NAME}
BASE = {**RULE, "key": "base", "kind": "per_amount", "per_minor": 100}


@pytest.mark.parametrize(
    ("rule", "french", "english"),
    [
        (BASE, "1 point par euro.", "1 point per €1."),
        (
            {**BASE, "quantity": 3, "per_minor": 250, "match": {"categories": ["Thé", "Café"]}},
            "3 points par 2,50 € sur Thé et Café.",
            "3 points per €2.50 on Thé and Café.",
        ),
        (
            {**RULE, "kind": "per_visit", "quantity": 10, "caps": [{"per": "day", "times": 1}]},
            "10 points par visite, au plus 1 fois par jour.",
            "10 points per visit, at most once per day.",
        ),
        (
            {**RULE, "kind": "per_item", "unit": "stamps", "match": {"skus": list("abcdef")}},
            "1 tampon par article sur a, b, c, d et 2 autres.",
            "1 stamp per item on a, b, c, d and 2 more.",
        ),
        (
            {**RULE, "kind": "visits", "quantity": 20, "visits": 3, "within": "month"},
            "20 points pour 3 visites dans le mois.",
            "20 points for 3 visits in a month.",
        ),
        (
            {**RULE, "kind": "activity", "quantity": 5, "activity": "review"},
            "Règle : 5 points.",
            "Rule: 5 points.",
        ),
        (
            {**BASE, "unit": "credit", "quantity": 5},
            "5 % du montant en avoir.",
            "5% of the amount.",
        ),
        (
            {**BASE, "channels": ["online"], "when": {"birthday": "day", "tags": ["vip"]}},
            "1 point par euro, pour le segment vip, le jour de l’anniversaire, en ligne.",
            "1 point per €1, for the segment vip, on the birthday, online.",
        ),
    ],
)
def test_each_way_of_earning(rule: dict[str, Any], french: str, english: str) -> None:
    document = {"units": [POINTS, STAMPS, CREDIT], "earning": [rule]}
    assert told(document, "fr")[0] == french
    assert told(document, "en")[0] == english


def test_double_on_tuesdays_for_gold() -> None:
    tiers = [
        {"key": "bronze", "name": {"fr": "Bronze", "en": "Bronze"}},
        {"key": "gold", "name": {"fr": "Or", "en": "Gold"}, "threshold_minor": 50_000},
    ]
    double = {
        "key": "double",
        "name": {"fr": "Heures douces", "en": "Happy hour"},
        "factor": "2",
        "stackable": True,
        "when": {
            "weekdays": ["tue"],
            "tiers": ["gold"],
            "from_time": "14:00",
            "to_time": "16:00",
            "ends_at": "2027-01-01T00:00",
            "seniority_years_min": 1,
            "purchase_min_minor": 1_000,
        },
    }
    document = {"units": [POINTS], "earning": [BASE], "tiers": tiers, "multipliers": [double]}
    assert told(document, "fr", "multipliers")[0] == (
        "Heures douces : × 2, pour Or, après 1 an d’ancienneté, le mardi, de 14:00 à 16:00, "
        "jusqu’au 1 janvier 2027, dès 10 € d’achat, se cumule avec les autres."
    )
    assert told(document, "en", "multipliers")[0] == (
        "Happy hour: × 2, for Gold, after 1 year of membership, on Tuesdays, from 14:00 to 16:00, "
        "until January 1, 2027, from €10, on top of the others."
    )


@pytest.mark.parametrize(
    ("expiry", "french"),
    [
        (None, "Points : utilisables 14 jours après l’achat, jamais périmés."),
        (
            {"kind": "months", "months": 24},
            "Points : utilisables 14 jours après l’achat, périmés 24 mois après le gain.",
        ),
        (
            {"kind": "inactivity", "months": 12},
            "Points : utilisables 14 jours après l’achat, périmés après 12 mois sans achat.",
        ),
        (
            {"kind": "end_of_year", "years": 1},
            "Points : utilisables 14 jours après l’achat, périmés à la fin de l’année, 1 an plus tard.",
        ),
    ],
)
def test_how_long_it_lasts(expiry: dict[str, Any] | None, french: str) -> None:
    unit = {**POINTS, "expiry": expiry} if expiry else POINTS
    document = {"units": [unit], "earning": [BASE], "pending_days": 14}
    assert told(document, "fr", "life")[0] == french


@pytest.mark.parametrize("language", ["fr", "en"])
def test_everything_of_the_demo_is_said(language: str) -> None:
    rules = read_ruleset(RULES)
    found = sentences(rules, "EUR", language)
    keys = {one.key for one in found}
    assert {rule.key for rule in rules.earning} <= keys
    assert {tier.key for tier in rules.tiers} <= keys
    assert all(one.text and "None" not in one.text and "{" not in one.text for one in found)
