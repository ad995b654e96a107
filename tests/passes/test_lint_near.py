"""The choice of stores: what a design may say, and what a linter says of it."""

from __future__ import annotations

from typing import Any

import pytest

from passes.design import Design
from passes.errors import DesignError
from passes.lint_near import Shop, lint_near
from tests.passes.cast import DESIGN

QUAY = Shop("sto_quay", "Quai", has_place=True, is_open=True)
ATTIC = Shop("sto_attic", "Grenier", has_place=False, is_open=True)
CELLAR = Shop("sto_cellar", "Cave", has_place=True, is_open=False)
MANY = [Shop(f"sto_{number}", str(number), has_place=True, is_open=True) for number in range(11)]
SHOPS = [QUAY, ATTIC, CELLAR, *MANY]


def design(**changes: Any) -> Design:
    return Design.parse({**DESIGN.model_dump(), **changes})


def test_a_design_of_before_stands_for_every_store() -> None:
    said = DESIGN.model_dump(mode="json")
    for name in ("near_stores", "near_words"):
        del said[name]
    old = Design.parse(said)
    assert old == DESIGN
    assert old.near.has("a store that opens next year")
    assert lint_near(old, SHOPS) == []


def test_a_store_is_chosen_once_and_the_choice_may_be_empty() -> None:
    some = design(near_stores=["sto_quay", "sto_attic", "sto_quay"])
    assert some.near_stores == ("sto_quay", "sto_attic")
    assert (some.near.has("sto_attic"), some.near.has("sto_cellar")) == (True, False)
    assert not design(near_stores=[]).near.has("sto_quay")
    assert Design.parse(some.model_dump(mode="json")) == some


@pytest.mark.parametrize(
    "changes",
    [
        {"near_stores": ["a store"]},
        {"near_stores": [""]},
        {"near_stores": "sto_quay"},
        {"near_stores": [7]},
        {"near_stores": [f"sto_{number}" for number in range(2_001)]},
        {"near_words": {}},
        {"near_words": {"fr": ""}},
        {"near_words": {"fr": "%@ et %@"}},
        {"near_words": {"fr": "x" * 201}},
    ],
)
def test_what_is_no_choice_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match=next(iter(changes))):
        design(**changes)


@pytest.mark.parametrize(
    ("chosen", "codes"),
    [
        (["sto_quay"], []),
        (["sto_quay", "sto_attic"], ["card.store_without_place"]),
        (["sto_quay", "sto_cellar"], ["card.store_closed"]),
        (["sto_quay", "sto_burnt"], ["card.store_closed"]),
        ([], ["card.stores_none"]),
        (["sto_attic"], ["card.store_without_place", "card.stores_none"]),
        (["sto_cellar"], ["card.store_closed", "card.stores_none"]),
        ([one.key for one in MANY], ["card.stores_many"]),
        ([one.key for one in MANY[:10]], []),
    ],
)
def test_what_a_choice_lacks_is_said_and_blocks_nothing(
    chosen: list[str], codes: list[str]
) -> None:
    found = lint_near(design(near_stores=chosen), SHOPS)
    assert [one.code for one in found] == codes
    for one in found:
        assert not one.blocks
        assert set(one.sentence) == set(one.fix) == {"en", "fr"}
        if one.change is not None:
            mended = design(**{"near_stores": chosen, **one.change})
            assert one.sentence not in [two.sentence for two in lint_near(mended, SHOPS)]
    assert lint_near(design(near_stores=chosen, shows_near_stores=False), SHOPS) == []
