"""Card: what a shopper sees, in words that belong to no wallet.

A card is composed once per change by the owner of the account and stored with its content hash;
from there on Apple's and Google's documents, the web card and the previews are all drawn from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson

from passes.values import value_class

# A text in every language of the program, keyed by language code. The first key is the program's
# own language, which is also the text a wallet falls back to.
Text = Mapping[str, str]

# How the stored JSON of a card is written; `from_json` reads every earlier way as well.
FORMAT = 2

WRITTEN_ALIKE_MIN = 0.0001  # degrees: Python writes smaller ones with two digits of exponent
PLACES_READ_MAX = 16  # sets of stores; programs of one process, or neighbourhoods of a chain

# What matters most to its holder comes first: one change a delivery is announced, and it is this.
ANNOUNCED_ORDER = ("tier", "ready", "balance", "credit")

# The labels that every card has and no program writes itself.
LABELS: Mapping[str, Text] = {
    "member": {"en": "Member", "fr": "Membre"},
    "number": {"en": "Member no.", "fr": "N° de membre"},
}


@value_class
class Fact:
    """One labelled value on the face of the card.

    `number` is the bare number for wallets that format or animate numbers; `value` is always what
    a person reads. With a `currency` (ISO 4217) the number is minor units. `announce` is the
    sentence shown on the lock screen when the value changes; `%@` in it stands for the new value.
    """

    key: str
    label: Text
    value: Text
    number: int | None = None
    announce: Text | None = None
    currency: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain data, without what is not there."""
        data: dict[str, Any] = {"key": self.key, "label": self.label, "value": self.value}
        if self.number is not None:
            data["number"] = self.number
        if self.announce is not None:
            data["announce"] = self.announce
        if self.currency is not None:
            data["currency"] = self.currency
        return data


@value_class
class Section:
    """A titled paragraph of the back of the card. `url` makes the paragraph a link."""

    key: str
    title: Text
    body: Text
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain data, without what is not there."""
        data: dict[str, Any] = {"key": self.key, "title": self.title, "body": self.body}
        if self.url is not None:
            data["url"] = self.url
        return data


@value_class
class Place:
    """A store near which the card should come forward on the lock screen. Degrees, WGS 84."""

    latitude: float
    longitude: float
    text: Text

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"latitude": self.latitude, "longitude": self.longitude, "text": self.text}


@value_class
class Card:
    """Everything one member's card says, now.

    `code` is the payload of the QR code (26 characters of Crockford base32); `code_text` is the
    same for people to read aloud. Languages come from the keys of the texts. `credit` is money in
    the member's account, `ready` the best reward that can be had now, `extras` are other counts.
    `announced` is the key of the one fact whose change is worth a message on the lock screen; it
    is chosen when the card is stored (`announced_fact`) and is no part of what the card says.
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
    credit: Fact | None = None
    ready: Fact | None = None
    extras: tuple[Fact, ...] = ()
    announced: str | None = None

    @property
    def facts(self) -> dict[str, Fact]:
        """Every labelled value that the card has, by key, the member's name and number too."""
        found = {"balance": self.balance}
        for fact in (self.credit, self.tier, self.next_reward, self.ready, *self.extras):
            if fact is not None:
                found[fact.key] = fact
        if self.member_name:
            found["member"] = Fact("member", LABELS["member"], self._plain(self.member_name))
        found["number"] = Fact("number", LABELS["number"], self._plain(self.member_number))
        return found

    def to_json(self) -> dict[str, Any]:
        """The card as plain data, the form in which it is stored on a pass; what is not there is
        left out, so that a card without a new part keeps its hash."""
        data: dict[str, Any] = {
            "format": FORMAT,
            "program_name": self.program_name,
            "code": self.code,
            "code_text": self.code_text,
            "balance": self.balance.to_json(),
            "member_name": self.member_name,
            "member_number": self.member_number,
            "languages": list(self.languages),
            "sections": [one.to_json() for one in self.sections],
            "places": [one.to_json() for one in self.places],
            "voided": self.voided,
        }
        for name in _OPTIONAL_FACTS:
            fact = getattr(self, name)
            if fact is not None:
                data[name] = fact.to_json()
        if self.extras:
            data["extras"] = [one.to_json() for one in self.extras]
        for name in ("expires_at", "announced"):
            value = getattr(self, name)
            if value is not None:
                data[name] = value
        return data

    @property
    def content_hash(self) -> str:
        """What `hash_of` says of it."""
        return hash_of(self.to_json())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """The card that `to_json` wrote, in this format or an earlier one.

        Parts that a newer process wrote and this one does not know are left out: while an
        installation is updated, both read the same rows.
        """
        values = {name: data[name] for name in _CARD_FIELDS if name in data}
        values["languages"] = tuple(values["languages"])
        values["balance"] = _fact(values["balance"])
        for name in _OPTIONAL_FACTS:
            values[name] = _fact(values[name]) if values.get(name) else None
        values["extras"] = tuple(_fact(one) for one in values.get("extras", ()))
        values["sections"] = tuple(
            Section(one["key"], one["title"], one["body"], one.get("url"))
            for one in values.get("sections", ())
        )
        values["places"] = _places(values.get("places", []))
        return cls(**values)

    def in_order(self) -> Card:
        """The same with every text in the order of `languages`: PostgreSQL keeps none of keys, and for
        a wallet the first language is the one that it falls back to."""
        return replace(
            self,
            program_name=self._ordered(self.program_name),
            balance=self._ordered_fact(self.balance) or self.balance,
            sections=tuple(
                replace(one, title=self._ordered(one.title), body=self._ordered(one.body))
                for one in self.sections
            ),
            places=tuple(replace(one, text=self._ordered(one.text)) for one in self.places),
            extras=tuple(self._ordered_fact(one) or one for one in self.extras),
            tier=self._ordered_fact(self.tier),
            next_reward=self._ordered_fact(self.next_reward),
            credit=self._ordered_fact(self.credit),
            ready=self._ordered_fact(self.ready),
        )

    def _ordered_fact(self, fact: Fact | None) -> Fact | None:
        return fact and replace(
            fact,
            label=self._ordered(fact.label),
            value=self._ordered(fact.value),
            announce=None if fact.announce is None else self._ordered(fact.announce),
        )

    def _ordered(self, text: Text) -> Text:
        return {key: text[key] for key in (*self.languages, *text) if key in text}

    def _plain(self, text: str) -> Text:
        """The same in every language."""
        return dict.fromkeys(self.languages, text)


