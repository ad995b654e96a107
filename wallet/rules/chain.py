"""The hash chain of an account: every entry seals the one before it.

SHA-256 over the previous hash and the canonical JSON of the entry's facts (keys sorted, no spaces,
UTF-8, times in UTC with microseconds). It detects edits by anybody who cannot also rewrite every
later entry and the copies of the head that left the house; it holds no personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

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


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def entry_hash(prev_hash: str, facts: Mapping[str, Any]) -> str:
    """The hash of an entry with these facts after an entry with `prev_hash`."""
    return facts_hash(prev_hash, *(facts[name] for name in FACTS))


def facts_hash(  # noqa: PLR0913  one parameter for each of FACTS, in their order
    prev_hash: str,
    id: int,  # noqa: A002  the name of the fact
    program_id: int,
    account_id: int,
    member_id: int,
    unit: str,
    seq: int,
    kind: str,
    contra: str,
    quantity: int,
    balance_after: int,
    owed_after: int,
    occurred_at: datetime,
    recorded_at: datetime,
    channel: str,
    actor: str,
    store_id: int | None,
    purchase_id: int | None,
    redemption_id: int | None,
    reverses_id: int | None,
    rule_version: int,
    why: Sequence[Mapping[str, Any]],
) -> str:
    """The same from the facts in the order of FACTS. The object is spelled out here because an
    audit does this for every entry there ever was; a test holds it against the json module."""
    body = (
        f'{{"account_id":{account_id},"actor":{_text(actor)},"balance_after":{balance_after},'
        f'"channel":{_text(channel)},"contra":{_text(contra)},"id":{id},"kind":{_text(kind)},'
        f'"member_id":{member_id},"occurred_at":"{_time(occurred_at)}","owed_after":{owed_after},'
        f'"program_id":{program_id},"purchase_id":{_number(purchase_id)},"quantity":{quantity},'
        f'"recorded_at":"{_time(recorded_at)}","redemption_id":{_number(redemption_id)},'
        f'"reverses_id":{_number(reverses_id)},"rule_version":{rule_version},"seq":{seq},'
        f'"store_id":{_number(store_id)},"unit":{_text(unit)},"why":{_encode(list(why))}}}'
    )
    return hashlib.sha256(f"{prev_hash}\n{body}".encode()).hexdigest()


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    return _encode(value)


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)
