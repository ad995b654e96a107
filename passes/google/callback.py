"""Google's save and delete callbacks: ECv2SigningOnly, verified to the byte.

A root key of Google's signs an intermediate key, the intermediate key signs the message. What is
signed is each part's length in bytes (four bytes, little end first) and its UTF-8 bytes, one after
the other. Pure but for `RootKeys`, which fetches the root keys and keeps them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"
ROOT_KEYS_URL = "https://pay.google.com/gp/m/issuer/keys"

BODY_BYTES_MAX = 16 * 1024  # a callback is some 1.2 kB
TEXT_CHARACTERS_MAX = 256  # of ids and nonces; Google's are far shorter
INTERMEDIATE_KEYS_MAX = 8  # signatures tried; Google sends one, two while it changes root keys
MILLISECONDS_MAX = 253_402_300_799_000  # the last moment that a datetime can hold
KEYS_BYTES_MAX = 64 * 1024
KEYS_TIMEOUT = httpx2.Timeout(5.0, connect=3.0)  # seconds; Google's call waits meanwhile
KEYS_KEPT = timedelta(hours=24)  # when the answer does not say for how long
KEYS_KEPT_MAX = timedelta(days=7)
# A forged callback must not make us ask Google: an attacker would have us flood it.
FETCH_PAUSE = timedelta(minutes=5)

_MAX_AGE = re.compile(r"max-age=(\d{1,9})")

EventType = Literal["save", "del"]
Reason = Literal["malformed", "forged", "stale", "not_ours", "no_keys"]


class CallbackRefused(Exception):
    """A callback that is not taken. `reason` says which check it failed."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Callback:
    """One verified event. `expires_at` is when Google stops sending it; later events expire later,
    which is all that tells their order."""

    class_id: str
    object_id: str
    event: EventType
    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RootKey:
    """One of Google's keys; without `expires_at` it is good until it is no longer listed."""

    key: ec.EllipticCurvePublicKey
    expires_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it may still sign."""
        return self.expires_at is None or now < self.expires_at


def signed_bytes(*parts: str) -> bytes:
    """What a signature is made over: length and bytes of each part."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack("<I", len(part)) + part for part in encoded)


def verify_callback(
    body: bytes, issuer_id: str, roots: Sequence[RootKey], now: datetime
) -> Callback:
    """The event in `body`, or `CallbackRefused`. `issuer_id` is the recipient that must be meant."""
    return _verified(_envelope(body), issuer_id, roots, now)


def read_root_keys(data: bytes) -> list[RootKey]:
    """The keys of this protocol in Google's list; others are passed over."""
    listed = _object(data, "the list of root keys").get("keys")
    if not isinstance(listed, list):
        raise CallbackRefused("no_keys", "the list of root keys has no keys")
    return [
        RootKey(_public_key(one.get("keyValue")), _moment(one.get("keyExpiration"), "a root key"))
        for one in listed
        if isinstance(one, dict) and one.get("protocolVersion") == PROTOCOL
    ]


