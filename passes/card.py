"""Card: what a shopper sees, in words that belong to no wallet.

A card is composed once per change by the owner of the account and stored with its content hash;
from there on Apple's and Google's documents, the web card and the previews are all drawn from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# A text in every language of the program, keyed by language code. The first key is the program's
# own language, which is also the text a wallet falls back to.
Text = Mapping[str, str]

FactKey = Literal["balance", "tier", "next_reward", "member", "number"]

# The labels that every card has and no program writes itself.
LABELS: Mapping[FactKey, Text] = {
    "member": {"en": "Member", "fr": "Membre"},
    "number": {"en": "Member no.", "fr": "N° de membre"},
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value on the face of the card.

    `number` is the bare number for wallets that format or animate numbers; `value` is always what
    a person reads. `announce` is the sentence shown on the lock screen when the value changes;
    `%@` in it stands for the new value.
    """

    key: str
    label: Text
    value: Text
    number: int | None = None
    announce: Text | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled paragraph of the back of the card. `url` makes the paragraph a link."""

    key: str
    title: Text
    body: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A store near which the card should come forward on the lock screen. Degrees, WGS 84."""

    latitude: float
    longitude: float
    text: Text


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one member's card says, now.

    `code` is the payload of the QR code (26 characters of Crockford base32); `code_text` is the
    same for people to read aloud. Languages come from the keys of the texts.
    """

    program_name: Text
    code: str
    code_text: str
    balance: Fact
    member_name: str
    member_number: str
    languages: tuple[str, ...]
    tier: Fact | None = None
    next_reward: Fact | None = None
    sections: tuple[Section, ...] = ()
    places: tuple[Place, ...] = ()
    voided: bool = False
    expires_at: str | None = None  # RFC 3339 with zone

    def to_json(self) -> dict[str, Any]:
        """The card as plain data, the form in which it is stored on a pass."""
        data: dict[str, Any] = _plain(self)
        return data

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON. The same hash means that no shopper would see a change."""
        data = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(data.encode()).hexdigest()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """The card that `to_json` wrote."""
        values = dict(data)
        values["languages"] = tuple(values["languages"])
        values["balance"] = Fact(**values["balance"])
        for key in ("tier", "next_reward"):
            values[key] = Fact(**values[key]) if values.get(key) else None
        values["sections"] = tuple(Section(**item) for item in values.get("sections", ()))
        values["places"] = tuple(Place(**item) for item in values.get("places", ()))
        return cls(**values)


def say(text: Text, language: str) -> str:
    """The text in a language, or else in the program's own (for our own labels: English)."""
    return text.get(language) or next(iter(text.values()), "")


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class PassIdentity:
    """What makes one issued pass: it never changes in the life of the pass.

    `serial` is random and says nothing about the member; `auth_token` is what the phone sends back
    to prove that it holds this pass (Apple: at least 16 characters).
    """

    serial: str
    auth_token: str = field(repr=False)
