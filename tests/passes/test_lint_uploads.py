"""An upload that a wallet would enlarge is found, with the size that would do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.design import Design, TierLook
from passes.design_parts import Poster
from passes.lint_uploads import lint_uploads
from tests.passes.cast import DESIGN

SHA = "a" * 64
OTHER = "b" * 64


def with_images(**images: str) -> Design:
    return DESIGN.model_copy(update={"images": images})


@pytest.mark.parametrize(
    ("role", "enough", "small"),
    [
        ("strip", (1125, 432), (375, 144)),
        ("icon", (660, 660), (114, 114)),
        ("logo", (1280, 400), (320, 100)),  # a lettering: Google shows it over the whole head
        ("logo", (462, 462), (100, 100)),  # a round mark
        ("hero", (1032, 336), (516, 168)),
        ("google_logo", (660, 660), (200, 200)),
    ],
)
def test_a_picture_is_enough_from_its_largest_use_on(
    role: str, enough: tuple[int, int], small: tuple[int, int]
) -> None:
    design = with_images(**{role: SHA})
    assert lint_uploads(design, {SHA: enough}) == []
    (found,) = lint_uploads(design, {SHA: small})
    assert (found.code, found.blocks, found.where) == (
        "card.picture_small",
        False,
        f"images.{role}",
    )
    assert f"{small[0]} × {small[1]}" in found.say("fr")


def test_what_google_takes_from_another_picture_is_not_asked_of_this_one() -> None:
    assert lint_uploads(with_images(icon=SHA, google_logo=OTHER), {SHA: (114, 114)}) == []
    assert lint_uploads(with_images(strip=SHA, hero=OTHER), {SHA: (1125, 432)}) == []
    assert lint_uploads(with_images(logo=SHA, icon=OTHER), {SHA: (150, 150)}) == []


def test_pictures_of_a_status_and_of_a_language_have_their_own_place() -> None:
    design = DESIGN.model_copy(
        update={
            "tiers": {"gold": TierLook(images={"strip": SHA})},
            "images_by_language": {"en": {"strip": SHA}},
        }
    )
    assert {one.where for one in lint_uploads(design, {SHA: (300, 100)})} == {
        "design.tiers.gold.images.strip",
        "images_by_language.en.strip",
    }


def test_pictures_of_the_full_size_look_count_only_where_it_is_on() -> None:
    design = with_images(artwork=SHA)
    assert lint_uploads(design, {SHA: (358, 448)}) == []
    on = design.model_copy(update={"poster": Poster()})
    (found,) = lint_uploads(on, {SHA: (358, 448)})
    assert "1074 × 1344" in found.say("en")


def test_an_upload_that_is_gone_is_left_to_who_makes_the_picture() -> None:
    assert lint_uploads(with_images(strip=SHA), {}) == []


@settings(max_examples=60)
@given(
    st.sampled_from(["logo", "icon", "strip", "hero", "google_logo"]),
    st.tuples(st.integers(16, 2048), st.integers(16, 2048)),
)
def test_the_size_that_is_asked_for_satisfies_the_linter(role: str, size: tuple[int, int]) -> None:
    design = with_images(**{role: SHA})
    for found in lint_uploads(design, {SHA: size}):
        asked = re.search(r"at least (\d+) × (\d+)", found.say("en"))
        assert asked is not None
        assert lint_uploads(design, {SHA: (int(asked[1]), int(asked[2]))}) == []
