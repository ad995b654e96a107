"""A card survives storage, and its hash changes exactly when what it says changes."""

from __future__ import annotations

import dataclasses
import json

import pytest

from passes.card import LABELS, Card, Place, say
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
