"""Rule sets: whatever could not be carried out is refused before it is published."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wallet.actions.load_demo import RULES
from wallet.rules.ruleset import Ruleset

BASE = RULES["earning"][0]
BRONZE, SILVER = RULES["tiers"][:2]


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
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ruleset.model_validate({**RULES, **changes})
