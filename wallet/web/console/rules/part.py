"""One part of the rules that has a form of its own: what it asks, shows and keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from wallet.actions.program_view import ProgramView
from wallet.rules.ruleset import Ruleset
from wallet.rules.search_words import folded
from wallet.web.console.amounts import quantity_typed
from wallet.web.console.forms.ask import Section
from wallet.web.locale import current_language

NEW = "new"  # the key of what is not there yet
KEY_LENGTH_MAX = 32
Document = dict[str, Any]
Values = Mapping[str, Any]


class WrongError(Exception):
    """A sentence beside a field; nothing is kept."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(name)
        self.name = name
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Here:
    """The program, its rules as the draft has them, and the key of what is changed."""

    program: ProgramView
    rules: Ruleset
    key: str

    @property
    def is_new(self) -> bool:
        """Whether it is about to be made."""
        return self.key == NEW

    def say(self, words: Mapping[str, str]) -> str:
        """A text of the program in the language of the reader."""
        return self.program.text(words, current_language())

    @property
    def units(self) -> list[tuple[str, str]]:
        """Units to choose from."""
        return [(unit.key, self.say(unit.name)) for unit in self.rules.units]

    @property
    def tiers(self) -> list[tuple[str, str]]:
        """Statuses to choose from."""
        return [(tier.key, self.say(tier.name)) for tier in self.rules.tiers]

    def quantity(self, unit: str, name: str, text: str, most: int) -> int:
        """How much of a unit was typed: store credit as money. WrongError beside `name`."""
        kinds = {each.key: each.kind for each in self.rules.units}
        found = quantity_typed(self.program, kinds.get(unit, ""), text)
        if found is None or not 0 < found <= most:
            raise WrongError(name, _("More than nothing, please, and a whole number of points."))
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of part. `keep` writes the values into the document (WrongError says why not); `remove` is
    None for what every rule set has."""

    title: Callable[[Here], str]
    sections: Callable[[Here], list[Section]]
    values: Callable[[Here], dict[str, Any]]
    keep: Callable[[Here, Document, Values], None]
    has: Callable[[Here], bool]
    remove: Callable[[Here, Document], None] | None = None


def only_one(here: Here) -> bool:
    """Of parts that there is one of."""
    return here.key == "all"


def named(document: Document, group: str, key: str) -> dict[str, Any]:
    """The one with this key in a list of the document; a new one is put at its end."""
    found: dict[str, Any] | None = next((one for one in document[group] if one["key"] == key), None)
    if found is None:
        found = {"key": key}
        document[group].append(found)
    return found


def without(document: Document, group: str, key: str) -> None:
    """Take the one with this key out of a list of the document."""
    document[group] = [one for one in document[group] if one["key"] != key]


def new_key(words: Mapping[str, str], taken: Sequence[str], fallback: str) -> str:
    """A key from a name: `Mardi double` gives `mardi_double`, a second one `mardi_double_2`."""
    text = next((said for said in words.values() if said), "")
    bare = "_".join(re.findall(r"[a-z0-9]+", folded(text)))
    bare = re.sub(r"^[^a-z]+", "", bare)[: KEY_LENGTH_MAX - 4].strip("_") or fallback
    if bare == NEW:
        bare = fallback
    key, count = bare, 1
    while key in taken:
        count += 1
        key = f"{bare}_{count}"
    return key


def keys_taken(document: Document) -> list[str]:
    """Keys of rules and multipliers: one name space."""
    return [one["key"] for group in ("earning", "multipliers") for one in document[group]]
