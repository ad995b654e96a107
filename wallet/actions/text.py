"""Texts that are kept in every language of a program."""

from __future__ import annotations

from collections.abc import Mapping


def say(words: Mapping[str, str], locale: str, fallback: str = "en") -> str:
    """The text in `locale`, else in `fallback`, else in the first language there is."""
    return words.get(locale) or words.get(fallback) or next(iter(words.values()), "")
