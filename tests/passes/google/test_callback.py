"""Google's callbacks: what is signed to the byte is taken, everything else is refused and says why."""

from __future__ import annotations

import copy
import dataclasses
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.google.callback import (
    FETCH_PAUSE,
    CallbackRefused,
    RootKeys,
    read_root_keys,
    signed_bytes,
    verify_callback,
)
from tests.factories import NOW
from tests.fakes.http import serve
from tests.passes.google.signer import Signer, public

ISSUER = "3388000000000000001"
OBJECT = f"{ISSUER}.ada"
GOOGLE = Signer(NOW, ISSUER)


def told(body: dict[str, Any], now: datetime = NOW, signer: Signer = GOOGLE) -> Any:
    roots = read_root_keys(signer.keys())
    return verify_callback(json.dumps(body).encode(), ISSUER, roots, now)


def reason(body: dict[str, Any] | bytes, now: datetime = NOW) -> str:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CallbackRefused) as refused:
        verify_callback(data, ISSUER, read_root_keys(GOOGLE.keys()), now)
    return refused.value.reason


@pytest.mark.parametrize("event", ["save", "del"])
def test_a_signed_callback_is_read(event: str) -> None:
    found = told(GOOGLE.callback(GOOGLE.message(OBJECT, event)))
    assert (found.object_id, found.event, found.class_id) == (OBJECT, event, f"{ISSUER}.demo")
    assert found.nonce == f"nonce-{OBJECT}-{event}"
    assert found.expires_at == (NOW + timedelta(hours=1)).replace(microsecond=590_000)


def test_lengths_are_those_of_bytes_not_of_characters() -> None:
    assert signed_bytes("é", "") == b"\x02\x00\x00\x00\xc3\xa9\x00\x00\x00\x00"
    found = told(GOOGLE.callback(GOOGLE.message(OBJECT, nonce="Café 💶 قهوة")))
    assert found.nonce == "Café 💶 قهوة"


@settings(max_examples=40)
@given(
    st.text(
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
        min_size=1,
        max_size=60,
    )
)
def test_any_text_is_signed_alike_on_both_sides(nonce: str) -> None:
    assert told(GOOGLE.callback(GOOGLE.message(OBJECT, nonce=nonce))).nonce == nonce


def _flipped(text: str) -> str:
    data = bytearray(b64decode(text))
    data[-1] ^= 1
    return b64encode(bytes(data)).decode()


def _changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    body = copy.deepcopy(GOOGLE.callback(GOOGLE.message(OBJECT)))
    change(body)
    return body


STRANGER = Signer(NOW, ISSUER)
FORGED: dict[str, dict[str, Any]] = {
    "another message": _changed(
        lambda b: b.update(signedMessage=json.dumps(GOOGLE.message(f"{ISSUER}.bruno")))
    ),
    "one more space": _changed(lambda b: b.update(signedMessage=b["signedMessage"] + " ")),
    "a flipped bit": _changed(lambda b: b.update(signature=_flipped(b["signature"]))),
    "an empty signature": _changed(lambda b: b.update(signature="")),
    "another intermediate key": _changed(
        lambda b: b["intermediateSigningKey"].update(
            STRANGER.callback({})["intermediateSigningKey"]
        )
    ),
    "a key that nobody signed": _changed(
        lambda b: b["intermediateSigningKey"].update(
            signedKey=b["intermediateSigningKey"]["signedKey"] + " "
        )
    ),
    "signed by a stranger": STRANGER.callback(GOOGLE.message(OBJECT)),
    "for another issuer": GOOGLE.callback(GOOGLE.message(OBJECT), recipient="3388000000000000002"),
    "from another sender": GOOGLE.callback(GOOGLE.message(OBJECT), sender="Google"),
    "signed for another protocol": _changed(
        lambda b: b.update(
            signature=GOOGLE.callback(GOOGLE.message(OBJECT), protocol="ECv2")["signature"]
        )
    ),
}


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED.keys())
def test_what_is_forged_is_refused(body: dict[str, Any]) -> None:
    assert reason(body) == "forged"


def _message(**said: Any) -> dict[str, Any]:
    return GOOGLE.callback(GOOGLE.message(OBJECT, **said))


