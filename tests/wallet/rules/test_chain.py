"""The chain: what is hashed is exactly the canonical JSON of the facts, and every fact counts."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.chain import FACTS, Sealed, canonical, entry_hash

ids = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
reasons = st.lists(
    st.fixed_dictionaries(
        {"rule": texts, "text": st.dictionaries(texts, texts, max_size=2)},
        optional={"wanted": st.integers(0, 10**6)},
    ),
    max_size=3,
)
times = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001  the zone comes with the strategy
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
KINDS = {
    **dict.fromkeys(FACTS, ids),
    **dict.fromkeys(("unit", "kind", "contra", "channel", "actor"), texts),
    **dict.fromkeys(("store_id", "purchase_id", "redemption_id", "reverses_id"), st.none() | ids),
    "quantity": st.integers(-(10**12), 10**12),
    "occurred_at": times,
    "recorded_at": times,
    "why": reasons,
}
entries = st.fixed_dictionaries({name: KINDS[name] for name in FACTS})

EXAMPLE: dict[str, Any] = {
    **dict.fromkeys(FACTS, 7),
    **dict.fromkeys(("unit", "kind", "contra", "channel", "actor"), "points"),
    "occurred_at": datetime(2026, 3, 14, tzinfo=UTC),
    "recorded_at": datetime(2026, 3, 14, tzinfo=UTC),
    "why": [{"rule": "base", "text": {"fr": "40 €"}}],
}


def spelled(facts: dict[str, Any]) -> str:
    """The canonical JSON by the json module, as the module's docstring defines it."""
    plain = {
        name: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if isinstance(value, datetime)
        else value
        for name, value in facts.items()
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(entries, st.text("0123456789abcdef", max_size=64))
def test_the_hash_is_sha256_of_the_previous_hash_and_canonical_json(
    facts: dict[str, Any], prev_hash: str
) -> None:
    expected = hashlib.sha256(f"{prev_hash}\n{spelled(facts)}".encode()).hexdigest()
    assert entry_hash(prev_hash, facts) == expected


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_is_sealed(name: str) -> None:
    changed: Any = EXAMPLE[name]
    if isinstance(changed, datetime):
        changed += timedelta(microseconds=1)
    elif isinstance(changed, list):
        changed = [{**changed[0], "text": {"fr": "41 €"}}]
    else:
        changed = f"{changed}x" if isinstance(changed, str) else changed + 1
    assert entry_hash("", {**EXAMPLE, name: changed}) != entry_hash("", EXAMPLE)


def test_the_entry_before_is_sealed() -> None:
    assert entry_hash("a", EXAMPLE) != entry_hash("b", EXAMPLE)


def test_the_form_of_the_seal_never_changes() -> None:
    """Every ledger in the world was sealed like this: a change here breaks all of them."""
    assert (
        entry_hash("00ff", EXAMPLE)
        == "a1ef7425228166aac9571721cc4ff5de654f2c130638678bca71ed07049e2198"
    )


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=3)))
def test_what_is_spelled_once_is_what_would_be_spelled_twice(why: list[Any]) -> None:
    sealed = Sealed(why)
    assert sealed == why
    assert sealed.text == canonical(sealed) == canonical(why)
    assert entry_hash("", {**EXAMPLE, "why": sealed}) == entry_hash("", {**EXAMPLE, "why": why})
