"""The card as Google's class and object: golden files, Google's own schema, and what must not be left to chance."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.card import Card, Fact, Place, Section
from passes.design import Design, TierLook
from passes.google.document import (
    BASE,
    LOCATIONS_MAX,
    OPEN,
    Brand,
    Message,
    Pictures,
    Protection,
    class_essentials,
    class_id,
    essentials,
    expired,
    loyalty_class,
    loyalty_object,
    pictures,
    portable,
    reference,
    variant,
)
from passes.google.rotating import RotatingCode
from passes.google.schema import objections
from passes.images import media, no_uploads
from passes.simulate.google_face import face
from tests.passes.cast import ADA, DESIGN

GOLDEN = Path(__file__).parents[2] / "golden" / "google"
ISSUER = "3388000000000000001"
CLASS = class_id(ISSUER, "cafe", "01", BASE)
OBJECT = f"{ISSUER}.ada"
LOOK = Pictures("https://cards.test/media/logo.png", "https://cards.test/media/hero.png")
CALLBACK = "https://cards.test/google/callback"
BRAND = Brand(ADA.program_name, "FR", CALLBACK)
TURNING = RotatingCode("R1ABCDEFGH12345678", b"twenty bytes of a key", 30, 8)
GUARDED = Protection(TURNING, static_code=False, screenshots=False)


def the_class(brand: Brand = BRAND, tier: str | None = None) -> dict[str, Any]:
    return loyalty_class(CLASS, brand, DESIGN, LOOK, tier)


def the_object(card: Card = ADA, protection: Protection = OPEN) -> dict[str, Any]:
    return loyalty_object(OBJECT, CLASS, card, LOOK, protection)


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


def test_the_class_of_a_tier_is_the_golden_one() -> None:
    look = dataclasses.replace(LOOK, wide="https://cards.test/media/wide.png")
    brand = dataclasses.replace(BRAND, website="https://cafe.test", places=ADA.places)
    identifier = class_id(ISSUER, "cafe", "01", "gold")
    golden("class-gold.json", loyalty_class(identifier, brand, DESIGN, look, "gold", shimmer=True))


def test_the_object_is_the_golden_one() -> None:
    golden("object.json", the_object())


def test_the_object_with_everything_is_the_golden_one() -> None:
    card = dataclasses.replace(ADA, expires_at="2027-01-31T23:59:59+01:00")
    told = Message(
        "spring",
        {"fr": "Printemps", "en": "Spring"},
        {"fr": "Double points samedi.", "en": "Double points on Saturday."},
        starts_at="2026-03-20T00:00:00+01:00",
    )
    golden("object-guarded.json", loyalty_object(OBJECT, CLASS, card, LOOK, GUARDED, [told]))


BARE = dataclasses.replace(ADA, member_name="", tier=None, next_reward=None, sections=(), places=())
ENDED = dataclasses.replace(ADA, voided=True, expires_at="2027-01-31T23:59:59+01:00")


@pytest.mark.parametrize("protection", [OPEN, GUARDED, Protection(TURNING)])
@pytest.mark.parametrize("card", [ADA, BARE, ENDED])
def test_googles_schema_accepts_every_form(card: Card, protection: Protection) -> None:
    whole = the_object(card, protection)
    assert objections("loyaltyClass", the_class()) == []
    assert objections("loyaltyClass", class_essentials(the_class())) == []
    for resource in (whole, expired(whole), essentials(portable(whole))):
        assert objections("loyaltyObject", resource) == []
    assert objections("loyaltyObject", {"state": "ACTIVE", **reference(whole)}) == []


# Any design with any card that the rest of the service may compose.
COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
WORD = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=60)
LANGUAGES = st.sampled_from([("fr", "en"), ("en", "fr"), ("fr",), ("ar", "en", "fr")])
KEY = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    look = st.builds(TierLook, background=st.none() | COLOUR, foreground=st.none() | COLOUR)
    return Design(
        organization_name=draw(WORD),
        description={language: draw(WORD) for language in draw(LANGUAGES)},
        monogram=draw(st.text("AÉم🙂", min_size=1, max_size=2)),
        background=draw(COLOUR),
        foreground=draw(COLOUR),
        label=draw(COLOUR),
        tiers=draw(st.dictionaries(KEY, look, max_size=3)),
    )


@st.composite
def cards(draw: st.DrawFn) -> Card:
    languages = draw(LANGUAGES)

    def text() -> dict[str, str]:
        return {language: draw(WORD) for language in languages}

    def fact(key: str) -> Fact:
        return Fact(key, text(), text(), draw(st.integers(-(2**53), 2**53)))

    section = st.builds(
        lambda key, url: Section(key, text(), text(), url),
        KEY,
        st.none() | st.just("https://cafe.test/x"),
    )
    return Card(
        program_name=text(),
        code="M1ABCDEFGHJKMNPQRSTVWXYZ01",
        code_text="M1-ABCD",
        balance=fact("balance"),
        member_name=draw(st.just("") | WORD),
        member_number=draw(st.from_regex(r"[0-9]{9}", fullmatch=True)),
        languages=languages,
        tier=draw(st.none() | st.builds(lambda: fact("tier"))),
        next_reward=draw(st.none() | st.builds(lambda: fact("next_reward"))),
        sections=tuple(draw(st.lists(section, max_size=14))),
        places=tuple(
            draw(
                st.lists(
                    st.builds(Place, st.floats(-90, 90), st.floats(-180, 180), st.just({})),
                    max_size=14,
                )
            )
        ),
        voided=draw(st.booleans()),
    )


@settings(max_examples=60, deadline=None)
@given(design=designs(), card=cards(), data=st.data())
def test_any_design_with_any_card_fits_googles_schema(
    design: Design, card: Card, data: st.DataObject
) -> None:
    tier = data.draw(st.sampled_from([None, "unknown", *design.tiers]))
    identifier = class_id(ISSUER, "cafe", "01", variant(design, tier))
    brand = Brand(card.program_name, "FR", CALLBACK, places=card.places)
    its_class = loyalty_class(identifier, brand, design, LOOK, tier, shimmer=True)
    assert objections("loyaltyClass", its_class) == []
    protection = data.draw(st.sampled_from([OPEN, GUARDED]))
    whole = loyalty_object(OBJECT, identifier, card, LOOK, protection)
    assert objections("loyaltyObject", whole) == []
    assert len(whole.get("accountName", "")) <= 20
    # The texts of every language are there, the program's own first.
    name = its_class["localizedProgramName"]
    told = [name["defaultValue"], *name["translatedValues"]]
    assert [one["language"] for one in told] == list(card.languages)


def test_tiers_with_a_look_have_classes_of_their_own() -> None:
    assert [variant(DESIGN, tier) for tier in (None, "silver", "gold")] == [BASE, BASE, "gold"]
    assert the_class(tier="gold")["hexBackgroundColor"] == "#b8892f"
    assert the_class()["hexBackgroundColor"] == "#3b2417"


def test_callbacks_are_for_https_and_for_this_machines_stand_in() -> None:
    def called(url: str) -> bool:
        return "callbackOptions" in the_class(dataclasses.replace(BRAND, callback_url=url))

    assert called(CALLBACK)
    assert called("http://127.0.0.1:8000/google/callback")
    assert not called("http://shop.lan/google/callback")
    assert not called("")


def test_a_voided_card_is_inactive_and_an_ending_one_says_when() -> None:
    found = the_object(ENDED)
    assert found["state"] == "INACTIVE"
    assert found["validTimeInterval"] == {"end": {"date": "2027-01-31T23:59:59+01:00"}}
    assert expired(found)["state"] == "EXPIRED"


def test_pitfall_25_a_class_always_asks_for_its_review() -> None:
    assert the_class()["reviewStatus"] == "UNDER_REVIEW"
    assert class_essentials(the_class())["reviewStatus"] == "UNDER_REVIEW"


def test_pitfall_27_every_array_is_whole() -> None:
    found = the_object(BARE)
    assert found["textModulesData"] == []
    assert found["linksModuleData"] == {"uris": []}


def test_pitfall_28_merchant_locations_are_ten_at_most_and_off_by_default() -> None:
    assert "merchantLocations" not in the_class()
    many = dataclasses.replace(BRAND, places=ADA.places * 14)
    found = the_class(many)["merchantLocations"]
    assert len(found) == LOCATIONS_MAX
    assert found[0] == {"latitude": 48.8530, "longitude": 2.3499}
    drawn = face(the_class(many), the_object(), "fr", lambda url: url)
    assert drawn["near"][0] == {"place": "48.853,2.3499"}


def test_pitfall_29_pictures_are_published_under_the_hash_of_their_bytes() -> None:
    plain = pictures(DESIGN, no_uploads, "https://cards.test/media")
    gold = pictures(DESIGN, no_uploads, "https://cards.test/media", "gold")
    published = {f"https://cards.test/media/{name}.png" for name in media(DESIGN, no_uploads)}
    assert {plain.logo, plain.hero, gold.logo, gold.hero} == published
    assert plain.hero != gold.hero


def test_pitfall_30_a_guarded_card_turns_its_code_and_refuses_screenshots() -> None:
    found = the_object(ADA, GUARDED)
    turning = found["rotatingBarcode"]
    assert turning["valuePattern"] == "R1ABCDEFGH12345678{totp_timestamp_seconds}{totp_value_0}"
    assert turning["totpDetails"]["periodMillis"] == "30000"
    (parameter,) = turning["totpDetails"]["parameters"]
    assert bytes.fromhex(parameter["key"]) == TURNING.key
    assert "barcode" not in found
    assert found["passConstraints"] == {"screenshotEligibility": "INELIGIBLE"}
    assert the_object(ADA, Protection(TURNING))["barcode"]["value"] == ADA.code


def test_the_secret_of_a_rotating_code_shows_in_nothing_but_the_object() -> None:
    secret = TURNING.key.hex()
    whole = the_object(ADA, GUARDED)
    assert secret in json.dumps(whole)
    for resource in (portable(whole), essentials(whole), reference(whole), repr(TURNING)):
        assert secret not in json.dumps(resource)
        assert TURNING.key.decode() not in json.dumps(resource)


def test_a_balance_beyond_32_bits_is_a_text() -> None:
    rich = dataclasses.replace(ADA.balance, number=2**31, value={"fr": "2 147 483 648 points"})
    found = the_object(dataclasses.replace(ADA, balance=rich))
    assert found["loyaltyPoints"]["balance"] == {"string": "2 147 483 648 points"}
    assert objections("loyaltyObject", found) == []


def test_long_names_and_many_sections_are_cut_to_googles_limits() -> None:
    sections = tuple(Section(f"s{n}", {"fr": f"Titre {n}"}, {"fr": "x"}) for n in range(20))
    card = dataclasses.replace(ADA, member_name="A" * 60, sections=sections)
    found = the_object(card)
    assert found["accountName"] == "A" * 19 + "…"
    assert len(found["textModulesData"]) == 10


def test_labels_keep_googles_limits() -> None:
    found = the_class()
    for label in ("accountNameLabel", "accountIdLabel"):
        twin = found[f"localized{label[0].upper()}{label[1:]}"]
        values = [twin["defaultValue"], *twin["translatedValues"]]
        assert all(len(value["value"]) <= 15 for value in values)
        assert [value["language"] for value in values] == ["fr", "en"]


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


def test_the_programs_own_language_comes_first_whatever_the_database_made_of_the_order() -> None:
    stored = json.loads(json.dumps(ADA.to_json(), sort_keys=True))  # as JSONB gives it back
    shuffled = Card.from_json(stored)
    assert list(shuffled.balance.label) == ["en", "fr"]
    look = Pictures("https://cards.test/logo.png", "https://cards.test/hero.png")
    found = loyalty_object("1.a", "1.b", shuffled, look)
    assert json.dumps(found) == json.dumps(loyalty_object("1.a", "1.b", ADA, look))
    assert found["loyaltyPoints"]["localizedLabel"]["defaultValue"]["language"] == "fr"
    mixed = DESIGN.model_copy(update={"description": dict(sorted(DESIGN.description.items()))})
    brand = Brand(ADA.program_name)
    its_class = loyalty_class("1.b", brand, mixed, look)
    assert json.dumps(its_class) == json.dumps(loyalty_class("1.b", brand, DESIGN, look))