MALFORMED: dict[str, dict[str, Any] | bytes] = {
    "no JSON": b"save",
    "nothing": b"",
    "a list": b"[]",
    "not UTF-8": b'{"a": "\xff"}',
    "deep": b"[" * 100_000,
    "another protocol": GOOGLE.callback(GOOGLE.message(OBJECT), protocol="ECv1"),
    "no message": _changed(lambda b: b.pop("signedMessage")),
    "a message that is an object": _changed(lambda b: b.update(signedMessage={})),
    "no signature": _changed(lambda b: b.pop("signature")),
    "a signature that is a number": _changed(lambda b: b.update(signature=1)),
    "a signature that is no base64": _changed(lambda b: b.update(signature="é")),
    "no intermediate key": _changed(lambda b: b.pop("intermediateSigningKey")),
    "no signatures of it": _changed(lambda b: b["intermediateSigningKey"].update(signatures=[])),
    "a message that is a text": GOOGLE.callback('"save"'),
    "an event of its own": _message(eventType="view"),
    "no object": _message(objectId=None),
    "an object that is a number": _message(objectId=7),
    "an endless nonce": _message(nonce="n" * 300),
    "half a letter": GOOGLE.callback(json.dumps(GOOGLE.message(OBJECT, nonce="\ud800"))),
    "half a letter outside": _changed(lambda b: b.update(signedMessage="\ud800")),
    "a nonce with a NUL": _message(nonce="a\0b"),
    "an expiry in words": _message(expTimeMillis="soon"),
    "an expiry of yes": _message(expTimeMillis=True),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused(body: dict[str, Any] | bytes) -> None:
    assert reason(body) == "malformed"


def test_what_is_stale_is_refused() -> None:
    body = GOOGLE.callback(GOOGLE.message(OBJECT))
    assert told(body, NOW + timedelta(minutes=59)).event == "save"
    assert reason(body, NOW + timedelta(hours=1, seconds=1)) == "stale"
    assert reason(_message(expTimeMillis=None)) == "stale"  # for ever is too long
    old = GOOGLE.callback(GOOGLE.message(OBJECT), key_expires_at=NOW - timedelta(seconds=1))
    assert reason(old) == "stale"


def test_an_object_of_another_issuer_is_refused() -> None:
    other = GOOGLE.callback(GOOGLE.message("3388000000000000002.ada"))
    assert reason(other) == "not_ours"


def test_a_root_key_past_its_time_vouches_for_nothing() -> None:
    past = json.dumps({"keys": [GOOGLE.listed(keyExpiration="1000")]}).encode()
    body = json.dumps(GOOGLE.callback(GOOGLE.message(OBJECT))).encode()
    with pytest.raises(CallbackRefused, match="no root key signed"):
        verify_callback(body, ISSUER, read_root_keys(past), NOW)


def test_a_key_of_another_curve_is_none() -> None:
    strange = GOOGLE.listed(keyValue=public(ec.generate_private_key(ec.SECP384R1())))
    with pytest.raises(CallbackRefused, match="P-256"):
        read_root_keys(json.dumps({"keys": [strange]}).encode())


# --- The kept root keys --------------------------------------------------------------------------


@dataclasses.dataclass
class KeyServer:
    """Google's list of root keys."""

    signer: Signer
    asked: int = 0
    status: int = 200
    max_age: str = "public, max-age=3600"

    def keys(self) -> Response:
        self.asked += 1
        answer = Response(self.signer.keys(), self.status, content_type="application/json")
        answer.headers["Cache-Control"] = self.max_age
        return answer


@pytest.fixture
def server() -> KeyServer:
    return KeyServer(Signer(NOW, ISSUER))


@pytest.fixture
def keys_url(server: KeyServer) -> Iterator[str]:
    app = Flask("keys")
    app.add_url_rule("/keys", "keys", server.keys)
    with serve(app) as url:
        yield f"{url}/keys"


def _sent(signer: Signer, at: datetime) -> bytes:
    return json.dumps(
        dataclasses.replace(signer, now=at).callback(
            dataclasses.replace(signer, now=at).message(OBJECT)
        )
    ).encode()


def test_root_keys_are_fetched_once_and_again_when_they_are_old(
    server: KeyServer, keys_url: str
) -> None:
    time = [NOW]
    keys = RootKeys(keys_url, lambda: time[0])
    for _ in range(3):
        assert keys.verify(_sent(server.signer, time[0]), ISSUER).object_id == OBJECT
    assert server.asked == 1
    time[0] += timedelta(hours=1)
    keys.verify(_sent(server.signer, time[0]), ISSUER)
    assert server.asked == 2


def test_forged_callbacks_do_not_make_us_ask_google_again_and_again(
    server: KeyServer, keys_url: str
) -> None:
    time = [NOW]
    keys = RootKeys(keys_url, lambda: time[0])
    for _ in range(50):
        with pytest.raises(CallbackRefused, match="no root key"):
            keys.verify(_sent(STRANGER, time[0]), ISSUER)
        time[0] += timedelta(seconds=1)
    assert server.asked == 1


def test_new_root_keys_are_found_before_the_old_are_old(server: KeyServer, keys_url: str) -> None:
    time = [NOW]
    keys = RootKeys(keys_url, lambda: time[0])
    keys.verify(_sent(server.signer, time[0]), ISSUER)
    server.signer = Signer(NOW, ISSUER)
    time[0] += FETCH_PAUSE
    assert keys.verify(_sent(server.signer, time[0]), ISSUER).object_id == OBJECT
    assert server.asked == 2


def test_kept_keys_serve_while_google_is_away(server: KeyServer, keys_url: str) -> None:
    time = [NOW]
    keys = RootKeys(keys_url, lambda: time[0])
    keys.verify(_sent(server.signer, time[0]), ISSUER)
    server.status = 503
    time[0] += timedelta(days=2)
    assert keys.verify(_sent(server.signer, time[0]), ISSUER).object_id == OBJECT
    assert server.asked == 2


def test_without_any_keys_nothing_is_believed(server: KeyServer, keys_url: str) -> None:
    time = [NOW]
    server.status = 503
    keys = RootKeys(keys_url, lambda: time[0])
    for _ in range(3):
        with pytest.raises(CallbackRefused) as refused:
            keys.verify(_sent(server.signer, NOW), ISSUER)
        assert refused.value.reason == "no_keys"
    assert server.asked == 1
    server.status = 200
    time[0] += FETCH_PAUSE
    assert keys.verify(_sent(server.signer, NOW), ISSUER).object_id == OBJECT
