"""What a doctor says: one finding a line, with a code, a state, a sentence and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from passes.words import fill
from wallet.config import Settings
from wallet.db import Database

State = Literal["ok", "warn", "fail"]
STATES: tuple[State, ...] = ("ok", "warn", "fail")
Translate = Callable[[str], str]


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
