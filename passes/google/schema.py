"""Google's own schema of loyalty classes and objects, from the discovery document in its library.

Only the stand-in and the tests use it; the library is an optional dependency.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from jsonschema import Draft202012Validator

Kind = Literal["loyaltyClass", "loyaltyObject"]
Schema = dict[str, Any]

DOCUMENT = ("googleapiclient.discovery_cache.documents", "walletobjects.v1.json")
OBJECTIONS_MAX = 10

# The document marks nothing as required; its descriptions and Google's guides do.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "LoyaltyClass": ("id", "issuerName", "programName", "programLogo", "reviewStatus"),
    "LoyaltyObject": ("id", "classId", "state"),
    "Image": ("sourceUri",),
    "ImageUri": ("uri",),
    "LocalizedString": ("defaultValue",),
    "TranslatedString": ("language", "value"),
    "Barcode": ("type",),
    "Uri": ("uri",),
    "LatLongPoint": ("latitude", "longitude"),
    "CallbackOptions": ("url",),
    "Money": ("micros", "currencyCode"),
    "CardRowOneItem": ("item",),
    "CardRowTwoItems": ("startItem", "endItem"),
    "CardRowThreeItems": ("startItem", "middleItem", "endItem"),
    "FieldReference": ("fieldPath",),
}
_ID = {"type": "string", "pattern": r"^[0-9]+\.[A-Za-z0-9._-]+$"}
_PATTERNS: Mapping[tuple[str, str], Schema] = {
    ("LoyaltyClass", "id"): _ID,
    ("LoyaltyObject", "id"): _ID,
    ("LoyaltyObject", "classId"): _ID,
    ("LoyaltyClass", "hexBackgroundColor"): {
        "type": "string",
        "pattern": "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
    },
    ("LoyaltyClass", "merchantLocations"): {
        "type": "array",
        "maxItems": 10,
        "items": {"$ref": "#/$defs/MerchantLocation"},
    },
}


def objections(kind: Kind, resource: Mapping[str, Any]) -> list[str]:
    """What Google would refuse, place first; empty when there is nothing."""
    errors = sorted(_validator(kind).iter_errors(resource), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message}" for error in errors[:OBJECTIONS_MAX]]


def json_schema(kind: Kind) -> Schema:
    """JSON Schema 2020-12 of a class or an object."""
    definitions = {name: _convert(name, schema) for name, schema in _discovery().items()}
    name = kind[0].upper() + kind[1:]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": f"#/$defs/{name}",
        "$defs": definitions,
    }


@lru_cache(maxsize=2)
def _validator(kind: Kind) -> Draft202012Validator:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _discovery() -> dict[str, Schema]:
    package, name = DOCUMENT
    document = json.loads(resources.files(package).joinpath(name).read_bytes())
    found: dict[str, Schema] = document["schemas"]
    return found


def _convert(name: str, schema: Schema) -> Schema:
    properties = {
        key: _PATTERNS.get((name, key)) or _value(value)
        for key, value in schema.get("properties", {}).items()
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": _value(schema.get("additionalProperties", {})) or False,
        "required": list(_REQUIRED.get(name, ())),
    }


def _value(schema: Schema) -> Schema:
    """One property: a reference, an array, an enumeration or a plain value."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    if schema.get("type") == "array":
        return {"type": "array", "items": _value(schema["items"])}
    if schema.get("format") in ("int64", "uint64"):
        # 64-bit numbers travel as texts, and Google takes numbers too.
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]}
    if "enum" in schema:
        # The camelCase twins are deprecated spellings; *_UNSPECIFIED is never an answer.
        values = [one for one in schema["enum"] if one.isupper() and "UNSPECIFIED" not in one]
        return {"type": "string", "enum": values}
    if schema.get("format") == "int32":
        return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    return {"type": schema["type"]} if schema.get("type", "any") != "any" else {}
