"""Texts of a pass in all its languages: what pass.json says, and the lines of each pass.strings.

Wallet looks up every text of pass.json, whole, in the `pass.strings` of the phone's language. So
the text itself is the key, and two texts that read alike in the program's language but differ in
another ("Carte" is "Card" here and "Menu" there), or a member who is called like a status, would be
mixed up. Such a text gets a mark that nobody sees, a zero width space, and so a key of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring as quoted

from passes.apple.files import File, Head
from passes.card import Text

MARK = "\u200b"
# JSON and pass.strings escape tab and line ends alike, other control characters each in its own way.
_ESCAPED, _ESCAPE = b"\\u00", "\\u00"
_IS, _END = b" = ", b";\n"  # of a line of pass.strings
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Languages = tuple[str, ...]
# A text of pass.json and its line for each language, or no lines.
Said = tuple[str, tuple[str, ...]]
OwnTexts = list[tuple[bytes, Text]]  # one card's: for which hole of the template
Marks = Sequence[tuple[Said, str]]  # texts that need another key


def said(languages: Languages, text: Text, marks: Marks = (), *, is_own: bool = False) -> Said:
    """The text as pass.json says it, with its lines. Escapes are those of JSON, which the format of
    pass.strings shares. A member's own text that reads the same everywhere needs no lines."""
    base = text.get(languages[0]) or next(iter(text.values()), "")
    spoken = [text.get(language) or base for language in languages]
    if is_own and spoken.count(base) == len(spoken):
        found: Said = base, ()
    else:
        found = base, _lines(base, spoken)
        if _ESCAPE in "".join(found[1]):
            spoken = [_CONTROLS.sub(" ", one) for one in spoken]
            base = _CONTROLS.sub(" ", base)
            found = base, _lines(base, spoken)
    for marked, key in marks:
        if marked == found:
            return key, _lines(key, spoken) if found[1] else ()
    return found


def _lines(key: str, spoken: list[str]) -> tuple[str, ...]:
    start = quoted(key)
    return tuple([f"{start} = {quoted(one)};\n" for one in spoken])


Filled = tuple[dict[bytes, bytes], list[File]]  # hole → JSON, and each language's pass.strings


class Block:
    """The texts that many cards share, each once, put together once. The `name` reads the same in every
    language and needs no line; but no other text may be looked up by it."""

    def __init__(self, languages: Languages, texts: Iterable[Said], name: Said) -> None:
        told = dict.fromkeys(texts)
        once = {name: None, **told}
        self.texts = tuple(once)
        self._languages = languages
        self._words = {base for base, _ in once}
        self._is_clear = len(self._words) == len(once)
        self._heads = [Head.of(_file(told, at)) for at in range(len(languages))]

    def with_own(self, own: OwnTexts, verbatim: Sequence[str]) -> Filled | None:
        """The texts of one card as JSON strings for their holes, and what each language's pass.strings
        says with them. `verbatim` are the card's texts that read the same in every language.

        This runs for every delivery, so it knows the straight way only: None where a text is missing
        in the program's language, needs a key of its own or holds what the two formats write
        differently.
        """
        first, *others = self._languages
        values: dict[bytes, bytes] = {}
        bases = [*verbatim]
        lines: list[list[bytes]] = [[] for _ in self._languages]
        for hole, text in own:
            base = text.get(first)
            words = [*map(text.get, others)]
            if not base or not all(words):
                return None
            bases.append(base)
            values[hole] = start = quoted(base).encode()
            if words.count(base) < len(words):
                lines[0] += (start, _IS, start, _END)
                for at, word in enumerate(words, 1):
                    lines[at] += (start, _IS, quoted(word).encode(), _END)  # type: ignore[arg-type]
        if len({*bases}) < len(bases) or not self._words.isdisjoint(bases) or not self._is_clear:
            return None
        added = [*map(b"".join, lines)]
        if _ESCAPED in b"".join(added):
            return None
        return values, [*zip(self._heads, added, strict=True)]

    def with_said(self, own: Iterable[Said]) -> list[File]:
        """What each language's pass.strings says with these texts, the long way: no two of them and of
        the block's may have one key for different words."""
        added = [text for text in dict.fromkeys(own) if text not in self.texts]
        return [(head, _file(added, at)) for at, head in enumerate(self._heads)]


def _file(texts: Iterable[Said], at: int) -> bytes:
    """The lines of one language."""
    return "".join([lines[at] for _, lines in texts if lines]).encode()


def clashing(texts: Iterable[Said]) -> Marks:
    """The texts that need a mark because an earlier one has the same key and other words."""
    taken: set[str] = set()
    marks: list[tuple[Said, str]] = []
    for text in dict.fromkeys(texts):
        key = text[0]
        while key in taken:
            key += MARK
        taken.add(key)
        if key != text[0]:
            marks.append((text, key))
    return marks