_OPTIONAL_FACTS = ("tier", "next_reward", "credit", "ready")
_CARD_FIELDS = tuple(one.name for one in fields(Card))


def hash_of(said: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a card as plain data. The same hash means that no shopper
    would see a change."""
    data = {name: part for name, part in said.items() if name != "announced"}
    return hashlib.sha256(_canonical(data)).hexdigest()


_by_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _canonical(said: Mapping[str, Any]) -> bytes:
    """Keys sorted, no spaces, UTF-8, as the json module writes it: stored hashes were made by it, and
    orjson, ten times as quick, writes the same but for very small numbers."""
    if all(map(_is_written_alike, said.get("places", ()))):
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return _by_json(said).encode()


def _is_written_alike(place: Mapping[str, float]) -> bool:
    latitude, longitude = place["latitude"], place["longitude"]
    return (latitude == 0 or abs(latitude) >= WRITTEN_ALIKE_MIN) and (
        longitude == 0 or abs(longitude) >= WRITTEN_ALIKE_MIN
    )


def announced_fact(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], *, is_unread: bool = False
) -> str | None:
    """Which fact of a stored card to announce, given the one stored before; None for silence.

    Wallets show one message for each delivery, so of several changes the one that matters most
    speaks: a new status, then a reward that can be had now, then the balance. `is_unread` says
    that no phone has taken the earlier card yet: what that one wanted to announce still counts.
    A first card is news to nobody.
    """
    if before is None:
        return None
    waiting = before.get("announced") if is_unread else None
    for key in ANNOUNCED_ORDER:
        fact = after.get(key)
        if fact and fact.get("announce") and (key == waiting or _differs(before.get(key), fact)):
            return key
    return None


def _differs(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether the value is another one; a new label or language alone is not."""
    if before is None:
        return True
    if after.get("number") is not None:
        return bool(before.get("number") != after["number"])
    old, new = before["value"], after["value"]
    return any(old[language] != new[language] for language in old.keys() & new.keys())


def say(text: Text, language: str) -> str:
    """The text in a language, or else in the program's own (for our own labels: English)."""
    return text.get(language) or next(iter(text.values()), "")


_places_read: list[tuple[Any, tuple[Place, ...]]] = []


def _places(data: Any) -> tuple[Place, ...]:
    """The stores of a card. Most cards of a program have the same ones: those read last are the
    same objects again, which are compared at once."""
    global _places_read  # noqa: PLW0603  replaced whole, so threads need no lock
    for known, places in _places_read:
        if known == data:
            return places
    places = tuple(Place(one["latitude"], one["longitude"], one["text"]) for one in data)
    _places_read = [(data, places), *_places_read[: PLACES_READ_MAX - 1]]
    return places


def _fact(data: Mapping[str, Any]) -> Fact:
    return Fact(
        data["key"],
        data["label"],
        data["value"],
        data.get("number"),
        data.get("announce"),
        data.get("currency"),
    )


@dataclass(frozen=True, slots=True)
class PassIdentity:
    """What makes one issued pass: it never changes in the life of the pass.

    `serial` is random and says nothing about the member; `auth_token` is what the phone sends back
    to prove that it holds this pass (Apple: at least 16 characters).
    """

    serial: str
    auth_token: str = field(repr=False)
