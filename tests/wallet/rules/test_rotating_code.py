"""The rotating code: RFC 6238's own vectors, its form, how long it lives, and that nobody guesses one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.ids import CROCKFORD
from wallet.rules.member_code import parse_code
from wallet.rules.rotating_code import (
    KEY_BYTES,
    LENGTH,
    PERIOD_SECONDS,
    is_current,
    is_tagged,
    make_prefix,
    make_value,
    parse_rotating,
    step_of,
    totp,
)

PROGRAM, KEY = 7, b"key of the program"
KEYS = {1: KEY}
SECRET = b"12345678901234567890"
PREFIX = make_prefix(PROGRAM, KEY, 1, 0xABCDEF0123)
NOW = 1_773_480_413  # 14 March 2026, 23 s into a step


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_digits_are_those_of_rfc_6238(seconds: int, digits: str) -> None:
    assert totp(SECRET, seconds // 30) == digits


@given(
    st.integers(0, 2**40 - 1),
    st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES),
    st.integers(0, 2**32),
)
def test_what_is_drawn_is_read_again(bits: int, secret: bytes, seconds: int) -> None:
    prefix = make_prefix(PROGRAM, KEY, 1, bits)
    value = make_value(prefix, secret, seconds)
    assert len(value) == LENGTH == 36
    # QR's alphanumeric set: version 2 at level M holds 38 characters of it.
    assert set(value) <= set(CROCKFORD)
    code = parse_rotating(f" {value.lower()}\r")
    assert code is not None
    assert parse_code(value) is None
    assert is_tagged(code, PROGRAM, KEYS)
    assert not is_tagged(code, PROGRAM + 1, KEYS)
    assert step_of(code, secret) == seconds // PERIOD_SECONDS


def test_a_code_lives_for_ninety_seconds_at_most() -> None:
    step = NOW // PERIOD_SECONDS
    current = [offset for offset in range(-200, 200) if is_current(step, NOW + offset)]
    assert max(current) - min(current) + 1 == 90
    assert not is_current(step, NOW + 90)


@given(st.integers(0, 10**8 - 1))
def test_other_digits_are_a_forgery(digits: int) -> None:
    value = make_value(PREFIX, SECRET, NOW)
    forged = parse_rotating(f"{value[:-8]}{digits:08d}")
    assert forged is not None
    near = {totp(SECRET, NOW // 30 + offset) for offset in (-1, 0, 1)}
    assert (step_of(forged, SECRET) is not None) == (f"{digits:08d}" in near)


def test_an_old_code_under_a_new_time_is_a_forgery() -> None:
    value = make_value(PREFIX, SECRET, NOW)
    redated = parse_rotating(f"{PREFIX}{NOW + 600:010d}{value[-8:]}")
    assert redated is not None
    assert step_of(redated, SECRET) is None


def test_digits_drawn_a_moment_before_their_time_was_written_count() -> None:
    edge = (NOW // 30 + 1) * 30
    late = parse_rotating(f"{PREFIX}{edge:010d}{totp(SECRET, edge // 30 - 1)}")
    assert late is not None
    assert step_of(late, SECRET) == edge // 30 - 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "R1",
        PREFIX,
        make_value(PREFIX, SECRET, NOW) + "0",
        make_value(PREFIX, SECRET, NOW).replace("R", "M", 1),
        make_value(PREFIX, SECRET, NOW)[:-1] + "A",
        make_value(PREFIX, SECRET, NOW)[:-1] + "٣",
        "R" * 5000,
    ],
)
def test_other_shapes_are_no_rotating_codes(text: str) -> None:
    assert parse_rotating(text) is None


@given(st.integers(1, 17), st.sampled_from(CROCKFORD))
def test_a_changed_prefix_has_no_tag_of_ours(place: int, letter: str) -> None:
    value = make_value(PREFIX, SECRET, NOW)
    changed = value[:place] + letter + value[place + 1 :]
    code = parse_rotating(changed)
    assert code is not None
    assert is_tagged(code, PROGRAM, KEYS) == (changed == value)
