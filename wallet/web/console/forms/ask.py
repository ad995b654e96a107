"""What a form asks for: one `Ask` a field, a `Section` for those that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "text",  # one line
    "long",  # several lines
    "words",  # one line in each language of the program
    "long_words",  # several lines in each language
    "lists",  # a list in each language, one thing a line
    "names",  # a list, one thing a line or between commas
    "count",  # a whole number
    "money",  # minor units, typed as an amount
    "decimal",  # a number with decimals, kept as text
    "choice",  # one of several
    "ticks",  # some of several
    "yes",  # a box
    "day",  # a date
    "clock",  # a time of day
    "place",  # latitude and longitude in one field
]
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One field. `least` and `most` bound numbers (money in minor units); `longest` bounds texts.

    `only` names the kinds (of the form's `kind` field) for which it is shown. `suggested` is offered
    while typing. `between` says what stands after the field (a unit, a word).
    """

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    choices: Choices = ()
    suggested: Sequence[str] = ()
    required: bool = False
    least: int | None = None
    most: int | None = None
    decimals: int = 4
    longest: int = 200
    only: str = ""
    rows: int = 3
    autocomplete: str = "off"


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading; `folded` ones open when they hold something."""

    title: str
    asks: Sequence[Ask]
    note: str = ""
    folded: bool = False
    in_threes: bool = False  # each three fields are one thing
    only: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is shown: what is asked, what was typed, what is wrong with it."""

    sections: Sequence[Section]
    typed: Mapping[str, Any]
    languages: Sequence[str]
    main_language: str
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks(self) -> Iterator[Ask]:
        """Every field."""
        return asks_of(self.sections)

    def is_used(self, section: Section) -> bool:
        """Whether a folded section holds something, or something that is wrong."""
        return any(
            self.errors.get(name) or (self.typed.get(name) and _can_be_empty(ask))
            for ask in section.asks
            for name in field_names(ask, self.languages)
        )


def _can_be_empty(ask: Ask) -> bool:
    """Whether what it holds says anything: a choice without an empty one always holds something."""
    return ask.kind != "choice" or "" in [key for key, _name in ask.choices]


def asks_of(sections: Sequence[Section]) -> Iterator[Ask]:
    """Every field of these sections."""
    return (ask for section in sections for ask in section.asks)


def field_names(ask: Ask, languages: Sequence[str]) -> list[str]:
    """The names of its inputs."""
    if ask.kind in ("words", "long_words", "lists"):
        return [f"{ask.name}_{language}" for language in languages]
    return [ask.name]
