"""The card as Google's class and object: golden files, Google's own schema, and what must not be left to chance."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from passes.card import Card, Section
from passes.google.document import (
    Pictures,
    essentials,
    loyalty_class,
    loyalty_object,
    pictures,
    reference,
)
from passes.google.schema import objections
from passes.images import media, no_uploads
from passes.simulate.google_face import face
from tests.passes.cast import ADA, DESIGN

GOLDEN = Path(__file__).parents[2] / "golden" / "google"
CLASS = "3388000000000000001.demo"
OBJECT = "3388000000000000001.ada"
LOOK = Pictures("https://cards.test/media/logo.png", "https://cards.test/media/hero.png")
CALLBACK = "https://cards.test/google/callback"


def the_class(callback: str = CALLBACK) -> dict[str, Any]:
    return loyalty_class(CLASS, ADA.program_name, DESIGN, LOOK, callback)


def the_object(card: Card = ADA) -> dict[str, Any]:
    return loyalty_object(OBJECT, CLASS, card, LOOK)


def golden(name: str, resource: dict[str, Any]) -> None:
    """Compare with the file; COMPTOIR_WRITE_GOLDEN=1 writes it anew for review."""
    text = json.dumps(resource, indent=2, ensure_ascii=False) + "\n"
    path = GOLDEN / name
    if os.environ.get("COMPTOIR_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_the_class_is_the_golden_one() -> None:
    golden("class.json", the_class())


def test_the_object_is_the_golden_one() -> None:
    golden("object.json", the_object())


BARE = dataclasses.replace(ADA, member_name="", tier=None, next_reward=None, sections=(), places=())
ENDED = dataclasses.replace(ADA, voided=True, expires_at="2027-01-31T23:59:59+01:00")


@pytest.mark.parametrize("card", [ADA, BARE, ENDED])
def test_googles_schema_accepts_every_form(card: Card) -> None:
    whole = the_object(card)
    assert objections("loyaltyClass", the_class()) == []
    for resource in (whole, essentials(whole), reference(whole)):
        assert objections("loyaltyObject", resource) == []


def test_callbacks_are_for_https_only() -> None:
    assert "callbackOptions" not in the_class("http://127.0.0.1:8000/google/callback")
    assert "callbackOptions" not in the_class("")


def test_a_voided_card_is_inactive_and_an_ending_one_says_when() -> None:
    found = the_object(ENDED)
    assert found["state"] == "INACTIVE"
    assert found["validTimeInterval"] == {"end": {"date": "2027-01-31T23:59:59+01:00"}}


def test_a_patch_clears_what_is_gone() -> None:
    found = the_object(BARE)
    assert found["textModulesData"] == []
    assert found["linksModuleData"] == {"uris": []}


def test_a_balance_beyond_32_bits_is_a_text() -> None:
    rich = dataclasses.replace(ADA.balance, number=2**31, value={"fr": "2 147 483 648 points"})
    found = the_object(dataclasses.replace(ADA, balance=rich))
    assert found["loyaltyPoints"]["balance"] == {"string": "2 147 483 648 points"}
    assert objections("loyaltyObject", found) == []


def test_long_names_and_many_sections_are_cut_to_googles_limits() -> None:
    sections = tuple(Section(f"s{n}", {"fr": f"Titre {n}"}, {"fr": "x"}) for n in range(20))
    card = dataclasses.replace(ADA, member_name="A" * 60, sections=sections)
    found = the_object(card)
    assert len(found["accountName"]) == 20
    assert len(found["textModulesData"]) == 10


def test_labels_keep_googles_limits() -> None:
    found = the_class()
    for label in ("accountNameLabel", "accountIdLabel"):
        twin = found[f"localized{label[0].upper()}{label[1:]}"]
        values = [twin["defaultValue"], *twin["translatedValues"]]
        assert all(len(value["value"]) <= 15 for value in values)
        assert [value["language"] for value in values] == ["fr", "en"]


def test_pictures_are_published_under_the_hash_of_their_bytes() -> None:
    plain = pictures(DESIGN, no_uploads, "https://cards.test/media")
    gold = pictures(DESIGN, no_uploads, "https://cards.test/media", "gold")
    published = {f"https://cards.test/media/{name}.png" for name in media(DESIGN, no_uploads)}
    assert {plain.logo, plain.hero, gold.logo, gold.hero} == published
    assert plain.hero != gold.hero


@pytest.mark.parametrize(
    ("language", "tier", "reward"),
    [("fr", "Or", "Café offert dans 60 points"), ("en", "Gold", "Free coffee in 60 points")],
)
def test_a_phone_draws_balance_tier_and_reward(language: str, tier: str, reward: str) -> None:
    drawn = face(the_class(), the_object(), language, lambda url: url)
    values = [[cell["value"] for cell in row] for row in drawn["rows"]]
    balance = "1\u202f240" if language == "fr" else "1,240"
    assert values[:2] == [[balance, tier], [reward]]
    assert values[2] == ["Ada Martin", "1000 0042"]
