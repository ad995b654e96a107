"""The card as pass.json: golden files, the strict model, and translations that cover every text."""

from __future__ import annotations

import dataclasses
import json
import os
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from passes.apple.document import Issuer, pass_document, strings, strings_file
from passes.apple.schema import check_document
from passes.card import Card, Place
from passes.design import Design
from passes.design_parts import Action, Poster
from passes.errors import DesignError
from passes.simulate.pass_strings import parse_strings
from tests.passes.cast import ADA, DESIGN, IDENTITY

GOLDEN = Path(__file__).parents[2] / "golden" / "apple"
ISSUER = Issuer("pass.dev.comptoir.loyalty", "DEVTEAM000", "https://cards.test/apple")


ADA = dataclasses.replace(ADA, announced="balance")


def document(card: Card = ADA, tier_key: str | None = "gold") -> dict[str, Any]:
    return pass_document(card, DESIGN, tier_key, IDENTITY, ISSUER)


def golden(name: str, text: str) -> None:
    """Compare with the file; COMPTOIR_WRITE_GOLDEN=1 writes it anew for review."""
    path = GOLDEN / name
    if os.environ.get("COMPTOIR_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_the_document_is_the_golden_one() -> None:
    golden("gold.json", json.dumps(document(), indent=2, ensure_ascii=False) + "\n")


def test_a_bare_card_is_the_golden_one() -> None:
    bare = dataclasses.replace(
        ADA, announced=None, member_name="", tier=None, next_reward=None, sections=(), places=()
    )
    golden("bare.json", json.dumps(document(bare, None), indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_translations_are_the_golden_ones(language: str) -> None:
    golden(f"{language}.strings", strings_file(strings(ADA, DESIGN)[language]).decode())


@pytest.mark.parametrize("tier_key", [None, "gold", "unknown"])
def test_the_strict_model_accepts_what_we_emit(tier_key: str | None) -> None:
    check_document(document(tier_key=tier_key))


def test_a_voided_or_ending_card_says_so() -> None:
    ended = dataclasses.replace(ADA, voided=True, expires_at="2027-01-31T23:59:59+01:00")
    found = document(ended)
    assert (found["voided"], found["expirationDate"]) == (True, "2027-01-31T23:59:59+01:00")
    check_document(found)


def test_only_the_first_ten_places_are_kept() -> None:
    many = tuple(Place(48.0 + n / 100, 2.0, {"fr": f"Magasin {n}"}) for n in range(12))
    found = document(dataclasses.replace(ADA, places=many))
    assert len(found["locations"]) == 10
    check_document(found)


def texts(value: Any, key: str = "") -> set[str]:
    """Every text a shopper would see in a pass.json."""
    shown = {"label", "value", "attributedValue", "changeMessage", "relevantText", "description"}
    if isinstance(value, dict):
        return set().union(*(texts(item, name) for name, item in value.items()))
    if isinstance(value, list):
        return set().union(set(), *(texts(item, key) for item in value))
    return {value} if isinstance(value, str) and key in shown else set()


def test_every_text_of_the_card_has_a_translation() -> None:
    translated = strings(ADA, DESIGN)["en"]
    assert texts(document()) - set(translated) == {ADA.member_name, ADA.member_number}
    assert translated["Or"] == "Gold"
    assert translated["Votre solde : %@ points"] == "You now have %@ points"


def test_translations_survive_quotes_and_line_breaks() -> None:
    tricky = {'Dit "oui"\\': 'Says\n"yes"\r\\n', "a = b;": "é ☕"}
    assert parse_strings(strings_file(tricky)) == tricky


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with one thing replaced (or removed, with `...`)."""
    found = json.loads(json.dumps(document()))
    *way, last = path.split(".")
    place: Any = found
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return dict(found)


FIELD = {"key": "extra", "value": "x"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("formatVersion", 2, "formatVersion"),
        ("passTypeIdentifier", "com.cafe", "passTypeIdentifier"),
        ("description", "", "description"),
        ("organizationName", ..., "organizationName"),
        ("surprise", 1, "surprise"),
        ("backgroundColor", "#3b2417", "rgb"),
        ("labelColor", "rgb(1, 2, 256)", "rgb"),
        ("authenticationToken", "short", "authenticationToken"),
        ("webServiceURL", "http://cards.test/apple", "https"),
        ("webServiceURL", "https://cards.test/apple/v1", "append /v1"),
        ("expirationDate", "2027-01-31T10:00", "zone"),
        ("expirationDate", "2027-13-31T10:00:00Z", "month"),
        ("barcodes", [], "barcodes"),
        ("barcodes", [{"format": "PKBarcodeFormatQR", "message": "1"}], "messageEncoding"),
        ("locations", [{"latitude": 1.0, "longitude": 1.0}] * 11, "locations"),
        ("locations", [{"latitude": 91.0, "longitude": 1.0}], "latitude"),
        ("storeCard.headerFields.0.changeMessage", "changed", "%@"),
        ("storeCard.primaryFields.0.changeMessage", "now %@", "only one field"),
        ("storeCard.primaryFields.0.key", "balance", "unique"),
        ("storeCard.primaryFields.0.textAlignment", "PKTextAlignmentLeft", "textAlignment"),
        ("storeCard.primaryFields", [FIELD, {**FIELD, "key": "more"}], "primaryFields"),
        ("storeCard.auxiliaryFields", [{**FIELD, "key": str(n)} for n in range(4)], "at most 4"),
        ("storeCard.headerFields.0.value", None, "value"),
        ("storeCard.headerFields.0.value", True, "value"),
        ("storeCard.headerFields.0.value", "1240", "need a number"),
        ("storeCard.headerFields.0.currencyCode", "EUR", "not two"),
        ("storeCard.headerFields.0.dataDetectorTypes", [], "back fields"),
        ("storeCard.backFields.1.attributedValue", "<b>bold</b>", "mark-up"),
        ("storeCard.backFields.1.attributedValue", '<a href="javascript:x">y</a>', "links to"),
    ],
)
def test_the_strict_model_refuses(path: str, value: Any, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check_document(changed(path, value))


def test_plain_http_is_for_this_machine_only() -> None:
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        check_document(changed("webServiceURL", f"http://{host}/apple"))


def test_the_full_size_look_stands_beside_the_classic_one_and_is_off_by_default() -> None:
    assert {"posterGeneric", "featuredActions"}.isdisjoint(document())
    poster = Poster(
        actions=(
            Action(key="order", kind="order", url="https://cards.test/order?a=50%&b=1"),
            Action(key="call", kind="call", url="https://cards.test/call"),
        )
    )
    design = DESIGN.model_copy(update={"poster": poster})
    found = pass_document(ADA, design, "gold", IDENTITY, ISSUER)
    check_document(found)
    assert found["featuredActions"] == [
        {"identifier": "order", "type": "order", "url": "https://cards.test/order?a=50%&b=1"},
        {"identifier": "call", "type": "call", "url": "https://cards.test/call"},
    ]
    groups = found["posterGeneric"]
    assert {group: len(fields) for group, fields in groups.items()} == {
        "headerFields": 1,
        "primaryFields": 3,
        "footerFields": 1,
    }
    # The classic card is as it would be without, keys are unique, and one field of each look speaks.
    classic = document()
    assert {key: found[key] for key in classic} == classic
    poster_fields = list(chain.from_iterable(groups.values()))
    keys = [one["key"] for one in chain(poster_fields, *found["storeCard"].values())]
    assert len(set(keys)) == len(keys)
    assert sum("changeMessage" in one for one in poster_fields) == 1
    # Its texts are translated like all others.
    assert strings(ADA, design)["en"].keys() == strings(ADA, DESIGN)["en"].keys()


def test_more_buttons_than_apple_shows_are_no_design() -> None:
    action = {"key": "a", "kind": "call", "url": "https://cards.test"}
    document = DESIGN.model_dump(mode="json") | {"poster": {"actions": [action] * 3}}
    with pytest.raises(DesignError, match="poster"):
        Design.parse(document)


def test_the_order_of_languages_is_the_cards_own_whatever_the_database_made_of_it() -> None:
    shuffled = Card.from_json(json.loads(json.dumps(ADA.to_json(), sort_keys=True)))
    assert list(shuffled.balance.label) == ["en", "fr"]
    assert json.dumps(document(shuffled)) == json.dumps(document())
    assert strings(shuffled, DESIGN) == strings(ADA, DESIGN)


def test_a_shop_that_is_called_like_another_text_of_the_card_keeps_its_name() -> None:
    """Wallet looks up every text whole: "Or" is a status, which English phones read as "Gold"."""
    for name in ("Or", "Statut", "Conditions", DESIGN.description["fr"]):
        design = DESIGN.model_copy(update={"organization_name": name})
        said = pass_document(ADA, design, "gold", IDENTITY, ISSUER)
        assert said["organizationName"] == name
        for language, pairs in strings(ADA, design).items():
            assert pairs.get(name, name) == name, language
    usual = pass_document(ADA, DESIGN, "gold", IDENTITY, ISSUER)
    assert usual["logoText"] == usual["organizationName"], "no mark where both read alike"
