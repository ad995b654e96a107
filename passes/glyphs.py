"""How wide a text is on a phone, near enough to say whether it will be cut."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from passes.glyph_widths import RUNS

SEMIBOLD = 1.04  # how much wider than the regular cut, on average over French and English texts
WIDE = 1000  # ideographs, kana, hangul and emoji fill the square
OTHER = 600  # Arabic, Hebrew, Thai, Devanagari …: the average advance of their letters

_WIDTHS = {start + at: width for start, row in RUNS.items() for at, width in enumerate(row)}


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Width in the units of `size` (points); the longest line counts."""
    lines = text.splitlines() or [""]
    widest = max(sum(_advance(character) for character in line) for line in lines)
    return widest * size / 1000 * (SEMIBOLD if is_bold else 1)


def shortened(text: str, size: float, room: float, *, is_bold: bool = False) -> str:
    """The text as a phone cuts it: whole where it has room, else the beginning and an ellipsis."""
    if text_width(text, size, is_bold=is_bold) <= room:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size, is_bold=is_bold) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


@lru_cache(maxsize=4096)
def _advance(character: str) -> int:
    known = _WIDTHS.get(ord(character))
    if known:
        return known
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in ("W", "F") or ord(character) >= 0x1F000:
        return WIDE
    return OTHER
