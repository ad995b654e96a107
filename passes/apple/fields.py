"""Fields of a pass as text of pass.json, with holes where a card has something of its own.

What most cards of a program share is written once into a template; `%(name)b` marks a hole.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from json.encoder import encode_basestring as quoted

from babel.numbers import get_currency_precision

from passes.apple.schema import LOCATIONS_MAX
from passes.apple.words import Languages, Marks, Said, said
from passes.card import Fact, Place, Section, Text

AMOUNTS_CACHED = 4096

# Sections of codes and numbers, in which iOS would see telephone numbers to call.
_NO_DETECTORS = {"history", "vouchers"}
# What is one member's alone, or nearly.
OWN_SECTIONS = {"card", "history", "vouchers", "referral", "endings", "next_tier", "membership"}


def is_own(fact: Fact) -> bool:
    """Whether the value differs from card to card, so that it is a hole in the template."""
    return fact.number is not None or fact.key != "tier"


class Writer:
    """Writes the template for one card, and gathers the texts that it holds."""

    def __init__(self, languages: Languages, marks: Marks = ()) -> None:
        self._languages, self._marks = languages, marks
        self.texts: list[Said] = []

    def say(self, text: Text) -> str:
        """A text as a JSON string that stands in the template."""
        found = said(self._languages, text, self._marks)
        self.texts.append(found)
        return literal(quoted(found[0]))

    def fact(self, name: str, fact: Fact, announce: Text | None) -> str:
        """A labelled value as a field called `name`; with `announce` the phone speaks of changes."""
        json = f'{{"key":{literal(quoted(name))},"label":{self.say(fact.label)},"value":'
        json += hole(fact.key) if is_own(fact) else self.say(fact.value)
        if fact.number is not None:
            json += _style(fact.currency)
        if announce is not None:
            json += f',"changeMessage":{self.say(announce)}'
        return f"{json}}}"

    def section(self, section: Section, at: int) -> str:
        """The paragraph at this place of the back."""
        name = literal(quoted(f"back-{section.key}"))
        json = f'{{"key":{name},"label":{self.say(section.title)},"value":'
        if section.key in OWN_SECTIONS:
            json += hole(f"body{at}")
            json += f',"attributedValue":{hole(f"link{at}")}' if section.url else ""
        else:
            json += self.say(section.body)
            if section.url:
                json += f',"attributedValue":{self.say(linked(section))}'
        if not section.url and section.key in _NO_DETECTORS:
            json += ',"dataDetectorTypes":[]'
        return f"{json}}}"

    def places(self, places: tuple[Place, ...]) -> str:
        """The value of `locations`."""
        entries = [
            f'{{"latitude":{float(one.latitude)!r},"longitude":{float(one.longitude)!r},'
            f'"relevantText":{self.say(one.text)}}}'
            for one in places[:LOCATIONS_MAX]
        ]
        return f"[{','.join(entries)}]"


def hole(name: str) -> str:
    """Where a card's own value goes."""
    return f"%({name})b"


def literal(json: str) -> str:
    """Text that stands in a template."""
    return json.replace("%", "%%")


def own_number(fact: Fact) -> bytes:
    """A count, or an amount of money in units of its currency."""
    assert fact.number is not None
    if fact.currency is None:
        return b"%d" % fact.number
    return amount(fact.number, fact.currency).encode()


@lru_cache(maxsize=AMOUNTS_CACHED)
def amount(minor: int, currency: str) -> str:
    """1250 EUR → `12.50`: a JSON number, and what Apple's semantic tags take as text."""
    digits = int(get_currency_precision(currency))
    sign, size = "-" if minor < 0 else "", abs(minor)
    whole, part = divmod(size, 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def linked(section: Section) -> Text:
    """The paragraph as a link, in every language."""
    url = section.url or ""
    return {language: link(url, words) for language, words in section.body.items()}


def link(url: str, words: str) -> str:
    """The one kind of mark-up that Wallet knows."""
    target = escape(url)
    return f'<a href="{target}">{target if words == url else escape(words)}</a>'


def _style(currency: str | None) -> str:
    if currency is None:
        return ',"numberStyle":"PKNumberStyleDecimal"'
    return f',"currencyCode":{literal(quoted(currency))}'
