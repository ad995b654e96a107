"""The OpenAPI document: refusals of every call, the key, the headers, parts named once."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from flask import Flask

from wallet.errors import CODES
from wallet.web.api.adapter import described
from wallet.web.api.answers import FieldError, Problem
from wallet.web.api.idempotency import HEADER
from wallet.web.problems import PROBLEM_JSON

KEY_SCHEME = "key"
TAGS = (
    "Members",
    "Merging",
    "Purchases",
    "Activities",
    "Rewards",
    "Vouchers",
    "Credit",
    "Memberships",
    "Giving",
    "Messages",
    "Entries",
)
# What a body that names a member may meet.
# When a code of the card is shown and does not prove enough for what is taken.
SHOWN_CODES = ("code_must_be_fresh", "code_too_old", "code_used", "code_closed")
MEMBER_CODES = (
    "member_not_found",
    "code_not_ours",
    "code_unknown",
    "member_reference_invalid",
    "member_closed",
    "email_invalid",
    "phone_invalid",
)
_EVERY_CALL = ("unauthorized", "rate_limited", "unavailable")
_EVERY_BODY = ("json_invalid", "body_too_large", "media_type_unsupported", "body_invalid")
_KEY_CODES = ("idempotency_key_missing", "idempotency_key_invalid", "idempotency_key_reused")
_INTRODUCTION = """\
One loyalty account for the till, the web shop and the phone's wallet.

Send `Authorization: Bearer KEY`; a key is made with `comptoir key create --program … --role shop`.
Refusals are `application/problem+json` (RFC 9457): go by `code`, show `detail`. Calls that move
value need an `Idempotency-Key`: the same key and body get the first answer again, with
`"repeated": true`. Lists page by cursor. Money is integer minor units, times are RFC 3339 in UTC,
ids are opaque. `Accept-Language` chooses the language of names, reasons and problems.
"""


def refusals(*codes: str, body: bool = False, value: bool = False) -> dict[int, Any]:
    """The documented refusals of a call, grouped by status. `body`: it reads JSON; `value`: it
    moves value and so needs the idempotency key."""
    every = (*_EVERY_CALL, *(_EVERY_BODY if body else ()), *(_KEY_CODES if value else ()), *codes)
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(every):
        by_status[CODES[code][0]].append(code)
    return {status: _response(status, found) for status, found in sorted(by_status.items())}


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
    }


def _example(code: str) -> dict[str, Any]:
    status, sentence = CODES[code]
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": sentence,
    }
    if code == "body_invalid":
        message = "This must be a whole number."
        problem["errors"] = [{"field": "items.0.quantity", "message": message}]
    return problem


def configure(app: Flask, public_url: str) -> None:
    """Everything that the application has to know to write the document."""
    assert isinstance(app, APIFlask)
    app.title, app.version = "Comptoir", "1"
    app.description = _INTRODUCTION
    app.servers = [{"url": public_url}]
    app.tags = [{"name": name} for name in TAGS]
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_200_RESPONSE=False,  # pages of other doors are no part of the API
        AUTO_404_RESPONSE=False,  # refusals are listed by their codes
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=False,
        SECURITY_SCHEMES={
            KEY_SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "ck_live_…"}
        },
    )
    app.spec_processor(finish)


def finish(document: dict[str, Any] | str) -> dict[str, Any]:
    """The generated document with the parts that APIFlask does not write."""
    assert isinstance(document, dict)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in [name for name in schemas if "." in name]:
        schemas.setdefault(name.rpartition(".")[2], schemas[name])
        del schemas[name]
    for model in (Problem, FieldError):
        schema = described(model)
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    document["components"]["parameters"] = {
        f"IdempotencyKey{suffix}": _header(required=required)
        for suffix, required in (("", True), ("Optional", False))
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            _finish_operation(operation)
    return document


def _finish_operation(operation: dict[str, Any]) -> None:
    needs = operation.pop("x-idempotency-key", None)
    if needs:
        name = "IdempotencyKey" if needs == "required" else "IdempotencyKeyOptional"
        operation["parameters"].append({"$ref": f"#/components/parameters/{name}"})
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    for parameter in operation["parameters"]:
        if parameter.get("in") == "path":
            parameter.pop("default", None)
    operation["responses"] = dict(sorted(operation["responses"].items()))
    retry = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
    for status in ("429", "503"):
        operation["responses"][status]["headers"] = retry


def _header(*, required: bool) -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": required,
        "description": "1 to 255 visible ASCII characters that the caller makes and repeats",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "order-10042-paid",
    }
