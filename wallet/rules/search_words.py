"""The words by which a member is found when somebody types part of a name, an address or a number.

Typed and stored words are folded alike: no case, no accents, letters that stand for others spelled
out. A search is then a look at the beginning of words, which an ordered index answers at any size.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

WORD_LENGTH_MAX = 64  # characters kept of a word; nobody types more of it
WORDS_MAX = 40  # of one member: longer names and more addresses than that are no person's
TYPED_MAX = 6  # words of a search that count
NATIONAL_DIGITS = 9  # what stays of a phone number whatever is written in front of it
TAIL_DIGITS = 4  # what people say at a counter: "it ends in 56 78"

# Letters that decomposition leaves as they are.
_SPELLED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[\d\s()./+-]+")


def folded(text: str) -> str:
    """`Chloé LE GŒFF` → `chloe le goeff`."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in parts if not unicodedata.combining(char))
    return bare.translate(_SPELLED)


def words_of(text: str) -> list[str]:
    """The folded words of a text, in their order, each once."""
    return list(dict.fromkeys(word[:WORD_LENGTH_MAX] for word in _WORD.findall(folded(text))))


def words_typed(text: str) -> list[str]:
    """What a search looks for: words, or one number however it is grouped. Empty: nothing."""
    if _DIGITS.fullmatch(text.strip()):
        digits = "".join(char for char in text if char.isdigit()).lstrip("0")
        return [digits[:WORD_LENGTH_MAX]] if digits else []
    if "@" in text and " " not in text.strip():
        return [folded(text.strip())[:WORD_LENGTH_MAX]]
    return words_of(text)[:TYPED_MAX]


def words_of_member(name: str, identifiers: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Every word by which this member is found; `identifiers` are (kind, value)."""
    words = words_of(name)
    for kind, value in identifiers:
        if kind == "email":
            words += [folded(value)[:WORD_LENGTH_MAX], *words_of(value.partition("@")[0])]
        elif kind == "number":
            words += [value, value[-TAIL_DIGITS:]]
        elif kind == "phone":
            digits = value.lstrip("+")
            words += [digits, digits[-NATIONAL_DIGITS:], digits[-TAIL_DIGITS:]]
    return list(dict.fromkeys(words))[:WORDS_MAX]
