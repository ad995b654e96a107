"""Rule sets: whatever could not be carried out is refused before it is published."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.wallet.rules.rulebook import member
from wallet.actions.load_demo import RULES
from wallet.rules.earning import Sale, earn
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.rules.terms import Expiry

BASE = RULES["earning"][0]
BRONZE, SILVER = RULES["tiers"][:2]
POINTS = RULES["units"][0]
GOAL = {
    "key": "regular",
    "kind": "visits",
    "unit": "points",
    "quantity": 20,
    "visits": 3,
    "within": "month",
    "name": {"fr": "L’habitué"},
}
ACTIVITY = {
    "key": "review",
    "kind": "activity",
    "activity": "review",
    "unit": "points",
    "quantity": 20,
    "name": {"fr": "Avis"},
}

# What the first release stored: every default spelled out, nothing of what came later.
STORED_THEN: dict[str, Any] = {
    "units": [POINTS],
    "earning": [{**BASE, "channels": None}],
    "tiers": RULES["tiers"],
    "tier_window_days": 365,
    "pending_days": 14,
    "expiry_months": 24,
    "clawback": "negative",
    "rounding": "half_up",
}


def test_what_is_stored_is_read_back_the_same() -> None:
    rules = Ruleset.model_validate(RULES)
    assert Ruleset.model_validate(rules.model_dump(mode="json")) == rules


@pytest.mark.parametrize(
    "changes",
    [
        {"units": []},
        {"units": [*RULES["units"], *RULES["units"]]},
        {"earning": [BASE, BASE]},
        {"earning": [{**BASE, "unit": "stars"}]},
        {"earning": [{**BASE, "quantity": 0}]},
        {"earning": [{**BASE, "per_minor": 0}]},
        {"earning": [{**BASE, "per_minor": -100}]},
        {"earning": [{**BASE, "channels": ["fax"]}]},
        {"earning": [{**BASE, "key": "Base"}]},
        {"earning": [{**BASE, "name": {"fr": ""}}]},
        {"tiers": [SILVER]},
        {"tiers": [BRONZE, BRONZE]},
        {"tiers": [SILVER, BRONZE]},
        {"tiers": [{**BRONZE, "multiplier": "10000"}]},
        {"tiers": [{**BRONZE, "multiplier": "0.5"}]},
        {"tiers": [{**BRONZE, "multiplier": "NaN"}]},
        {"expiry_months": 0},
        {"pending_days": -1},
        {"clawback": "later"},
        {"rounding": "bankers"},
        {"bonus": 3},
        {"earning": [{**BASE, "quantity": True}]},
        {"earning": [{**BASE, "quantity": "1"}]},
        {"earning": [{**BASE, "kind": "per_moon"}]},
        {"earning": [{**BASE, "visits": 3}]},
        {"earning": [{**BASE, "match": {}}]},
        {"earning": [{**BASE, "match": {"skus": []}}]},
        {"earning": [{**BASE, "replaces": ["base"]}]},
        {"earning": [{**BASE, "replaces": ["other"], "match": {"skus": ["a"]}}]},
        {"earning": [BASE, {**BASE, "key": "more", "replaces": ["base"]}]},
        {"earning": [{**BASE, "caps": [{"per": "day"}]}]},
        {"earning": [{**BASE, "caps": [{"per": "sale", "times": 1}]}]},
        {"earning": [{**BASE, "caps": [{"per": "decade", "times": 1}]}]},
        {"earning": [{**BASE, "when": {"tiers": ["diamond"]}}]},
        {"earning": [{**BASE, "when": {"plans": ["vip"]}}]},
        {"earning": [{**BASE, "when": {"weekdays": []}}]},
        {"earning": [{**BASE, "when": {"weekdays": ["lundi"]}}]},
        {"earning": [{**BASE, "when": {"from_time": "17:00"}}]},
        {"earning": [{**BASE, "when": {"from_time": "17:00", "to_time": "17:00"}}]},
        {"earning": [{**BASE, "when": {"from_time": "17h", "to_time": "18:00"}}]},
        {"earning": [{**BASE, "when": {"starts_at": "2026-05-02", "ends_at": "2026-05-01"}}]},
        {
            "earning": [
                {**BASE, "when": {"starts_at": "2026-05-01T00:00Z", "ends_at": "2026-06-01T00:00"}}
            ]
        },
        {"earning": [GOAL | {"visits": 1}]},
        {"earning": [GOAL | {"when": {"weekdays": ["mon"]}}]},
        {"earning": [{**ACTIVITY, "multiplied": True}]},
        {"multipliers": [{"key": "x", "name": {"fr": "x"}, "factor": "0.5"}]},
        {"multipliers": [{"key": "x", "name": {"fr": "x"}, "factor": "101"}]},
        {"multipliers": [{"key": "x", "name": {"fr": "x"}, "factor": "1.00001"}]},
        {"multipliers": [{"key": "x", "name": {"fr": "x"}, "factor": "2", "units": ["stars"]}]},
        {"multipliers": [{"key": "base", "name": {"fr": "x"}, "factor": "2"}]},
        {"caps": [{"per": "day", "quantity": 5, "unit": "stars"}]},
        {"caps": [{"per": "day", "times": 5}]},
        {"units": [{**POINTS, "target": 10}]},
        {"units": [{**POINTS, "kind": "stamps", "reward_key": "tenth"}]},
        {"units": [{**POINTS, "expiry": {"kind": "months"}}]},
        {"units": [{**POINTS, "expiry": {"kind": "never", "months": 3}}]},
        {"units": [{**POINTS, "expiry": {"kind": "inactivity", "months": 12, "years": 1}}]},
        {"tier_policy": {"basis": "points"}},
        {"tier_policy": {"basis": "spend", "unit": "stars"}},
        {"tier_policy": {"grace_days": -1}},
        {"plans": [{"key": "vip", "name": {"fr": "Club"}}]},
        {"plans": [{"key": "vip", "name": {"fr": "Club"}, "days": 30, "months": 1}]},
        {"plans": [{"key": "vip", "name": {"fr": "Club"}, "days": 30, "tier": "diamond"}]},
        {"referral": {"unit": "points"}},
        {"referral": {"unit": "stars", "friend_quantity": 5}},
        {"welcome": {"unit": "points", "quantity": 0}},
        {"donation": {"percent": "101"}},
        {"credit": {"unit": "points"}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ruleset.model_validate({**RULES, **changes})


def test_rules_stored_by_the_first_release_keep_their_meaning() -> None:
    rules = read_ruleset(STORED_THEN)
    assert (rules.clawback, rules.rounding, rules.tier_window_days) == ("negative", "half_up", 365)
    assert rules.tier_policy is None
    assert rules.tier_unit is None
    assert rules.pending_days_of("points") == 14
    assert rules.expiry_of("points") == Expiry(kind="months", months=24)
    assert (rules.multipliers, rules.caps, rules.plans, rules.counted) == ((), (), (), ())
    awards = earn(rules, Sale(1250, "EUR", "store", shipping_minor=0), member("gold"))
    assert [(award.unit, award.quantity) for award in awards] == [("points", 19)]
    assert read_ruleset(RULES).rounding == "down"


def test_a_unit_may_have_its_own_expiry_and_hold() -> None:
    own = {**POINTS, "expiry": {"kind": "end_of_year", "years": 1}, "pending_days": 0}
    rules = read_ruleset({**STORED_THEN, "units": [own]})
    assert rules.expiry_of("points") == Expiry(kind="end_of_year", years=1)
    assert rules.pending_days_of("points") == 0
    assert read_ruleset({**STORED_THEN, "expiry_months": None}).expiry_of("points").kind == "never"


def test_everything_at_once_is_read_back_the_same() -> None:
    document = {
        **RULES,
        "units": [POINTS, {**POINTS, "key": "credit", "kind": "credit"}],
        "earning": [BASE, GOAL, ACTIVITY],
        "basis": {"shipping": True},
        "multipliers": [
            {
                "key": "happy",
                "name": {"fr": "Heures douces"},
                "factor": "1.5",
                "match": {"categories": ["thé"]},
                "when": {
                    "tiers": ["gold"],
                    "plans": ["vip"],
                    "weekdays": ["mon"],
                    "from_time": "22:00",
                    "to_time": "02:00",
                    "starts_at": "2026-05-01T00:00:00",
                    "birthday": "month",
                },
                "stackable": True,
            }
        ],
        "caps": [{"per": "month", "quantity": 900}],
        "tier_policy": {"window": "calendar_year", "grace_days": 30, "downgrade": "one_level"},
        "plans": [{"key": "vip", "name": {"fr": "Club"}, "tier": "gold", "days": 30}],
        "referral": {"unit": "points", "referrer_quantity": 50, "hold_days": 14},
        "welcome": {"unit": "points", "quantity": 50},
        "donation": {"percent": "0.5"},
        "credit": {"unit": "credit", "share_max_percent": 50},
    }
    rules = read_ruleset(document)
    assert read_ruleset(rules.model_dump(mode="json")) == rules
    assert rules.counted == (("regular", "month", True), ("unit:points", "month", False))
    assert Ruleset.model_validate_json(rules.model_dump_json()) == rules


def test_every_problem_is_named_with_its_place() -> None:
    document = {**RULES, "rounding": "up and down", "earning": [{**BASE, "per_minor": 0}]}
    with pytest.raises(RulesetError) as caught:
        read_ruleset(document)
    assert len(caught.value.problems) == 2
    assert any(problem.startswith("earning.0.") for problem in caught.value.problems)
    with pytest.raises(RulesetError, match=r"^rule base earns an unknown unit stars$"):
        read_ruleset({**RULES, "earning": [{**BASE, "unit": "stars"}]})
