"""Links that put a card into Google Wallet: a signed JWT (RS256) in an address.

Skinny as a rule: the object goes by the REST interface first, and the link only names it.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from passes.google.document import (
    Resource,
    class_essentials,
    essentials,
    portable,
    reference,
)
from passes.google.identity import GoogleIdentity

LINK_START = "https://pay.google.com/gp/v/save/"
LINK_CHARACTERS_MAX = 1800  # Google's safe length of the whole link; browsers cut longer ones

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def skinny_link(identity: GoogleIdentity, resource: Resource, origins: Sequence[str]) -> str:
    """A link to an object that Google has already, by its id. `origins` are the sites that show the
    button. A `ValueError` when they leave no room for a link."""
    link = _link(identity, {"loyaltyObjects": [reference(resource)]}, origins)
    if link is None:
        raise ValueError("the origins make the save link longer than Google takes")
    return link


def fat_link(
    identity: GoogleIdentity, resource: Resource, its_class: Resource, origins: Sequence[str]
) -> str:
    """A link that makes the object itself, for when the REST interface did not take it.

    It carries the essentials of class and object as far as they fit (a whole card hardly ever would),
    never a rotating code's secret. Google ignores the content when it has the object already, so
    that nothing newer is lost.
    """
    least = essentials(portable(resource))
    contents: tuple[Resource, ...] = (
        {"loyaltyClasses": [class_essentials(its_class)], "loyaltyObjects": [least]},
        {"loyaltyObjects": [least]},
    )
    for payload in contents:
        if link := _link(identity, payload, origins):
            return link
    return skinny_link(identity, resource, origins)


def _link(identity: GoogleIdentity, payload: Resource, origins: Sequence[str]) -> str | None:
    """The signed link, or nothing when it would be too long; what is too long is not signed."""
    header = _header(identity.key_id)
    claims = _encode(_claims(identity, payload, origins, int(time.time()))).encode()
    parts = (len(LINK_START), len(header), _base64_length(len(claims)), _signature_length(identity))
    if sum(parts) + 2 > LINK_CHARACTERS_MAX:
        return None
    signed = f"{header}.{_base64(claims)}"
    signature = identity.key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{LINK_START}{signed}.{_base64(signature)}"


def _claims(
    identity: GoogleIdentity, payload: Resource, origins: Sequence[str], now: int
) -> Resource:
    return {
        "iss": identity.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": now,
        "origins": list(origins),
        "payload": payload,
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
