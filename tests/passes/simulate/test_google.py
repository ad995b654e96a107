"""The Google Wallet stand-in: tokens, classes, objects, errors and faults."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from passes.simulate.faults import Fault
from passes.simulate.google import GRANT, GoogleStandIn
from passes.simulate.google_store import Change
from tests.passes.simulate.loyalty import (
    ACCOUNT,
    CLASS_ID,
    OBJECT_ID,
    STRANGER_KEY,
    a_class,
    an_object,
    assertion,
    points_of,
)

CLASSES = "/walletobjects/v1/loyaltyClass"
OBJECTS = "/walletobjects/v1/loyaltyObject"
AUDIENCE = "http://localhost/token"


@pytest.fixture
def google() -> GoogleStandIn:
    return GoogleStandIn(ACCOUNT, _objections)


def _objections(kind: str, resource: dict[str, Any]) -> list[str]:
    return [f"unknown field {name}" for name in resource if name.startswith("unknown")]


class Caller:
    """Calls with a bearer token."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def __call__(self, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.open(path, method=method, json=body, headers=headers)


@pytest.fixture
def call(google: GoogleStandIn) -> Caller:
    app = Flask("google-wallet")
    app.register_blueprint(google.blueprint())
    caller = Caller(app.test_client())
    caller.token = google.issue_token(assertion(AUDIENCE), AUDIENCE)
    return caller


@pytest.fixture
def filled(call: Caller) -> Caller:
    """With the class and the object in place."""
    assert call("POST", CLASSES, a_class()).status_code == 200
    assert call("POST", OBJECTS, an_object()).status_code == 200
    return call


def error_of(response: TestResponse) -> tuple[int, str, str]:
    error = response.get_json()["error"]
    assert error["code"] == response.status_code
    return error["code"], error["status"], error["errors"][0]["reason"]


def ask_token(client: FlaskClient, proof: str, grant: str = GRANT) -> TestResponse:
    return client.post("/token", data={"grant_type": grant, "assertion": proof})


def test_a_signed_assertion_buys_a_token(call: Caller) -> None:
    response = ask_token(call.client, assertion(AUDIENCE))
    answer = response.get_json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    call.token = answer["access_token"]
    assert call("GET", f"{CLASSES}?issuerId=1").status_code == 200


@pytest.mark.parametrize(
    ("key", "claims"),
    [
        (STRANGER_KEY, {}),
        (None, {"iss": "somebody@else.test"}),
        (None, {"aud": "https://elsewhere.test/token"}),
        (None, {"exp": int(time.time()) - 60}),
        (None, {"exp": int(time.time()) + 7200}),
        (None, {"scope": "https://www.googleapis.com/auth/drive"}),
    ],
)
def test_a_wrong_assertion_buys_nothing(
    call: Caller, key: rsa.RSAPrivateKey | None, claims: dict[str, Any]
) -> None:
    proof = assertion(AUDIENCE, key, **claims) if key else assertion(AUDIENCE, **claims)
    response = ask_token(call.client, proof)
    assert response.status_code == 400
    assert response.get_json()["error"] in ("invalid_grant", "invalid_scope")


def test_another_grant_is_not_known(call: Caller) -> None:
    response = ask_token(call.client, assertion(AUDIENCE), grant="password")
    assert response.get_json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("token", ["", "made-up"])
def test_without_a_token_nothing_is_told(call: Caller, token: str) -> None:
    call.token = token
    assert error_of(call("GET", f"{CLASSES}/{CLASS_ID}")) == (401, "UNAUTHENTICATED", "authError")


def test_forgotten_tokens_are_401(call: Caller, google: GoogleStandIn) -> None:
    google.forget_tokens()
    assert call("GET", f"{CLASSES}/{CLASS_ID}").status_code == 401


def test_what_is_sent_for_review_is_approved(call: Caller) -> None:
    assert call("POST", CLASSES, a_class()).get_json()["reviewStatus"] == "APPROVED"
    draft = a_class(id=f"{CLASS_ID}2", reviewStatus="DRAFT")
    assert call("POST", CLASSES, draft).get_json()["reviewStatus"] == "DRAFT"


def test_nobody_approves_himself(filled: Caller) -> None:
    echoed = filled("PATCH", f"{CLASSES}/{CLASS_ID}", {"reviewStatus": "APPROVED"})
    assert error_of(echoed)[0] == 400
    silent = filled("PATCH", f"{CLASSES}/{CLASS_ID}", {"programName": "New"})
    assert error_of(silent)[0] == 400
    asked = {"programName": "New", "reviewStatus": "UNDER_REVIEW"}
    assert filled("PATCH", f"{CLASSES}/{CLASS_ID}", asked).get_json()["programName"] == "New"


def test_a_second_insert_is_409(filled: Caller) -> None:
    assert error_of(filled("POST", OBJECTS, an_object())) == (
        409,
        "ALREADY_EXISTS",
        "existingResource",
    )


def test_unknown_things_are_404(call: Caller) -> None:
    assert error_of(call("GET", f"{CLASSES}/{CLASS_ID}")) == (404, "NOT_FOUND", "classNotFound")
    assert error_of(call("PATCH", f"{OBJECTS}/{OBJECT_ID}", {}))[2] == "resourceNotFound"
    assert error_of(call("POST", OBJECTS, an_object()))[2] == "classNotFound"
    assert call("GET", "/walletobjects/v1/giftCardObject/1.a").status_code == 404


