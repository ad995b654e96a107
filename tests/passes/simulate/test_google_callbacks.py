"""What Google's stand-in tells of saves and removals, its pace and its moods, over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, Response, request

from passes.google.callback import read_root_keys, verify_callback
from passes.google.rotating import RotatingCode, rotating_barcode
from passes.simulate.google import MOODS, GoogleStandIn
from passes.simulate.google_callbacks import Callbacks, root_key
from passes.simulate.google_face import code_at
from tests.fakes.http import serve
from tests.passes.simulate.loyalty import (
    ACCOUNT,
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    a_class,
    an_object,
    assertion,
    save_jwt,
    skinny,
)
from wallet.rules.rotating_code import DIGITS, PERIOD_SECONDS, make_prefix, make_value


@dataclass
class Issuer:
    """The issuer's callback address; refuses as often as told."""

    url: str = ""
    refusals: int = 0
    bodies: list[bytes] = field(default_factory=list)

    def take(self) -> Response:
        self.bodies.append(request.get_data())
        self.refusals -= 1
        return Response(status=503 if self.refusals >= 0 else 200)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made, app = Issuer(), Flask("some_issuer")
    app.post("/google/callback")(made.take)
    with serve(app) as url:
        made.url = f"{url}/google/callback"
        yield made


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    callbacks = Callbacks(ISSUER, ec.generate_private_key(ec.SECP256R1()))
    callbacks.tasks.start()
    yield GoogleStandIn(ACCOUNT, lambda kind, resource: [], callbacks=callbacks, rate=20)
    callbacks.close()


def settle(google: GoogleStandIn) -> Callbacks:
    assert google.callbacks
    assert google.callbacks.tasks.settle(30)
    return google.callbacks


def filled(google: GoogleStandIn, url: str) -> GoogleStandIn:
    google.store.insert("loyaltyClass", a_class(callbackOptions={"url": url}))
    google.store.insert("loyaltyObject", an_object())
    return google


def test_saves_and_removals_are_told_and_verify(google: GoogleStandIn, issuer: Issuer) -> None:
    filled(google, issuer.url).save(save_jwt(skinny()))
    google.release(OBJECT_ID)
    callbacks = settle(google)
    keys = read_root_keys(json.dumps(callbacks.root_keys()).encode())
    now = datetime.now(UTC)
    found = [verify_callback(body, ISSUER, keys, now) for body in issuer.bodies]
    assert [one.event for one in found] == ["save", "del"]
    assert {(one.class_id, one.object_id) for one in found} == {(CLASS_ID, OBJECT_ID)}
    assert len({one.nonce for one in found}) == 2


def test_an_event_that_nobody_takes_comes_again_as_it_was(
    google: GoogleStandIn, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passes.simulate.google_callbacks.AGAIN_SECONDS", (0.0, 0.0))
    issuer.refusals = 1
    filled(google, issuer.url).save(save_jwt(skinny()))
    callbacks = settle(google)
    assert issuer.bodies[0] == issuer.bodies[1]
    assert (callbacks.counters["refused"], callbacks.counters["taken"]) == (1, 1)


def test_duplicates_can_be_had(google: GoogleStandIn, issuer: Issuer) -> None:
    assert google.callbacks
    google.callbacks.copies = 3
    filled(google, issuer.url).save(save_jwt(skinny()))
    settle(google)
    assert len(issuer.bodies) == 3
    assert len(set(issuer.bodies)) == 1


def test_the_root_key_outlives_a_restart(tmp_path: Path) -> None:
    one, other = (root_key(tmp_path / "google") for _ in range(2))
    assert one.private_numbers() == other.private_numbers()
    assert (tmp_path / "google" / "callback-root.pem").stat().st_mode & 0o077 == 0


@pytest.fixture
def client(google: GoogleStandIn) -> Iterator[httpx2.Client]:
    app = Flask("google_stand_in")
    app.register_blueprint(google.blueprint())
    with serve(app) as url:
        token = google.issue_token(assertion(f"{url}/token"), f"{url}/token")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as made:
            yield made


def test_root_keys_are_where_google_has_them(client: httpx2.Client) -> None:
    listed = client.get("/gp/m/issuer/keys").content
    assert [one.is_good(datetime.now(UTC)) for one in read_root_keys(listed)] == [True]


def test_the_twenty_first_request_of_a_second_is_too_fast(
    client: httpx2.Client, google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The window is held open, so that a slow machine does not let it pass.
    monkeypatch.setattr("passes.simulate.google.RATE_WINDOW_SECONDS", 3600.0)
    google.store.insert("loyaltyClass", a_class())
    path = f"/walletobjects/v1/loyaltyClass/{CLASS_ID}"
    answers = [client.get(path) for _ in range(21)]
    assert [one.status_code for one in answers] == [200] * 20 + [429]
    assert answers[-1].json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


@pytest.mark.parametrize(("mood", "status"), [("forbidden", 403), ("busy", 429), ("broken", 503)])
def test_a_mood_lasts_until_another_is_chosen(
    client: httpx2.Client, google: GoogleStandIn, mood: str, status: int
) -> None:
    google.store.insert("loyaltyClass", a_class())
    path = f"/walletobjects/v1/loyaltyClass/{CLASS_ID}"
    google.be(mood)
    assert [client.get(path).status_code for _ in range(3)] == [status] * 3
    google.be("well")
    assert client.get(path).status_code == 200
    with pytest.raises(KeyError):
        google.be("grumpy")
    assert google.mood in MOODS


@pytest.mark.parametrize("seconds", [1_773_480_389.999, 1_773_480_390, 1_773_480_413.6])
def test_a_phone_draws_the_code_that_a_till_reads(seconds: float) -> None:
    secret = b"12345678901234567890"
    prefix = make_prefix(7, b"key", 1, 99)
    turning = RotatingCode(prefix, secret, PERIOD_SECONDS, DIGITS)
    card = {"rotatingBarcode": rotating_barcode(turning, "123 456 789"), "barcode": {"value": "M"}}
    shown, static = code_at(card, seconds), code_at(an_object(), seconds)
    wanted = make_value(prefix, secret, int(seconds))
    plain = {"barcode": {"type": "QR_CODE", "value": wanted, "alternateText": "123 456 789"}}
    same = code_at(plain, seconds)
    assert shown
    assert same
    assert static
    assert shown["picture"] == same["picture"]
    assert shown["ends_at_ms"] == (int(seconds) // 30 + 1) * 30_000
    assert static["ends_at_ms"] is None
