"""Links that put a card into Google Wallet: a signed JWT (RS256) in an address."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from passes.google.document import Resource, essentials, reference
from passes.google.identity import GoogleIdentity

LINK_START = "https://pay.google.com/gp/v/save/"
LINK_CHARACTERS_MAX = 1800  # Google's safe length of the whole link; browsers cut longer ones

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def save_link(identity: GoogleIdentity, resource: Resource, origins: Sequence[str]) -> str:
    """A link that saves a loyalty object (from `loyalty_object`).

    It carries as much of the object as fits, so that the card is complete on the phone even before
    it is written through the REST interface. The class must be there already. `origins` are the
    sites that show the button.
    """
    header = _header(identity.key_id)
    room = LINK_CHARACTERS_MAX - len(LINK_START) - len(header) - 2 - _signature_length(identity)
    now = int(time.time())
    for content in (resource, essentials(resource), reference(resource)):
        claims = _encode(_claims(identity, content, origins, now)).encode()
        if _base64_length(len(claims)) <= room:
            break
    signed = f"{header}.{_base64(claims)}"
    signature = identity.key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{LINK_START}{signed}.{_base64(signature)}"


def _claims(
    identity: GoogleIdentity, content: Resource, origins: Sequence[str], now: int
) -> Resource:
    return {
        "iss": identity.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": now,
        "origins": list(origins),
        "payload": {"loyaltyObjects": [content]},
    }


def _signature_length(identity: GoogleIdentity) -> int:
    return _base64_length(identity.key.key_size // 8)


@lru_cache(maxsize=8)
def _header(key_id: str) -> str:
    return _base64(_encode({"alg": "RS256", "typ": "JWT", "kid": key_id}).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64_length(size: int) -> int:
    """Characters of that many bytes, without padding."""
    return -(-size * 4 // 3)
