"""The document that the API gives of itself, and what holds for every call."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from tests.factories import PUBLIC_URL, Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.actions.api_access import key_holder
from wallet.errors import CODES
from wallet.tables.staff import ApiKey
from wallet.web.api import door
from wallet.web.floods import EXTENSION

CALLS = {
    ("post", "/api/v1/members"): 201,
    ("get", "/api/v1/members"): 200,
    ("get", "/api/v1/members/{member_id}"): 200,
    ("patch", "/api/v1/members/{member_id}"): 200,
    ("get", "/api/v1/members/{member_id}/entries"): 200,
    ("post", "/api/v1/purchases"): 201,
    ("post", "/api/v1/purchases/quote"): 200,
    ("post", "/api/v1/purchases/{purchase_id}/refunds"): 201,
    ("get", "/api/v1/rewards"): 200,
    ("post", "/api/v1/redemptions"): 201,
    ("post", "/api/v1/entries/{entry_id}/reversal"): 201,
    ("post", "/api/v1/members/{member_id}/merge"): 200,
    ("post", "/api/v1/activities"): 201,
    # Beyond the contract:
    ("post", "/api/v1/refunds"): 201,
    ("get", "/api/v1/members/{member_id}/merges"): 200,
    ("post", "/api/v1/merges/{merge_id}/undo"): 200,
    ("get", "/api/v1/members/duplicates"): 200,
    ("get", "/api/v1/members/{member_id}/referral"): 200,
    ("put", "/api/v1/members/{member_id}/charity"): 200,
    ("get", "/api/v1/charities"): 200,
    ("get", "/api/v1/donations/totals"): 200,
    ("get", "/api/v1/messages/reach"): 200,
    ("get", "/api/v1/vouchers"): 200,
    ("post", "/api/v1/vouchers/use"): 201,
    ("post", "/api/v1/credit-payments"): 201,
    ("post", "/api/v1/memberships"): 201,
    ("post", "/api/v1/memberships/{membership_id}/cancel"): 200,
}
# They change nothing when they come twice, so the key may be left out.
KEY_OPTIONAL = {("post", "/api/v1/members"), ("post", "/api/v1/memberships")}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    """The document as everybody may read it."""
    answer = app.test_client().get("/api/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(method, path) → operation."""
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": PUBLIC_URL}]


def test_it_has_every_call_of_the_contract_and_nothing_else(document: dict[str, Any]) -> None:
    successes = {
        call: int(next(status for status in operation["responses"] if status.startswith("2")))
        for call, operation in operations(document).items()
    }
    assert successes == CALLS
    assert all(path.startswith("/api/v1/") for _, path in successes)


def test_every_call_tells_its_refusals_and_its_key(document: dict[str, Any]) -> None:
    ids = set()
    for (method, path), operation in operations(document).items():
        wanted = {"401", "429", "503"}
        wanted |= {"404"} if "{" in path else set()
        wanted |= {"400", "413", "415", "422"} if "requestBody" in operation else set()
        assert wanted <= set(operation["responses"]), (method, path)
        assert operation["security"] == [{"key": []}]
        assert operation["summary"]
        ids.add(operation["operationId"])
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                examples = response["content"]["application/problem+json"]["examples"]
                assert all(CODES[code][0] == int(status) for code in examples)
    assert len(ids) == len(operations(document))


def test_every_example_has_the_form_that_is_described(document: dict[str, Any]) -> None:
    checked = 0
    for operation in operations(document).values():
        parts = [operation["requestBody"]] if "requestBody" in operation else []
        for part in [*parts, *operation["responses"].values()]:
            for content in part["content"].values():
                schema = {**content["schema"], "components": document["components"]}
                validator = Draft202012Validator(schema, format_checker=FormatChecker())
                for example in _examples(content):
                    validator.validate(example)
                    checked += 1
    assert checked > 100


def test_the_idempotency_key_is_described_where_it_is_needed(document: dict[str, Any]) -> None:
    needs = {
        call
        for call, operation in operations(document).items()
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
    }
    writes = {call for call, status in CALLS.items() if status == 201}
    assert needs == writes - KEY_OPTIONAL


def test_parts_are_named_once(document: dict[str, Any]) -> None:
    assert not [name for name in document["components"]["schemas"] if "." in name]
    assert "x-idempotency-key" not in str(document)


def test_every_call_wants_a_key(app: Flask, document: dict[str, Any]) -> None:
    for method, path in operations(document):
        for header in (None, "Bearer", "Bearer x", "Basic x", "Bearer ck_live_é", "Bearer \x00"):
            answer = app.test_client().open(
                re.sub(r"{\w+}", "x", path),
                method=method.upper(),
                headers={"Authorization": header.encode("utf-8").decode("latin-1")}
                if header
                else {},
            )
            assert code_of(answer) == (401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="comptoir"'


def test_a_revoked_key_opens_nothing_at_once(shop: Shop, cast: Cast) -> None:
    assert shop.get("/rewards").status_code == 200

    def revoke(session: Any) -> None:
        holder = key_holder(cast.database, shop.key, cast.now)
        assert holder is not None
        session.get_one(ApiKey, holder.key_id).revoked_at = cast.now

    cast.run(revoke)
    assert code_of(shop.get("/rewards")) == (401, "unauthorized")


def test_a_cookie_opens_nothing_and_is_not_needed(app: Flask, shop: Shop) -> None:
    answer = shop.post("/purchases", sale())
    assert "Set-Cookie" not in answer.headers
    client = app.test_client()
    client.set_cookie("staff", shop.key)
    assert code_of(client.get("/api/v1/rewards")) == (401, "unauthorized")


def test_unknown_addresses_and_methods_are_problems_too(app: Flask) -> None:
    client = app.test_client()
    assert code_of(client.get("/api/v1/nothing")) == (404, "not_found")
    answer = client.delete("/api/v1/members")
    assert code_of(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_flood_of_one_key_is_held_back(
    app: Flask, shop: Shop, other_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "KEY_LIMIT", "3 per minute")
    monkeypatch.setattr(app.extensions[EXTENSION], "enabled", True)
    assert [shop.get("/rewards").status_code for _ in range(3)] == [200] * 3
    answer = shop.get("/rewards")
    assert code_of(answer) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert other_shop.get("/rewards").status_code == 200


def test_answers_are_private(shop: Shop, ids: dict[str, str]) -> None:
    answer = shop.get(f"/members/{ids['ada']}")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_keeps_to_the_policy(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/api/docs", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|<script(?![^>]*\ssrc=)|\son\w+=", answer.text)
    assert 'data-document="/api/openapi.json"' in answer.text
    assert "swagger-ui-bundle.js" in answer.text


def _examples(content: dict[str, Any]) -> list[Any]:
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [content["example"], *named] if "example" in content else named
