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


def entry_hash(prev_hash: str, facts: Mapping[str, Any]) -> str:
    """The hash of an entry with these facts after an entry with `prev_hash`."""
    values = {name: _plain(facts[name]) for name in FACTS}
    body = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{prev_hash}\n{body}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value
