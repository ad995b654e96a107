"""The schema derived from Google's discovery document catches what Google would refuse."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from passes.google.schema import json_schema, objections
from tests.passes.google.test_document import the_class, the_object


def changed(resource: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one thing replaced, or removed with `...`."""
    found = copy.deepcopy(resource)
    *way, last = path.split(".")
    place: Any = found
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("id", ..., "'id' is a required"),
        ("id", "demo", "does not match"),
        ("programLogo", ..., "'programLogo' is a required"),
        ("programLogo.sourceUri", {}, "'uri' is a required"),
        ("reviewStatus", "underReview", "is not one of"),
        ("reviewStatus", "REVIEW_STATUS_UNSPECIFIED", "is not one of"),
        ("hexBackgroundColor", "brown", "does not match"),
        ("surprise", 1, "'surprise' was unexpected"),
        ("localizedProgramName.translatedValues", [{"value": "x"}], "'language' is a required"),
    ],
)
def test_a_wrong_class_is_refused(path: str, value: Any, message: str) -> None:
    (objection,) = objections("loyaltyClass", changed(the_class(), path, value))
    assert message in objection


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("classId", ..., "'classId' is a required"),
        ("state", "active", "is not one of"),
        ("barcode.type", "QR", "is not one of"),
        ("loyaltyPoints.balance.int", "1240", "is not of type 'integer'"),
        ("loyaltyPoints.balance.int", 2**31, "maximum"),
        ("textModulesData", {}, "is not of type 'array'"),
    ],
)
def test_a_wrong_object_is_refused(path: str, value: Any, message: str) -> None:
    (objection,) = objections("loyaltyObject", changed(the_object(), path, value))
    assert message in objection


def test_sixty_four_bit_numbers_may_be_texts() -> None:
    money = {"money": {"micros": "12500000", "currencyCode": "EUR"}}
    assert objections("loyaltyObject", changed(the_object(), "loyaltyPoints.balance", money)) == []


def test_every_required_name_is_in_googles_document() -> None:
    for definition in json_schema("loyaltyClass")["$defs"].values():
        assert set(definition["required"]) <= set(definition["properties"])
