"""Sentences that are translated where they are shown: marked here, filled in there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

_HOLE = re.compile(r"\{(\w+)\}")


def N_(text: str) -> str:  # noqa: N802  gettext's own name for "translate later"
    """Mark a text for the catalogue."""
    return text


def fill(text: str, facts: Mapping[str, Any], language: str) -> str:
    """The text with its `{holes}` filled, dates and numbers as the reader writes them; what is not a
    known hole stays as it is."""
    return _HOLE.sub(
        lambda hole: _said(facts[hole[1]], language) if hole[1] in facts else hole[0], text
    )


def _said(value: Any, language: str) -> str:
    if isinstance(value, datetime):
        is_day = not (value.hour or value.minute or value.second)
        write = format_date if is_day else format_datetime
        return str(write(value, "long" if is_day else "medium", locale=language))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(format_decimal(value, locale=language))
    return str(value)
