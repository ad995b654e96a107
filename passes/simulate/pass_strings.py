"""Apple's `pass.strings`, whose lines pair a text with its translation."""

from __future__ import annotations

import codecs
import re

_PAIR_OR_COMMENT = re.compile(
    r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;|/\*.*?\*/', re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:U([0-9a-fA-F]{4})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}


class StringsError(ValueError):
    """The file is not what Apple calls a strings file."""


def parse_strings(data: bytes) -> dict[str, str]:
    """The pairs of a strings file, in UTF-8 or UTF-16."""
    text = _decode(data)
    rest = _PAIR_OR_COMMENT.sub("", text).strip()
    if rest:
        raise StringsError(f"pass.strings: cannot read {rest[:40]!r}")
    pairs = (match.groups() for match in _PAIR_OR_COMMENT.finditer(text))
    return {_unescape(key): _unescape(value) for key, value in pairs if key is not None}


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    if b"\x00" in data[:4]:
        return data.decode("utf-16-le")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StringsError("pass.strings: neither UTF-8 nor UTF-16") from error


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _PLAIN.get(match[3], match[3])

    return _ESCAPE.sub(one, text)