class RootKeys:
    """Google's root keys, fetched when they are first needed and again when they are old.

    They are fetched again before their time only when no kept key verifies, and then at most once
    in `FETCH_PAUSE`. Safe to share between threads.
    """

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self._url, self._clock = url, clock
        self._lock = threading.Lock()
        self._keys: list[RootKey] = []
        self._fresh_until = self._fetch_at = datetime.min.replace(tzinfo=UTC)

    def verify(self, body: bytes, issuer_id: str) -> Callback:
        """`verify_callback` with these keys."""
        now = self._clock()
        envelope = _envelope(body)  # what has no form needs no keys
        try:
            return _verified(envelope, issuer_id, self._current(now), now)
        except CallbackRefused as refused:
            kept = self._keys
            if refused.reason != "forged" or not self._renew(now) or self._keys is kept:
                raise
        return _verified(envelope, issuer_id, self._keys, now)

    def _current(self, now: datetime) -> list[RootKey]:
        if now >= self._fresh_until or not any(key.is_good(now) for key in self._keys):
            self._renew(now)
        good = [key for key in self._keys if key.is_good(now)]
        if not good:
            raise CallbackRefused("no_keys", f"no root keys from {self._url}")
        return good

    def _renew(self, now: datetime) -> bool:
        """Fetch, unless that was done a moment ago. True when there are keys from now."""
        # Who has keys does not wait for another's fetch: forged callbacks must hold up no thread.
        if not self._lock.acquire(blocking=not self._keys):
            return False
        try:
            if now < self._fetch_at:
                return bool(self._keys) and now < self._fresh_until
            self._fetch_at = now + FETCH_PAUSE
            return self._fetch(now)
        finally:
            self._lock.release()

    def _fetch(self, now: datetime) -> bool:
        try:
            answer = httpx2.get(self._url, timeout=KEYS_TIMEOUT)
            answer.raise_for_status()
            keys = read_root_keys(answer.content[:KEYS_BYTES_MAX])
        except (httpx2.HTTPError, CallbackRefused):
            return False  # the kept ones stay good until they expire
        if not keys:
            return False
        self._keys = keys
        self._fresh_until = now + _kept_for(answer.headers.get("cache-control", ""))
        return True


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A callback taken apart: texts as they were signed, signatures as bytes."""

    message: str
    signature: bytes
    signed_key: str
    key_signatures: tuple[bytes, ...]


def _envelope(body: bytes) -> _Envelope:
    told = _object(body, "the body")
    if told.get("protocolVersion") != PROTOCOL:
        raise CallbackRefused("malformed", f"the protocol version is not {PROTOCOL}")
    key = told.get("intermediateSigningKey")
    if not isinstance(key, dict):
        raise CallbackRefused("malformed", "there is no intermediate signing key")
    signatures = key.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        raise CallbackRefused("malformed", "the intermediate key has no signatures")
    return _Envelope(
        _text(told, "signedMessage", BODY_BYTES_MAX),
        _bytes(told.get("signature")),
        _text(key, "signedKey", BODY_BYTES_MAX),
        tuple(_bytes(one) for one in signatures[:INTERMEDIATE_KEYS_MAX]),
    )


def _verified(
    envelope: _Envelope, issuer_id: str, roots: Sequence[RootKey], now: datetime
) -> Callback:
    key = _intermediate(envelope, roots, now)
    signed = signed_bytes(SENDER, issuer_id, PROTOCOL, envelope.message)
    if not _is_signed(key, envelope.signature, signed):
        raise CallbackRefused("forged", "the message is not signed by the intermediate key")
    return _event(_object(envelope.message, "the signed message"), issuer_id, now)


def _intermediate(
    envelope: _Envelope, roots: Sequence[RootKey], now: datetime
) -> ec.EllipticCurvePublicKey:
    """The key that signed the message, once a root key vouches for it and it is in its time."""
    data = signed_bytes(SENDER, PROTOCOL, envelope.signed_key)
    good = [root.key for root in roots if root.is_good(now)]
    if not any(_is_signed(key, one, data) for key in good for one in envelope.key_signatures):
        raise CallbackRefused("forged", "no root key signed the intermediate key")
    key = _object(envelope.signed_key, "the intermediate key")
    expires_at = _moment(key.get("keyExpiration"), "the intermediate key")
    if expires_at is None or now >= expires_at:
        raise CallbackRefused("stale", "the intermediate key has expired")
    return _public_key(key.get("keyValue"))


def _event(message: Mapping[str, Any], issuer_id: str, now: datetime) -> Callback:
    event = message.get("eventType")
    if event not in ("save", "del"):
        raise CallbackRefused("malformed", "the event is neither save nor del")
    expires_at = _moment(message.get("expTimeMillis"), "the message")
    if expires_at is None or now >= expires_at:
        raise CallbackRefused("stale", "the message has expired")
    found = Callback(
        class_id=_text(message, "classId"),
        object_id=_text(message, "objectId"),
        event=event,
        nonce=_text(message, "nonce"),
        expires_at=expires_at,
    )
    if not found.object_id.startswith(f"{issuer_id}."):
        raise CallbackRefused("not_ours", "the object belongs to another issuer")
    return found


def _is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _public_key(told: object) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(_bytes(told))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CallbackRefused("malformed", "a key cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CallbackRefused("malformed", "a key is not of the curve P-256")
    return key


def _object(data: bytes | str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CallbackRefused("malformed", f"{what} is not JSON") from error
    if not isinstance(found, dict):
        raise CallbackRefused("malformed", f"{what} is not an object")
    return found


def _text(values: Mapping[str, Any], name: str, longest: int = TEXT_CHARACTERS_MAX) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise CallbackRefused("malformed", f"{name} is missing or no text of usual length")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON can spell
        raise CallbackRefused("malformed", f"{name} is no text") from error
    if "\0" in value:
        raise CallbackRefused("malformed", f"{name} is no text")
    return value


def _bytes(told: object) -> bytes:
    if not isinstance(told, str):
        raise CallbackRefused("malformed", "a signature or key is missing")
    try:
        return base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallbackRefused("malformed", "a signature or key is not base64") from error


def _moment(told: object, what: str) -> datetime | None:
    """Unix milliseconds, as a number or as digits; nothing when nothing is said."""
    if told is None:
        return None
    text = str(told)
    if isinstance(told, bool) or not re.fullmatch(r"[0-9]{1,15}", text):
        raise CallbackRefused("malformed", f"{what} expires at no time")
    return datetime.fromtimestamp(min(int(text), MILLISECONDS_MAX) / 1000, UTC)


def _kept_for(cache_control: str) -> timedelta:
    found = _MAX_AGE.search(cache_control)
    return min(timedelta(seconds=int(found[1])), KEYS_KEPT_MAX) if found else KEYS_KEPT
