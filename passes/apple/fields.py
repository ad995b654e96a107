"""Fields of a pass as finished pieces of pass.json: most cards of a program share most of them."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from babel.numbers import get_currency_precision

from passes.apple.schema import LOCATIONS_MAX
from passes.apple.words import Block, Languages, Marks, Said, said
from passes.card import Fact, Place, Section, Text

BLOCKS_KEPT_MAX = 128  # sets of shared texts; some kilobytes each
AMOUNTS_CACHED = 4096

# Sections of codes and numbers, in which iOS would see telephone numbers to call.
_NO_DETECTORS = {"history", "vouchers"}
# What is one member's alone, or nearly: there is no use in keeping it for the next card.
OWN_FACTS = {"member", "number", "next_reward", "ready"}
OWN_SECTIONS = {"card", "history", "vouchers", "referral", "endings", "next_tier", "membership"}


class Piece(NamedTuple):
    """A part of pass.json and the texts in it."""

    json: str
    texts: tuple[Said, ...]


class Composer:
    """Makes the pieces of the cards of one design, tier and set of languages.

    It keeps the piece made last for each place: the next card mostly says the same there. What is
    kept changes no result. Safe to share between threads: entries are replaced whole.
    """

    def __init__(self, languages: Languages, marks: Marks = ()) -> None:
        self._languages, self._marks = languages, marks
        self._kept: dict[Any, tuple[Any, Piece]] = {}
        self._blocks: dict[tuple[int, ...], tuple[list[Piece], Block]] = {}

    def fact(
        self, name: str, fact: Fact, announce: Text | None, shared: list[Piece], own: list[Said]
    ) -> str:
        """A labelled value as a field called `name`; with `announce` the phone speaks of changes.

        Its texts are added to those that cards share or to the card's own.
        """
        start = self._start(name, fact.label)
        shared.append(start)
        if fact.number is not None:
            value, end = _number(fact), _style(fact.currency)
        else:
            value, end = self._value(name, fact, shared, own), ""
        if announce is None:
            return f"{start.json}{value}{end}}}"
        told = self._once(("announce", name), announce, self._announcement)
        shared.append(told)
        return f"{start.json}{value}{end}{told.json}}}"

    def section(self, section: Section, shared: list[Piece], own: list[Said]) -> str:
        """One paragraph of the back."""
        if section.key not in OWN_SECTIONS:
            piece = self._once(("section", section.key), section, self._section)
            shared.append(piece)
            return piece.json
        start = self._start(f"back-{section.key}", section.title)
        shared.append(start)
        end = self._body(section)
        own += end.texts
        return start.json + end.json

    def places(self, places: tuple[Place, ...], shared: list[Piece]) -> str:
        """The value of `locations`."""
        piece = self._once("places", places, self._places)
        shared.append(piece)
        return piece.json

    def block(self, shared: list[Piece]) -> Block:
        """The texts of these pieces, put together once for as long as they stay the same."""
        key = tuple(map(id, shared))
        kept = self._blocks.get(key)
        if kept is None:
            if len(self._blocks) >= BLOCKS_KEPT_MAX:
                self._blocks.clear()
            texts = [text for piece in shared for text in piece.texts]
            # The pieces are kept too: their ids stay theirs as long as they are keys.
            kept = self._blocks[key] = (shared, Block(self._languages, texts))
        return kept[1]

    def _once(self, place: Any, value: Any, make: Any) -> Piece:
        kept = self._kept.get(place)
        if kept is not None and kept[0] == value:
            return kept[1]
        piece: Piece = make(value)
        self._kept[place] = (value, piece)
        return piece

    def _said(self, text: Text, *, is_own: bool = False) -> Said:
        return said(self._languages, text, self._marks, is_own=is_own)

    def _start(self, name: str, label: Text) -> Piece:
        """The beginning of a field, up to its value."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == label:
            return kept[1]
        text = self._said(label)
        piece = Piece(f'{{"key":{quoted(name)},"label":{quoted(text[0])},"value":', (text,))
        self._kept[name] = (label, piece)
        return piece

    def _value(self, name: str, fact: Fact, shared: list[Piece], own: list[Said]) -> str:
        if fact.key in OWN_FACTS:
            text = self._said(fact.value, is_own=True)
            own.append(text)
            return quoted(text[0])
        piece = self._once(("value", name), fact.value, self._words)
        shared.append(piece)
        return piece.json

    def _words(self, text: Text) -> Piece:
        found = self._said(text)
        return Piece(quoted(found[0]), (found,))

    def _announcement(self, text: Text) -> Piece:
        found = self._said(text)
        return Piece(f',"changeMessage":{quoted(found[0])}', (found,))

    def _section(self, section: Section) -> Piece:
        start = self._start(f"back-{section.key}", section.title)
        end = self._body(section)
        return Piece(start.json + end.json, (*start.texts, *end.texts))

    def _body(self, section: Section) -> Piece:
        is_own = section.key in OWN_SECTIONS
        text = self._said(section.body, is_own=is_own)
        if section.url:
            linked = self._said(_linked(section.url, section.body), is_own=is_own)
            json = f'{quoted(text[0])},"attributedValue":{quoted(linked[0])}}}'
            return Piece(json, (text, linked))
        plain = ',"dataDetectorTypes":[]}' if section.key in _NO_DETECTORS else "}"
        return Piece(quoted(text[0]) + plain, (text,))

    def _places(self, places: tuple[Place, ...]) -> Piece:
        near = places[:LOCATIONS_MAX]
        texts = [self._said(one.text) for one in near]
        entries = [
            f'{{"latitude":{float(one.latitude)!r},"longitude":{float(one.longitude)!r},'
            f'"relevantText":{quoted(text[0])}}}'
            for one, text in zip(near, texts, strict=True)
        ]
        return Piece(f"[{','.join(entries)}]", tuple(texts))


def _number(fact: Fact) -> str:
    assert fact.number is not None
    return str(fact.number) if fact.currency is None else amount(fact.number, fact.currency)


@lru_cache(maxsize=AMOUNTS_CACHED)
def amount(minor: int, currency: str) -> str:
    """1250 EUR → `12.50`: a JSON number, and what Apple's semantic tags take as text."""
    digits = int(get_currency_precision(currency))
    sign, size = "-" if minor < 0 else "", abs(minor)
    whole, part = divmod(size, 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def _style(currency: str | None) -> str:
    if currency is None:
        return ',"numberStyle":"PKNumberStyleDecimal"'
    return f',"currencyCode":{quoted(currency)}'


def _linked(url: str, body: Text) -> Text:
    address = escape(url)
    return {
        language: f'<a href="{address}">{address if words == url else escape(words)}</a>'
        for language, words in body.items()
    }
