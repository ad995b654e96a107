"""The bands of what a till must see of a card before it takes value."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from wallet.actions.load_demo import RULES
from wallet.rules.ruleset import RulesetError, read_ruleset

BANDS = [
    {"needs": "anything", "up_to": 50},
    {"needs": "code", "up_to": 150},
    {"needs": "fresh_code"},
]


def rules(**spending: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RULES), "spending": spending}


def test_the_band_of_a_value_is_the_first_that_reaches_it() -> None:
    found = read_ruleset(rules(bands=BANDS))
    needs = [found.proof_for("points", quantity) for quantity in (1, 50, 51, 150, 151, 10**6)]
    assert needs == ["anything", "anything", "code", "code", "fresh_code", "fresh_code"]


def test_without_bands_whatever_names_the_member_will_do() -> None:
    without = {key: value for key, value in RULES.items() if key != "spending"}
    found = read_ruleset(without)
    assert found.proof_for("points", 10**6) == "anything"
    assert not found.spending.rotating
    # Rules are kept with every default written out, and must then say the same.
    assert read_ruleset(found.model_dump(mode="json")) == found


@pytest.mark.parametrize(
    ("spending", "said"),
    [
        ({"bands": [{"needs": "code", "up_to": 10}]}, "has no up_to"),
        ({"bands": [{"needs": "code"}, {"needs": "fresh_code"}]}, "has no up_to"),
        (
            {
                "bands": [
                    {"needs": "code", "up_to": 9},
                    {"needs": "code", "up_to": 9},
                    {"needs": "code"},
                ]
            },
            "must rise",
        ),
        ({"bands": [{"needs": "fresh_code", "up_to": 9}, {"needs": "code"}]}, "cannot need less"),
        ({"bands": [{"needs": "code", "unit": "stars"}]}, "unknown unit stars"),
        (
            {"bands": [{"needs": "fresh_code"}], "rotating": False},
            "needs cards with a rotating code",
        ),
        ({"rotating": False, "static_code": False}, "keeps its static one"),
        ({"bands": [{"needs": "a nod"}]}, "spending.bands.0.needs"),
    ],
)
def test_bands_that_make_no_sense_are_refused(spending: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesetError, match=said):
        read_ruleset(rules(**spending))
