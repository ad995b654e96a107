"""Why an iPhone would not install a pass, rule by rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from passes.simulate.pass_checks import objections

GOOD: dict[str, Any] = {
    "formatVersion": 1,
    "passTypeIdentifier": "pass.dev.test",
    "serialNumber": "1",
    "teamIdentifier": "DEVTEAM000",
    "organizationName": "Café",
    "description": "Card",
    "backgroundColor": "rgb(1, 2, 3)",
    "webServiceURL": "https://cafe.test/apple",
    "authenticationToken": "0123456789abcdef",
    "expirationDate": "2030-01-01T00:00:00Z",
    "barcodes": [{"format": "PKBarcodeFormatQR", "message": "M1", "messageEncoding": "iso-8859-1"}],
    "storeCard": {"headerFields": [{"key": "balance", "value": 3}]},
}


def files(document: dict[str, Any], **more: bytes) -> dict[str, bytes]:
    return {"pass.json": json.dumps(document).encode(), "icon.png": b"", **more}


def test_a_pass_as_documented_has_none() -> None:
    assert objections(files(GOOD)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"formatVersion": 2}, "formatVersion"),
        ({"formatVersion": True}, "formatVersion"),
        ({"serialNumber": 7}, "serialNumber"),
        ({"description": ""}, "description"),
        ({"backgroundColor": "#010203"}, "backgroundColor"),
        ({"authenticationToken": "short"}, "authenticationToken"),
        ({"expirationDate": "2030-01-01T00:00:00"}, "expirationDate"),
        ({"expirationDate": "soon"}, "expirationDate"),
        ({"coupon": {}}, "store cards"),
        ({"locations": [{}] * 11}, "locations"),
        ({"storeCard": {"backFields": [{"key": "a", "value": None}]}}, "no value"),
        ({"storeCard": {"backFields": [{"key": "a", "value": True}]}}, "no value"),
        (
            {
                "storeCard": {
                    "backFields": [{"key": "a", "value": 1}],
                    "headerFields": [{"key": "a", "value": 2}],
                }
            },
            "not unique",
        ),
        ({"barcodes": [{"format": "PKBarcodeFormatQR", "message": ""}]}, "no message"),
        ({"barcodes": [{"format": "QR", "message": "M1", "messageEncoding": "utf-8"}]}, "format"),
        (
            {
                "barcodes": [
                    {
                        "format": "PKBarcodeFormatQR",
                        "message": "日本",
                        "messageEncoding": "iso-8859-1",
                    }
                ]
            },
            "messageEncoding",
        ),
    ],
)
def test_each_broken_rule_is_named(change: dict[str, Any], problem: str) -> None:
    found = objections(files({**GOOD, **change}))
    assert len(found) == 1
    assert problem in found[0]


def test_a_pass_needs_an_icon() -> None:
    bare = files(GOOD)
    del bare["icon.png"]
    assert "icon" in objections(bare)[0]


def test_broken_translations_are_named() -> None:
    broken = {**files(GOOD), "fr.lproj/pass.strings": b"nonsense"}
    assert "fr.lproj/pass.strings" in objections(broken)[0]


def test_what_is_not_json_is_told() -> None:
    assert "Unable to parse" in objections({"pass.json": b"{"})[0]
