"""The voucher code: ten characters that are read aloud, typed and scanned in any channel.

Crockford base32, upper case: a letter (so that no phone number is taken for a voucher), eight random
characters and a check character over GF(32). A slip in one character or two neighbours exchanged is
noticed without a look into the database.
"""

from __future__ import annotations

from wallet.ids import CROCKFORD
from wallet.rules.member_code import normalise

LENGTH = 10
_LETTERS = CROCKFORD[10:]
_REST = LENGTH - 2
SPACE = len(_LETTERS) * 32**_REST  # how many codes there are: 24 million million
TYPED_MAX = 4 * LENGTH  # with dashes and spaces; longer is not a code
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


def make_voucher_code(number: int) -> str:
    """The code of a number below SPACE, from a secure source."""
    if not 0 <= number < SPACE:
        raise ValueError("number out of range")
    number, first = divmod(number, len(_LETTERS))
    code = _LETTERS[first]
    for _ in range(_REST):
        number, digit = divmod(number, 32)
        code += CROCKFORD[digit]
    return code + _check(code)


def parse_voucher_code(text: str) -> str | None:
    """The code as it is stored, or None for what cannot be one."""
    if len(text) > TYPED_MAX:
        return None
    code = normalise(text)
    if len(code) != LENGTH or code[0] not in _LETTERS:
        return None
    if any(character not in CROCKFORD for character in code):
        return None
    return code if _check(code[:-1]) == code[-1] else None


def spoken_voucher(code: str) -> str:
    """The code in two groups, for people."""
    return f"{code[:5]}-{code[5:]}"


def _check(body: str) -> str:
    """Every character weighs another power of x, so that none can stand in for another."""
    total = 0
    for character in body:
        total = _times_x(total ^ CROCKFORD.index(character))
    return CROCKFORD[total]


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 32 else value
