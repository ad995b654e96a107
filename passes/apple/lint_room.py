"""What of a card's texts a small phone cuts.

Apple publishes neither type sizes nor margins; these were read off published pictures of store
cards on a phone 375 points wide. So what is found here is a hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from babel.numbers import format_currency, format_decimal

from passes.finding import Finding
from passes.glyphs import shortened, text_width

SMALL_PHONE_POINTS = 375  # iPhone SE (2nd and 3rd generation), the narrowest that gets updates
ROOM_POINTS = 327.0  # on the card, between its margins
GAP_POINTS = 10.0  # between two fields of a row
LABEL_POINTS = 11.0
HEADER_POINTS, PRIMARY_POINTS, ROW_POINTS = 17.0, 32.0, 17.0
PRIMARY_SHRINK = 0.5  # Wallet makes the type of the primary field smaller before it cuts
LOGO_ROOM_POINTS = 60.0  # the least that logo and logo text keep beside the header fields

Words = Mapping[str, str]


class _Said(NamedTuple):
    where: str
    label: str
    value: str


def lint_room(document: Mapping[str, Any], translations: Mapping[str, Words]) -> Iterator[Finding]:
    """Fields that do not fit in their row, in each language."""
    style = document.get("storeCard")
    if not isinstance(style, Mapping):
        return
    for language, words in (translations or {"": {}}).items():
        header = _said(style, ("headerFields",), words, language)
        yield from _row(header, HEADER_POINTS, ROOM_POINTS - LOGO_ROOM_POINTS, language)
        primary = _said(style, ("primaryFields",), words, language)
        yield from _row(primary, PRIMARY_POINTS * PRIMARY_SHRINK, ROOM_POINTS, language)
        below = _said(style, ("secondaryFields", "auxiliaryFields"), words, language)
        yield from _row(below, ROW_POINTS, ROOM_POINTS, language)


def _row(fields: Sequence[_Said], size: float, room: float, language: str) -> Iterator[Finding]:
    """Where the widths of a row add up to too much, the widest fields are cut to a fair share."""
    widths = [max(_width(one.label, LABEL_POINTS), text_width(one.value, size)) for one in fields]
    room -= GAP_POINTS * (len(fields) - 1)
    if sum(widths) <= room:
        return
    for one, width in zip(fields, widths, strict=True):
        share = _share(widths, room)
        if width <= share:
            continue
        is_label = text_width(one.value, size) <= share
        text, points = (one.label, LABEL_POINTS) if is_label else (one.value, size)
        yield _cut(one, "label" if is_label else "value", shortened(text, points, share), language)


def _width(label: str, size: float) -> float:
    return text_width(label, size, is_bold=True)


def _share(widths: Sequence[float], room: float) -> float:
    """The width up to which each may be, so that all fit in."""
    left, count = room, len(widths)
    for width in sorted(widths):
        if width > left / count:
            break
        left, count = left - width, count - 1
    return left / max(count, 1)


def _cut(field: _Said, part: str, shown: str, language: str) -> Finding:
    text = field.label if part == "label" else field.value
    tongue = f" ({language})" if language else ""
    return Finding(
        "apple.field_cut",
        "hint",
        {
            "en": f"A small iPhone cuts “{_brief(text)}” to about “{shown}”{tongue}.",
            "fr": f"Un petit iPhone coupe « {_brief(text)} » à peu près en « {shown} »{tongue}.",
        },
        {
            "en": "Shorten the text, or move a fact to the back of the card.",
            "fr": "Raccourcissez le texte, ou déplacez une information au dos de la carte.",
        },
        f"{field.where}.{part}",
    )


def _brief(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _said(
    style: Mapping[str, Any], groups: Sequence[str], words: Words, language: str
) -> list[_Said]:
    found = []
    for group in groups:
        for field in style.get(group) or []:
            if isinstance(field, Mapping):
                label = str(field.get("label", ""))
                value = _value(field, words, language or "en")
                where = f"storeCard.{group}.{field.get('key')}"
                found.append(_Said(where, words.get(label, label), value))
    return found


def _value(field: Mapping[str, Any], words: Words, language: str) -> str:
    """The value as the phone writes it."""
    value = field.get("value", "")
    if isinstance(value, int | float):
        if currency := field.get("currencyCode"):
            return str(format_currency(value, str(currency), locale=language))
        return str(format_decimal(value, locale=language))
    return words.get(str(value), str(value))
