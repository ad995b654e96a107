"""The code by which members recommend a program: eight letters and digits to say or to tap."""

from __future__ import annotations

from wallet.ids import CROCKFORD

LENGTH = 8
SPACE = 32**LENGTH  # it opens nothing, so it only has to be free
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def make_referral_code(number: int) -> str:
    """The code with this number below SPACE."""
    digits = []
    for _ in range(LENGTH):
        number, digit = divmod(number, 32)
        digits.append(CROCKFORD[digit])
    return "".join(reversed(digits))


def parse_referral_code(text: str) -> str | None:
    """The code as it is stored, however it was typed; None for what cannot be one."""
    code = "".join(text.split()).replace("-", "").upper().translate(_READ_AS)
    return code if len(code) == LENGTH and set(code) <= set(CROCKFORD) else None
