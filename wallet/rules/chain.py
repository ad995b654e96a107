"""The hash chain of an account: every entry seals the one before it.

SHA-256 over the previous hash and the canonical JSON of the entry's facts (keys sorted, no spaces,
UTF-8, times in UTC with microseconds). It detects edits by anybody who cannot also rewrite every
later entry and the copies of the head that left the house; it holds no personal data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any

import orjson

WORDS_MAX = 4096  # kept at hand, as JSON

FACTS = (
    "id",
    "program_id",
    "account_id",
    "member_id",
    "unit",
    "seq",
    "kind",
    "contra",
    "quantity",
    "balance_after",
    "owed_after",
    "occurred_at",
    "recorded_at",
    "channel",
    "actor",
    "store_id",
    "purchase_id",
    "redemption_id",
    "reverses_id",
    "rule_version",
    "why",
)


_in_order = itemgetter(*FACTS)


class Sealed(list[Any]):
    """What goes into the seal and into the row, spelled once: `text` is its canonical JSON. Of words, whole
    numbers, lists and objects: those orjson writes as the json module does, several times as quickly."""

    __slots__ = ("text",)

    def __init__(self, parts: Iterable[Any]) -> None:
        super().__init__(parts)
        try:
            self.text = orjson.dumps(list(self), option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:  # a number of more than 64 bits
            self.text = _spelled(self)


_spelled = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(document: Any) -> str:
    """The one way in which JSON is sealed."""
    return document.text if isinstance(document, Sealed) else _spelled(document)


def entry_hash(prev_hash: str, facts: Mapping[str, Any]) -> str:
    """The hash of an entry with these facts after an entry with `prev_hash`."""
    plain = {
        **facts,
        "occurred_at": _time(facts["occurred_at"]),
        "recorded_at": _time(facts["recorded_at"]),
    }
    why = canonical(facts["why"]).encode()
    return sealed_hash((*_in_order(plain), prev_hash), why)


def sealed_hash(row: Sequence[Any], why: bytes) -> str:
    """The same from a row: FACTS in their order (times as the canonical JSON has them, `why` is given
    apart, as its canonical JSON), then the previous hash; what follows does not count.

    The object is spelled out here because an audit does this for every entry there ever was; a test
    holds it against the json module.
    """
    (
        id_,
        program_id,
        account_id,
        member_id,
        unit,
        seq,
        kind,
        contra,
        quantity,
        balance_after,
        owed_after,
        occurred_at,
        recorded_at,
        channel,
        actor,
        store_id,
        purchase_id,
        redemption_id,
        reverses_id,
        rule_version,
        _,
        prev_hash,
        *_,
    ) = row
    before = (
        f'{prev_hash}\n{{"account_id":{account_id},"actor":{_TEXTS[actor]},"balance_after":{balance_after},'
        f'"channel":{_TEXTS[channel]},"contra":{_TEXTS[contra]},"id":{id_},"kind":{_TEXTS[kind]},'
        f'"member_id":{member_id},"occurred_at":"{occurred_at}","owed_after":{owed_after},'
        f'"program_id":{program_id},"purchase_id":{"null" if purchase_id is None else purchase_id},'
        f'"quantity":{quantity},"recorded_at":"{recorded_at}",'
        f'"redemption_id":{"null" if redemption_id is None else redemption_id},'
        f'"reverses_id":{"null" if reverses_id is None else reverses_id},'
        f'"rule_version":{rule_version},"seq":{seq},'
        f'"store_id":{"null" if store_id is None else store_id},"unit":{_TEXTS[unit]},"why":'
    )
    return sha256(before.encode() + why + b"}").hexdigest()


@lru_cache(maxsize=65_536)
def canonical_bytes(document: str | bytes) -> bytes:
    """A JSON document in whatever form a database keeps it, in the canonical one. The sentences of a
    shop repeat themselves: two sales of the same amount have the same."""
    return canonical(json.loads(document)).encode()


class _Texts(dict[str, str]):
    """The few words of a ledger as JSON: kinds, channels, who acts."""

    def __missing__(self, word: str) -> str:
        if len(self) >= WORDS_MAX:
            self.clear()
        spelled = self[word] = canonical(word)
        return spelled


_TEXTS = _Texts()


def _time(value: datetime) -> str:
    return _time_of(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=64)  # a sale seals its own moment twice
def _time_of(utc: datetime) -> str:
    return f"{utc.isoformat(timespec='microseconds')[:26]}Z"
