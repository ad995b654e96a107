"""The rows of Google's card as a design chooses them: in the class, on the phone, and what a linter says."""

from __future__ import annotations

import dataclasses
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.card import Card, Fact, Section
from passes.design import Design
from passes.design_parts import ROWS, Rows
from passes.errors import DesignError
from passes.google.document import loyalty_class, loyalty_object
from passes.google.lint_rows import lint_rows
from passes.google.schema import objections
from passes.preview import faces
from passes.simulate.google_face import face
from tests.passes.cast import ADA, DESIGN
from tests.passes.google.test_document import BRAND, CLASS, LOOK, OBJECT

STAMPS = Fact("unit:stamps", {"fr": "Tampons", "en": "Stamps"}, {"fr": "3/10", "en": "3/10"})
CREDIT = Fact(
    "credit", {"fr": "Avoir", "en": "Credit"}, {"fr": "12,50 €", "en": "€12.50"}, 1250, None, "EUR"
)
READY = Fact("ready", {"fr": "À vous", "en": "Yours"}, {"fr": "Un café", "en": "A coffee"})
RICH = dataclasses.replace(ADA, credit=CREDIT, ready=READY, extras=(STAMPS,))
KNOWN = tuple(RICH.facts)
AT = {1: ["centre"], 2: ["start", "end"], 3: ["start", "middle", "end"]}


def with_rows(rows: Any) -> Design:
    return Design.parse({**DESIGN.model_dump(), "google_rows": rows})


def documents(design: Design, card: Card = RICH) -> tuple[dict[str, Any], dict[str, Any]]:
    its_class = loyalty_class(CLASS, BRAND, design, LOOK)
    return its_class, loyalty_object(OBJECT, CLASS, card, LOOK, rows=design.google_rows)


def codes(rows: Any, card: Card = RICH) -> set[str]:
    return {one.code for one in lint_rows(with_rows(rows), card, KNOWN)}


def test_a_design_of_before_has_the_rows_that_it_always_had() -> None:
    said = DESIGN.model_dump(mode="json")
    del said["google_rows"]
    assert Design.parse(said) == DESIGN
    assert Design.parse(said).google_rows == ROWS
    # … and its objects say what they said, whatever else a member has.
    _, resource = documents(DESIGN)
    modules = [one["id"] for one in resource["textModulesData"]]
    assert modules[:2] == ["tier", "next_reward"]
    assert not {"credit", "ready", "unit-stamps"} & set(modules)


@st.composite
def any_rows(draw: st.DrawFn) -> Rows:
    keys = draw(st.permutations(KNOWN))
    rows, at = [], 0
    for length in draw(st.lists(st.integers(0, 3), max_size=3)):
        rows.append(tuple(keys[at : at + length]))
        at += length
    return tuple(rows)


@settings(max_examples=60, deadline=None)
@given(rows=any_rows(), language=st.sampled_from(["fr", "en"]))
def test_a_phone_draws_what_was_chosen_in_its_order(rows: Rows, language: str) -> None:
    its_class, resource = documents(with_rows(rows))
    assert objections("loyaltyClass", its_class) == []
    assert objections("loyaltyObject", resource) == []
    drawn = face(its_class, resource, language, lambda url: url)["rows"]
    filled = [row for row in rows if row]
    assert [[cell["at"] for cell in row] for row in drawn] == [AT[len(row)] for row in filled]
    facts = RICH.facts
    for cells, row in zip(drawn, filled, strict=True):
        for cell, key in zip(cells, row, strict=True):
            if key != "balance":  # Google spells numbers itself
                assert cell["value"] == facts[key].value[language]
    # The designer's preview is the same drawing.
    shown = faces(RICH, with_rows(rows), None)["google"][language]["rows"]
    assert shown == drawn


def test_what_a_member_lacks_leaves_its_place_free() -> None:
    its_class, resource = documents(with_rows([["credit", "tier", "number"]]), ADA)
    (row,) = face(its_class, resource, "en", lambda url: url)["rows"]
    assert [cell["at"] for cell in row] == ["middle", "end"]
    assert [one["id"] for one in resource["textModulesData"]][:2] == ["tier", "next_reward"]


@pytest.mark.parametrize(
    "rows",
    [
        [["balance"]] * 4,
        [["balance", "tier", "member", "number"]],
        [["not a fact!"]],
        ["balance"],
        [["*"]],
    ],
)
def test_what_google_would_refuse_is_no_design(rows: Any) -> None:
    with pytest.raises(DesignError, match="google_rows"):
        with_rows(rows)


def test_no_row_at_all_leaves_the_choice_to_google() -> None:
    its_class, _ = documents(with_rows([[], []]))
    assert set(its_class["classTemplateInfo"]) == {"listTemplateOverride"}
    assert objections("loyaltyClass", its_class) == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], {"google.rows_empty", "google.fact_unseen"}),
        ([["balance", "credit"], [], ["unit:stamps"]], {"google.row_empty"}),
        ([["balance", "credit"], ["balance", "unit:stamps"]], {"google.fact_twice"}),
        ([["credit", "unit:beans"], ["unit:stamps"]], {"google.fact_unknown"}),
        ([["balance"], ["credit"]], {"google.fact_unseen"}),
        ([["balance"], ["credit", "unit:stamps"]], set()),
    ],
)
def test_every_finding_is_mended_by_its_own_change(rows: Any, found: set[str]) -> None:
    assert codes(rows) == found
    for _ in range(8):
        findings = lint_rows(with_rows(rows), RICH, KNOWN)
        if not findings:
            break
        for one in findings:
            assert not one.blocks
            assert set(one.sentence) == set(one.fix) == {"en", "fr"}
        assert findings[0].change is not None
        rows = findings[0].change["google_rows"]
    assert lint_rows(with_rows(rows), RICH, KNOWN) == []


def test_the_usual_rows_are_right_for_a_program_without_statuses() -> None:
    known = [key for key in KNOWN if key != "tier"]
    assert lint_rows(DESIGN, ADA, known) == []


def test_the_details_show_ten_texts_of_the_card_and_ten_of_the_design() -> None:
    words = {"fr": "Texte", "en": "Text"}
    back = [{"key": f"own{number}", "title": words, "body": words} for number in range(12)]
    design = Design.parse({**DESIGN.model_dump(), "back": back})
    sections = tuple(Section(f"s{number}", words, words) for number in range(12))
    its_class, resource = documents(design, dataclasses.replace(RICH, sections=sections))
    assert len(face(its_class, resource, "fr", lambda url: url)["details"]) == 20
    # What a row asks for is on the face, and takes nothing else's place below.
    chosen = design.model_copy(update={"google_rows": (("ready", "unit:stamps"),)})
    its_class, resource = documents(chosen, dataclasses.replace(RICH, sections=sections))
    drawn = face(its_class, resource, "fr", lambda url: url)
    assert [cell["value"] for cell in drawn["rows"][0]] == ["Un café", "3/10"]
    assert sum(one["value"] == "Texte" for one in drawn["details"]) == 8 + 10
    its_class, resource = documents(design)
    found = face(its_class, resource, "fr", lambda url: url)["details"]
    assert len(found) == len(resource["textModulesData"]) + 10


def test_a_full_card_has_no_place_to_give() -> None:
    full = [["balance", "tier", "member"], ["number", "next_reward", "ready"], ["credit"] * 3]
    (unseen,) = [
        one for one in lint_rows(with_rows(full), RICH, KNOWN) if one.code == "google.fact_unseen"
    ]
    assert unseen.change is None
    assert "unit:stamps" not in set(chain.from_iterable(full))
