"""A card survives storage, and its hash changes exactly when what it says changes."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.card import LABELS, Card, Place, hash_of, say
from tests.passes.cast import ADA, IDENTITY

BARE = dataclasses.replace(ADA, tier=None, next_reward=None, sections=(), places=())


@pytest.mark.parametrize("card", [ADA, BARE])
def test_a_card_comes_back_from_its_json(card: Card) -> None:
    again = Card.from_json(json.loads(json.dumps(card.to_json())))
    assert again == card
    assert again.content_hash == card.content_hash


@pytest.mark.parametrize(
    "change",
    [
        {"member_name": "Ada M."},
        {"voided": True},
        {"places": (Place(1.0, 2.0, {"fr": "x"}),)},
        {"balance": dataclasses.replace(ADA.balance, number=1241)},
        {"languages": ("en", "fr")},
    ],
)
def test_every_visible_change_changes_the_hash(change: dict[str, object]) -> None:
    assert dataclasses.replace(ADA, **change).content_hash != ADA.content_hash  # type: ignore[arg-type]


def test_a_text_falls_back_to_the_programs_language() -> None:
    assert say({"fr": "Or", "en": "Gold"}, "en") == "Gold"
    assert say({"fr": "Or", "en": "Gold"}, "de") == "Or"
    assert say({"fr": "Or", "en": ""}, "en") == "Or"
    assert say({}, "en") == ""
    assert say(LABELS["member"], "de") == "Member"


def test_the_token_of_a_pass_stays_out_of_logs() -> None:
    assert IDENTITY.auth_token not in repr(IDENTITY)


_WORDS = st.dictionaries(st.text(max_size=8), st.text(), max_size=3)
_DEGREES = st.floats(-180, 180) | st.floats(-0.001, 0.001) | st.integers(-180, 180)
_PLACES = st.lists(
    st.fixed_dictionaries({"latitude": _DEGREES, "longitude": _DEGREES, "text": _WORDS}), max_size=2
)
_SAID = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**63 - 1),
        lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(said=_SAID, places=_PLACES)
def test_the_hash_is_that_of_the_canonical_json_to_the_last_byte(
    said: dict[str, object], places: list[dict[str, object]]
) -> None:
    """Stored hashes must stay what they are, or every phone would be told of a change."""
    said = {**said, "places": places}
    named = {name: part for name, part in said.items() if name != "announced"}
    text = json.dumps(named, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hash_of(said) == hashlib.sha256(text.encode()).hexdigest()
    assert hash_of({**said, "announced": "balance"}) == hash_of(said)
