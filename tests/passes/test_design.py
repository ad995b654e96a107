"""Designs are checked when they come in, and tiers inherit what they leave out."""

from __future__ import annotations

from typing import Any

import pytest

from passes.design import Design
from passes.errors import DesignError
from tests.passes.cast import DESIGN


def test_a_design_comes_back_from_its_json() -> None:
    assert Design.parse(DESIGN.model_dump()) == DESIGN


def test_a_tier_inherits_what_it_leaves_out() -> None:
    document = {**DESIGN.model_dump(), "tiers": {"gold": {"background": "#B8892F"}}}
    design = Design.parse(document)
    assert design.colours("gold") == ("#b8892f", DESIGN.foreground, DESIGN.label)
    assert design.colours("none") == design.colours(None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"background": "brown"}, "background"),
        ({"background": "#fff"}, "background"),
        ({"monogram": "ABC"}, "monogram"),
        ({"organization_name": ""}, "organization_name"),
        ({"description": {"fr": ""}}, "description.fr"),
        ({"tiers": {"gold": {"label": "x"}}}, "tiers.gold.label"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_the_first_thing_to_mend_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        Design.parse({**DESIGN.model_dump(), **change})
