"""Translations for commands: no request, no Flask, the same catalogue."""

from __future__ import annotations

import os
from functools import cache

from babel.support import Translations

from wallet.config import ASSETS
from wallet.doctor.check import Translate

LANGUAGES = ("en", "fr")


def language_of_shell() -> str:
    """The language of whoever types: LC_ALL, LC_MESSAGES or LANG; English where none is known."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name, ""):
            return value[:2].lower() if value[:2].lower() in LANGUAGES else "en"
    return "en"


@cache
def translator(language: str) -> Translate:
    """What turns an English text into this language."""
    found = Translations.load(str(ASSETS / "translations"), [language])
    return found.gettext
