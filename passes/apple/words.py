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

from passes.card import Text

MARK = "\u200b"
# JSON and pass.strings escape tab and line ends alike, other control characters each in its own way.
_ESCAPED = "\\u00"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Languages = tuple[str, ...]
# A text of pass.json and its line for each language, or no lines.
Said = tuple[str, tuple[str, ...]]
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
        if _ESCAPED in "".join(found[1]):
            spoken = [_CONTROLS.sub(" ", one) for one in spoken]
            base = _CONTROLS.sub(" ", base)
            found = base, _lines(base, spoken)
    for marked, key in marks:
        if marked == found:
            return key, _lines(key, spoken) if found[1] else ()
    return found


def said_quoted(languages: Languages, text: Text, marks: Marks) -> tuple[str, Said]:
    """A member's own text as a JSON string, and as `said` gives it. This runs for every delivery, so
    each word is quoted once; whatever is out of the ordinary goes the long way."""
    base = text.get(languages[0])
    if base and not marks:
        start = quoted(base)
        if _ESCAPED not in start:
            found = _lines_of_others(languages, text, base, start)
            if found is not None:
                return start, (base, found)
    told = said(languages, text, marks, is_own=True)
    return quoted(told[0]), told


def _lines_of_others(
    languages: Languages, text: Text, base: str, start: str
) -> tuple[str, ...] | None:
    """The line of each language, nothing where all read the same; None with characters that the two
    formats escape differently."""
    lines, is_same = [f"{start} = {start};\n"], True
    for language in languages[1:]:
        word = text.get(language) or base
        if word == base:
            lines.append(lines[0])
            continue
        is_same = False
        line = f"{start} = {quoted(word)};\n"
        if _ESCAPED in line:
            return None
        lines.append(line)
    return () if is_same else tuple(lines)


def _lines(key: str, spoken: list[str]) -> tuple[str, ...]:
    start = quoted(key)
    return tuple([f"{start} = {quoted(one)};\n" for one in spoken])


class Block:
    """The texts that many cards share, each once, put together once."""

    def __init__(self, languages: Languages, texts: Iterable[Said]) -> None:
        once = dict.fromkeys(texts)
        self._words = dict(tuple(once))
        self._is_clear = len(self._words) == len(once)
        self.texts = tuple(once)
        self._starts = [
            "".join([lines[at] for _, lines in once if lines]).encode()
            for at in range(len(languages))
        ]

    def with_own(self, own: list[Said]) -> list[bytes] | None:
        """What each language's pass.strings says with the texts of one card; None when two texts
        would get the same key for different words."""
        words = self._words
        seen: dict[str, tuple[str, ...]] = {}
        lines: list[tuple[str, ...]] = []
        if not self._is_clear:
            return None
        for base, its_lines in own:
            known = words.get(base)
            if known is None:
                known = seen.get(base)
            if known is None:
                seen[base] = its_lines
                if its_lines:
                    lines.append(its_lines)
            elif known != its_lines:
                return None
        return [
            start + "".join([one[at] for one in lines]).encode()
            for at, start in enumerate(self._starts)
        ]


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
