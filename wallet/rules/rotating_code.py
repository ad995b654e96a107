"""The rotating code: what the QR of a card says for half a minute, so that a copy soon spends nothing.

36 characters, upper case, in QR's alphanumeric set (version 2 at level M): `R`, key version, 8 of id
(40 random bits), 8 of tag (HMAC-SHA-256 over program, prefix and id, first 40 bits), the seconds
since 1970 at which it was drawn, 8 digits of TOTP (RFC 6238, SHA-1, 30 s, as Google Wallet draws
it). The tag lets junk be refused without a database read; the digits prove the holder's key.

An old code still says whose card it is, and that it was that card's own once: enough to add points.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from wallet.ids import CROCKFORD
from wallet.rules.member_code import KEY_VERSION_MAX, base32, normalise

KIND = "R"
ID_LENGTH = 8
ID_BITS = 5 * ID_LENGTH
TAG_LENGTH = 8
PREFIX_LENGTH = 2 + ID_LENGTH + TAG_LENGTH
SECONDS_LENGTH = 10  # until the year 2286
DIGITS = 8
LENGTH = PREFIX_LENGTH + SECONDS_LENGTH + DIGITS
PERIOD_SECONDS = 30
DRIFT_STEPS = 1  # a phone's clock may be off by one step; with it a code lives for 90 s at most
KEY_BYTES = 20  # what RFC 4226 recommends for SHA-1
TYPED_MAX = 4 * LENGTH  # with dashes and spaces; longer is not a code


@dataclass(frozen=True, slots=True)
class RotatingText:
    """A code of the right form; what is behind it is for `is_tagged` and `step_of`."""

    text: str

    @property
    def key_version(self) -> int:
        """Which of the program's keys made the tag."""
        return CROCKFORD.index(self.text[1])

    @property
    def prefix(self) -> str:
        """What stays the same for the life of a card's key."""
        return self.text[:PREFIX_LENGTH]

    @property
    def seconds(self) -> int:
        """When the phone says that it drew the code."""
        return int(self.text[PREFIX_LENGTH:-DIGITS])

    @property
    def digits(self) -> str:
        """The one-time password."""
        return self.text[-DIGITS:]


def parse_rotating(text: str) -> RotatingText | None:
    """The code in `text`, or None when it does not have the form of one."""
    if len(text) > TYPED_MAX:
        return None
    code = normalise(text)
    head, tail = code[:PREFIX_LENGTH], code[PREFIX_LENGTH:]
    if len(code) != LENGTH or code[0] != KIND or any(char not in CROCKFORD for char in head):
        return None
    return RotatingText(code) if tail.isascii() and tail.isdecimal() else None


def make_prefix(program_id: int, key: bytes, key_version: int, random_bits: int) -> str:
    """The unchanging part for a new card key. `random_bits` are 40 from a secure source."""
    if not 0 <= random_bits < 1 << ID_BITS or not 0 <= key_version <= KEY_VERSION_MAX:
        raise ValueError("random bits or key version out of range")
    body = KIND + CROCKFORD[key_version] + base32(random_bits, ID_LENGTH)
    return body + _tag(program_id, key, body)


def is_tagged(code: RotatingText, program_id: int, keys: Mapping[int, bytes]) -> bool:
    """Whether the prefix is one that this program made. Constant time in the tag."""
    key = keys.get(code.key_version, b"")
    body, tag = code.prefix[:-TAG_LENGTH], code.prefix[-TAG_LENGTH:]
    return hmac.compare_digest(_tag(program_id, key, body), tag) and bool(key)


def make_value(prefix: str, secret: bytes, seconds: int) -> str:
    """The code as a phone draws it at this moment (Unix time)."""
    return f"{prefix}{seconds:0{SECONDS_LENGTH}d}{totp(secret, seconds // PERIOD_SECONDS)}"


def step_of(code: RotatingText, secret: bytes) -> int | None:
    """The time step for which the digits are right, or None for a forgery.

    It is the step of the time in the code; a neighbour counts too, in case the wallet wrote the
    time down a moment before or after it drew the digits.
    """
    said = code.seconds // PERIOD_SECONDS
    for step in (said, said - 1, said + 1):
        if step >= 0 and hmac.compare_digest(totp(secret, step), code.digits):
            return step
    return None


def is_current(step: int, seconds: int) -> bool:
    """Whether a step's code may be shown at this moment."""
    return abs(seconds // PERIOD_SECONDS - step) <= DRIFT_STEPS


def totp(secret: bytes, step: int) -> str:
    """RFC 6238 with HMAC-SHA-1: the dynamic truncation of RFC 4226, as eight digits."""
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def _tag(program_id: int, key: bytes, body: str) -> str:
    message = f"rotating-code:{program_id}:{body}".encode()
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base32(int.from_bytes(digest[:5]), TAG_LENGTH)
