"""Widths are those of a real font, and texts are cut where a phone would cut them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageFont

from passes.glyph_widths import RUNS
from passes.glyphs import shortened, text_width

FONTS = Path(__file__).parents[2] / "static" / "vendor" / "fonts"


def test_the_table_holds_what_the_font_says() -> None:
    path = FONTS / "inter-latin.woff2"
    if not path.is_file():
        pytest.skip("needs the fonts that npm brings")
    font = ImageFont.truetype(str(path), 1000)
    font.set_variation_by_axes([400])
    for start, row in RUNS.items():
        for at, width in enumerate(row):
            if chr(start + at) in "aWi019 éçŒ€":
                assert width == round(font.getlength(chr(start + at)))


def test_wide_and_narrow_letters_and_other_scripts_differ() -> None:
    assert text_width("iiii", 10) < text_width("nnnn", 10) < text_width("WWWW", 10)
    assert text_width("漢字", 10) == 20
    assert text_width("ไ\u0e35", 10) == text_width("ไ", 10)  # a vowel sign above takes no room
    assert text_width("a\nlonger", 10) == text_width("longer", 10)
    assert text_width("abc", 10, is_bold=True) > text_width("abc", 10)


def test_a_text_is_cut_to_its_room() -> None:
    assert shortened("short", 10, 100) == "short"
    cut = shortened("Prochaine récompense", 11, 60)
    assert cut.endswith("…")
    assert text_width(cut, 11) <= 60