def test_another_issuers_ids_are_403(call: Caller) -> None:
    assert error_of(call("POST", CLASSES, a_class(id="42.cafe")))[:2] == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("identifier", ["cafe", "3388000000000000001.a b", 7, None])
def test_ids_have_a_form(call: Caller, identifier: Any) -> None:
    assert call("POST", CLASSES, a_class(id=identifier)).status_code == 400


def test_what_the_schema_refuses_is_400(filled: Caller) -> None:
    assert error_of(filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", {"unknownField": 1}))[0] == 400
    assert "unknownField" not in filled("GET", f"{OBJECTS}/{OBJECT_ID}").get_json()
    assert filled("POST", OBJECTS, ["not", "an", "object"]).status_code == 400


def test_a_patch_merges_messages_and_replaces_arrays(filled: Caller) -> None:
    change = {"loyaltyPoints": {"label": "Étoiles"}, "textModulesData": [{"id": "x"}]}
    after = filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", change).get_json()
    assert after["loyaltyPoints"]["label"] == "Étoiles"
    assert after["loyaltyPoints"]["balance"] == {"int": 1240}
    assert after["textModulesData"] == [{"id": "x"}]
    assert after["accountName"] == "Ada Martin"


def test_a_put_clears_what_is_left_out(filled: Caller) -> None:
    bare = {"id": OBJECT_ID, "classId": CLASS_ID, "state": "ACTIVE"}
    after = filled("PUT", f"{OBJECTS}/{OBJECT_ID}", bare).get_json()
    assert "accountName" not in after
    assert after["hasUsers"] is False


def test_has_users_is_googles_to_say(filled: Caller) -> None:
    after = filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", {"hasUsers": True}).get_json()
    assert after["hasUsers"] is False


def test_an_object_comes_with_its_class(filled: Caller) -> None:
    found = filled("GET", f"{OBJECTS}/{OBJECT_ID}").get_json()
    assert found["classReference"]["programName"] == "Café Lumière"


def test_lists_come_in_pages(filled: Caller) -> None:
    for number in range(3):
        filled("POST", OBJECTS, an_object(id=f"{OBJECT_ID}{number}"))
    first = filled("GET", f"{OBJECTS}?classId={CLASS_ID}&maxResults=3").get_json()
    token = first["pagination"]["nextPageToken"]
    last = filled("GET", f"{OBJECTS}?classId={CLASS_ID}&maxResults=3&token={token}").get_json()
    ids = [row["id"] for row in first["resources"] + last["resources"]]
    assert ids == [OBJECT_ID, *(f"{OBJECT_ID}{number}" for number in range(3))]
    assert "nextPageToken" not in last["pagination"]


def test_the_wish_to_notify_is_not_stored(filled: Caller, google: GoogleStandIn) -> None:
    changes: list[Change] = []
    google.store.listeners.append(changes.append)
    wish = {"notifyPreference": "NOTIFY_ON_UPDATE", "loyaltyPoints": points_of(1300)}
    after = filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", wish).get_json()
    assert "notifyPreference" not in after
    filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", {"loyaltyPoints": points_of(1400)})
    assert [change.notify for change in changes] == [True, False]


def test_three_notifications_a_day(filled: Caller) -> None:
    for points in (1, 2, 3):
        wish = {"notifyPreference": "NOTIFY_ON_UPDATE", "loyaltyPoints": points_of(points)}
        assert filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", wish).status_code == 200
    wish["loyaltyPoints"] = points_of(4)
    assert error_of(filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", wish))[2] == "quotaExceeded"
    silent = {"loyaltyPoints": points_of(4)}
    assert filled("PATCH", f"{OBJECTS}/{OBJECT_ID}", silent).status_code == 200


def test_messages_are_kept_up_to_ten(filled: Caller) -> None:
    for number in range(12):
        message = {"message": {"id": str(number), "header": "Hello", "body": "You"}}
        path = f"{OBJECTS}/{OBJECT_ID}/addMessage"
        response = filled("POST", path, message)
    kept = response.get_json()["resource"]["messages"]
    assert [one["id"] for one in kept] == [str(number) for number in range(2, 12)]
    assert filled("POST", path, {"message": {"header": "Hello"}}).status_code == 400


def test_scripted_faults_are_googles_errors(filled: Caller, google: GoogleStandIn) -> None:
    google.faults.add(Fault(429, "rateLimitExceeded", retry_after_seconds=3))
    google.faults.add(Fault(503))
    limited = filled("GET", f"{CLASSES}/{CLASS_ID}")
    assert error_of(limited) == (429, "RESOURCE_EXHAUSTED", "rateLimitExceeded")
    assert limited.headers["Retry-After"] == "3"
    assert filled("GET", f"{CLASSES}/{CLASS_ID}").status_code == 503
    assert filled("GET", f"{CLASSES}/{CLASS_ID}").status_code == 200


def test_the_store_survives_a_restart(filled: Caller, google: GoogleStandIn) -> None:
    later = GoogleStandIn(ACCOUNT, _objections)
    later.store.load(google.store.dump())
    assert later.store.find("loyaltyObject", OBJECT_ID) == google.store.find(
        "loyaltyObject", OBJECT_ID
    )
