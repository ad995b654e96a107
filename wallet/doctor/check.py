"""What a doctor says: one finding a line, with a code, a state, a sentence and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from wallet.config import Settings
from wallet.db import Database

State = Literal["ok", "warn", "fail"]
STATES: tuple[State, ...] = ("ok", "warn", "fail")
Translate = Callable[[str], str]
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Installation:
    """What a doctor looks at. `online` also asks the world outside (Apple, Google, the public address)."""

    settings: Settings
    database: Database
    now: datetime
    online: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `sentence` and `fix` are English, marked with `N_`, with `{facts}` to fill in.

    `fix` says what to do and is empty where all is well. `code` is stable: programs read it.
    """

    code: str
    state: State
    sentence: str
    fix: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A finding in the reader's language."""

    code: str
    state: State
    sentence: str
    fix: str


Doctor = Callable[[Installation], list[Check]]


def worst(checks: Iterable[Check]) -> State:
    """The state of the whole: that of its worst part."""
    return max((check.state for check in checks), key=STATES.index, default="ok")


def speak(check: Check, translate: Translate, language: str) -> Spoken:
    """The finding in this language; dates and numbers are written as the reader writes them."""
    return Spoken(
        check.code,
        check.state,
        fill(translate(check.sentence), check.facts, language),
        fill(translate(check.fix), check.facts, language) if check.fix else "",
    )


def fill(text: str, facts: Mapping[str, Any], language: str) -> str:
    """The text with its `{holes}` filled; what is not a known hole stays as it is."""
    return _HOLE.sub(
        lambda hole: _said(facts[hole[1]], language) if hole[1] in facts else hole[0], text
    )


def _said(value: Any, language: str) -> str:
    if isinstance(value, datetime):
        is_day = not (value.hour or value.minute or value.second)
        write = format_date if is_day else format_datetime
        return str(write(value, "long" if is_day else "medium", locale=language))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(format_decimal(value, locale=language))
    return str(value)
