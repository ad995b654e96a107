"""The secret word in a member's card address: `/card/{token}`.

64 bits of member id, 32 of generation and 128 of HMAC-SHA-256, base64url: nothing is stored, junk is
refused without a database read, and raising the generation retires every earlier link.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from functools import lru_cache

_TAG_BYTES = 16
_KEYS_KEPT = 64  # one or two a program
_BODY_BYTES = 8 + 4
TOKEN_LENGTH = 38  # base64url of 28 bytes, without padding


@dataclass(frozen=True, slots=True)
class CardLink:
    """What a token says, before anybody checked it."""

    member_id: int
    generation: int
    tag: bytes


def make_token(key: bytes, member_id: int, generation: int) -> str:
    """The token of a member's card at this generation."""
    body = member_id.to_bytes(8) + generation.to_bytes(4)
    return base64.urlsafe_b64encode(body + _tag(key, body)).rstrip(b"=").decode()


def parse_token(token: str) -> CardLink | None:
    """What the token says, or None when it does not have the form of one."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        data = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != token:
        return None  # base64 has spare bits at the end: one card has one address
    return CardLink(int.from_bytes(data[:8]), int.from_bytes(data[8:12]), data[_BODY_BYTES:])


def is_genuine(link: CardLink, key: bytes) -> bool:
    """Whether this key made the token. Constant time."""
    body = link.member_id.to_bytes(8) + link.generation.to_bytes(4)
    return hmac.compare_digest(_tag(key, body), link.tag)


def _tag(key: bytes, body: bytes) -> bytes:
    tag = _keyed(key).copy()
    tag.update(b"card-link:" + body)
    return tag.digest()[:_TAG_BYTES]


@lru_cache(maxsize=_KEYS_KEPT)
def _keyed(key: bytes) -> hmac.HMAC:
    """What every tag of this key begins with: half of its work."""
    return hmac.new(key, digestmod="sha256")
