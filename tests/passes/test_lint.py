"""The linter names what is wrong, where, and how to mend it; its mended colours are readable."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from passes.colour import CONTRAST_TEXT, contrast, parse_hex, readable, to_hex
from passes.design import Design, TierLook
from passes.finding import Finding, sorted_findings
from passes.lint import lint
from tests.passes.cast import ADA, DESIGN

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def codes(findings: list[Finding]) -> set[str]:
    return {one.code for one in findings}


def test_a_good_card_has_nothing_that_blocks() -> None:
    assert [one for one in lint(ADA, DESIGN) if one.blocks] == []


def test_a_pale_label_is_found_and_its_mended_colour_satisfies_the_linter() -> None:
    pale = DESIGN.model_copy(update={"label": "#5a3a2a"})
    (found,) = [one for one in lint(ADA, pale) if one.code == "card.contrast"]
    assert (found.where, found.severity) == ("design.label", "hint")
    assert "4,5" in found.say("fr")
    assert found.change is not None
    mended = Design.parse({**pale.model_dump(), **found.change})
    assert "card.contrast" not in codes(lint(ADA, mended))


def test_a_tiers_colour_is_mended_in_the_tier() -> None:
    design = DESIGN.model_copy(update={"tiers": {"gold": TierLook(background="#f7ead8")}})
    found = [one for one in lint(ADA, design, "gold") if one.code == "card.contrast"]
    assert {one.where for one in found} == {
        "design.tiers.gold.foreground",
        "design.tiers.gold.label",
    }


def test_what_the_format_forbids_blocks() -> None:
    silent = dataclasses.replace(ADA.balance, announce={"fr": "Solde changé", "en": "Changed"})
    first = lint(dataclasses.replace(ADA, balance=silent, announced="balance"), DESIGN)[0]
    assert (first.code, first.blocks) == ("apple.announcement_without_value", True)
    assert first.to_json()["wallet"] == "apple"


@settings(max_examples=40)
@given(COLOURS, COLOURS)
def test_a_readable_shade_exists_for_any_two_colours(
    ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    better = readable(ink, ground)
    assert contrast(better, ground) >= CONTRAST_TEXT
    assert parse_hex(to_hex(better)) == better


def test_findings_come_once_and_those_that_block_first() -> None:
    text = {"en": "x", "fr": "x"}
    hint = Finding("apple.a", "hint", text, text, "here")
    block = Finding("apple.b", "proven", text, text, "here")
    assert sorted_findings([hint, hint, block]) == [block, hint]


def test_long_words_are_cut_on_a_small_phone_in_the_language_that_has_them() -> None:
    tier = dataclasses.replace(
        ADA.tier,  # type: ignore[type-var]
        value={"fr": "Ambassadrice extraordinaire platine", "en": "Platinum"},
    )
    found = [one for one in lint(dataclasses.replace(ADA, tier=tier), DESIGN) if "cut" in one.code]
    (one,) = [one for one in found if one.where == "storeCard.secondaryFields.tier.value"]
    assert "(fr)" in one.sentence["en"]
    assert "…" in one.sentence["en"]
    assert not one.blocks
