"""The member code: what the QR of a card says.

26 characters of Crockford base32, upper case: `M`, key version, 8 of id (40 random bits), 16 of tag
(HMAC-SHA-256 over program, prefix and id, first 80 bits). It stays QR version 2 at level M in any
encoder, survives keyboard wedges of any layout, and junk is refused without a database read.

A turned code has the same form and the same id. Its tag has two halves of 40 bits: the first seals the
id, the second changes with each turn, and only who holds the key can tell which turn it is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from wallet.ids import CROCKFORD

KIND = "M"
ID_LENGTH = 8
ID_BITS = 5 * ID_LENGTH
TAG_LENGTH = 16
HALF_LENGTH = TAG_LENGTH // 2
LENGTH = 2 + ID_LENGTH + TAG_LENGTH
KEY_VERSION_MAX = len(CROCKFORD) - 1

# Read aloud or typed, these are taken for others (Crockford's rules).
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", " ": "", "-": "", "\u00a0": ""})


@dataclass(frozen=True, slots=True)
class MemberCode:
    """A code that has the right form; whether it is genuine is for `is_genuine`."""

    text: str

    @property
    def key_version(self) -> int:
        """Which of the program's keys signed it."""
        return CROCKFORD.index(self.text[1])


def normalise(text: str) -> str:
    """What was scanned or typed, in the form in which codes are stored."""
    return text.strip().upper().translate(_LOOKALIKES)


def parse_code(text: str) -> MemberCode | None:
    """The code in `text`, or None when it does not have the form of one."""
    if len(text) > 4 * LENGTH:
        return None
    code = normalise(text)
    if len(code) != LENGTH or code[0] != KIND or any(char not in CROCKFORD for char in code):
        return None
    return MemberCode(code)


def make_code(program_id: int, key: bytes, key_version: int, random_bits: int) -> str:
    """A new code. `random_bits` are 40 from a secure source."""
    if not 0 <= random_bits < 1 << ID_BITS or not 0 <= key_version <= KEY_VERSION_MAX:
        raise ValueError("random bits or key version out of range")
    body = KIND + CROCKFORD[key_version] + base32(random_bits, ID_LENGTH)
    return body + _tag(program_id, key, body)


def is_genuine(code: MemberCode, program_id: int, keys: Mapping[int, bytes]) -> bool:
    """Whether one of this program's keys signed the code. Constant time in the tag."""
    key = keys.get(code.key_version, b"")
    body = code.text[:-TAG_LENGTH]
    return hmac.compare_digest(_tag(program_id, key, body), code.text[-TAG_LENGTH:]) and bool(key)


def original_code(code: MemberCode, program_id: int, keys: Mapping[int, bytes]) -> str | None:
    """The member's own code behind a genuine one, turned or not, however old; None for a forgery."""
    if is_genuine(code, program_id, keys):
        return code.text
    key = keys.get(code.key_version, b"")
    body, seal = code.text[:-TAG_LENGTH], code.text[-TAG_LENGTH:-HALF_LENGTH]
    is_sealed = hmac.compare_digest(_half("card-code", program_id, key, body), seal)
    return body + _tag(program_id, key, body) if is_sealed and key else None


def turned_code(program_id: int, key: bytes, code: str, turn: int) -> str:
    """A member's code after so many turns."""
    body = code[:-TAG_LENGTH]
    seal = _half("card-code", program_id, key, body)
    return body + seal + _half("card-turn", program_id, key, f"{body}:{turn}")


def spoken(code: str) -> str:
    """The code in groups, for people: `M1-XXXX-XXXX-…`."""
    rest = code[2:]
    return "-".join([code[:2], *(rest[at : at + 4] for at in range(0, len(rest), 4))])


def _tag(program_id: int, key: bytes, body: str) -> str:
    message = f"member-code:{program_id}:{body}".encode()
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base32(int.from_bytes(digest[:10]), TAG_LENGTH)


def _half(purpose: str, program_id: int, key: bytes, said: str) -> str:
    digest = hmac.new(key, f"{purpose}:{program_id}:{said}".encode(), hashlib.sha256).digest()
    return base32(int.from_bytes(digest[:5]), HALF_LENGTH)


def base32(number: int, length: int) -> str:
    """So many characters of Crockford base32, the highest digit first."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(CROCKFORD[digit])
    return "".join(reversed(digits))
