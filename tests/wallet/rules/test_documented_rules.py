"""The example of docs/rules.md is a rule set, and counts as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.wallet.rules.rulebook import award_of, member, said, sale
from wallet.rules.ruleset import read_ruleset

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_documented_example_is_a_rule_set() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    rules = read_ruleset(json.loads(example))
    assert {rule.kind for rule in rules.earning} == {
        "per_amount",
        "per_item",
        "per_visit",
        "visits",
        "activity",
    }
    tuesday = member().at.replace(day=17, hour=16)
    award = award_of(rules, sale(994), member("silver", at=tuesday))
    assert award.quantity == 19
    assert said(award) == [
        "9,94 €, 1 point par 1 €",
        "Heures douces × 2 (plus avantageux qu’Argent × 1,25)",
        "19,88 arrondi à 19",
    ]
