"""The hash chain of an account: every entry seals the one before it.

SHA-256 over the previous hash and the canonical JSON of the entry's facts (keys sorted, no spaces,
UTF-8, times in UTC with microseconds). It detects edits by anybody who cannot also rewrite every
later entry and the copies of the head that left the house; it holds no personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def entry_hash(prev_hash: str, facts: Mapping[str, Any]) -> str:
    """The hash of an entry with these facts after an entry with `prev_hash`."""
    plain = {
        **facts,
        "occurred_at": _time(facts["occurred_at"]),
        "recorded_at": _time(facts["recorded_at"]),
        "why": canonical(list(facts["why"])),
    }
    return sealed_hash(prev_hash, *(plain[name] for name in FACTS))


def sealed_hash(  # noqa: PLR0913  one parameter for each of FACTS, in their order
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
    occurred_at: str,
    recorded_at: str,
    channel: str,
    actor: str,
    store_id: int | None,
    purchase_id: int | None,
    redemption_id: int | None,
    reverses_id: int | None,
    rule_version: int,
    why: str,
) -> str:
    """The same from the facts in the order of FACTS: times and `why` as the canonical JSON has them.
    The object is spelled out here because an audit does this for every entry there ever was; a test
    holds it against the json module."""
    body = (
        f'{prev_hash}\n{{"account_id":{account_id},"actor":{_text(actor)},"balance_after":{balance_after},'
        f'"channel":{_text(channel)},"contra":{_text(contra)},"id":{id},"kind":{_text(kind)},'
        f'"member_id":{member_id},"occurred_at":"{occurred_at}","owed_after":{owed_after},'
        f'"program_id":{program_id},"purchase_id":{"null" if purchase_id is None else purchase_id},'
        f'"quantity":{quantity},"recorded_at":"{recorded_at}",'
        f'"redemption_id":{"null" if redemption_id is None else redemption_id},'
        f'"reverses_id":{"null" if reverses_id is None else reverses_id},'
        f'"rule_version":{rule_version},"seq":{seq},'
        f'"store_id":{"null" if store_id is None else store_id},"unit":{_text(unit)},"why":{why}}}'
    )
    return hashlib.sha256(body.encode()).hexdigest()


@lru_cache(maxsize=65_536)
def canonical_text(document: str) -> str:
    """A JSON document in whatever form a database keeps it, in the canonical one. The sentences of a
    shop repeat themselves: two sales of the same amount have the same."""
    return canonical(json.loads(document))


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    return canonical(value)


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"
