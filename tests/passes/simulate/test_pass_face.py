"""How Wallet draws a store card from its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from passes.simulate.pass_face import announcements, face, image


def files(fields: Mapping[str, Any], **more: Any) -> dict[str, bytes]:
    document = {"organizationName": "Café", "storeCard": fields, **more}
    return {"pass.json": json.dumps(document).encode()}


def header(**field: Any) -> dict[str, bytes]:
    return files({"headerFields": [{"key": "a", **field}]})


def value_of(drawn: dict[str, bytes], language: str = "fr") -> str:
    return str(face(drawn, language)["header"][0]["value"])


@pytest.mark.parametrize(
    ("field", "french", "english"),
    [
        ({"value": 1240}, "1\u202f240", "1,240"),
        ({"value": 0.5, "numberStyle": "PKNumberStylePercent"}, "50\xa0%", "50%"),
        ({"value": 5, "currencyCode": "EUR"}, "5,00\xa0€", "€5.00"),
        (
            {"value": "2026-03-14T09:00:00+01:00", "dateStyle": "PKDateStyleLong"},
            "14 mars 2026",
            "March 14, 2026",
        ),
        ({"value": "plain"}, "plain", "plain"),
    ],
)
def test_values_are_written_as_the_language_does(
    field: dict[str, Any], french: str, english: str
) -> None:
    assert value_of(header(**field), "fr") == french
    assert value_of(header(**field), "en") == english


def test_texts_and_pictures_are_the_languages_own() -> None:
    drawn = {
        **header(label="Points", value="Gold"),
        "fr.lproj/pass.strings": b'"Points" = "\xc3\x89toiles"; "Gold" = "Or";',
        "logo.png": b"base",
        "logo@2x.png": b"sharp",
        "fr.lproj/logo.png": b"french",
    }
    assert face(drawn, "fr")["header"][0] == {
        "key": "a",
        "label": "Étoiles",
        "value": "Or",
        "links": [],
    }
    assert value_of(drawn, "en") == "Gold"
    assert image(drawn, "logo", "fr") == b"french"
    assert image(drawn, "logo", "en") == b"sharp"
    assert image(drawn, "strip", "en") is None


def test_links_of_attributed_values_are_kept_and_scripts_are_not() -> None:
    good = '<a href="https://cafe.test/">My card</a> online'
    bad = '<a href="javascript:alert(1)">Click</a>'
    drawn = files(
        {
            "backFields": [
                {"key": "a", "value": "x", "attributedValue": good},
                {"key": "b", "value": "x", "attributedValue": bad},
            ]
        }
    )
    first, second = face(drawn, "fr")["back"]
    assert first["value"] == "My card online"
    assert first["links"] == [{"text": "My card", "url": "https://cafe.test/"}]
    assert second["links"] == []


def test_what_wallet_has_no_room_for_is_dropped() -> None:
    many = [{"key": str(number), "value": number} for number in range(5)]
    drawn = face(
        files({"headerFields": many, "secondaryFields": many[:3], "auxiliaryFields": many}), "fr"
    )
    assert [len(drawn[name]) for name in ("header", "secondary", "auxiliary")] == [3, 3, 1]


def test_the_first_code_that_can_be_shown_is_drawn() -> None:
    codes = [
        {"format": "PKBarcodeFormatEAN13", "message": "123"},
        {"format": "PKBarcodeFormatQR", "message": "M1", "altText": "M-1"},
    ]
    code = face(files({}, barcodes=codes), "fr")["barcode"]
    assert code["alt"] == "M-1"
    assert code["picture"].startswith("data:image/svg+xml;base64,")
    assert face(files({}, barcodes=codes[:1]), "fr")["barcode"] is None


@pytest.mark.parametrize(
    ("date", "expired"), [("2020-01-01T00:00:00Z", True), ("2999-01-01T00:00:00Z", False)]
)
def test_an_expired_card_looks_so(date: str, expired: bool) -> None:
    assert face(files({}, expirationDate=date), "fr")["expired"] is expired


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"value": 2, "changeMessage": "Now %@"}, ["Now 2"]),
        ({"value": 1, "changeMessage": "Now %@"}, []),
        ({"value": 2}, []),
        ({"value": 2, "changeMessage": "Changed"}, [""]),
    ],
)
def test_only_changes_with_a_message_are_announced(after: dict[str, Any], said: list[str]) -> None:
    assert announcements(header(value=1), header(**after), "fr") == said
