"""Voucher codes: read aloud, typed, scanned; a slip is noticed, a phone number is not a voucher."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.ids import CROCKFORD
from wallet.rules.voucher_code import (
    LENGTH,
    SPACE,
    make_voucher_code,
    parse_voucher_code,
    spoken_voucher,
)

numbers = st.integers(0, SPACE - 1)


@given(numbers)
def test_a_code_is_read_back_however_it_was_written(number: int) -> None:
    code = make_voucher_code(number)
    assert len(code) == LENGTH
    for written in (code, code.lower(), spoken_voucher(code), f" {code[:3]} {code[3:]} "):
        assert parse_voucher_code(written) == code
    lookalike = code.replace("0", "O").replace("1", "l")
    assert parse_voucher_code(lookalike) == code


@given(numbers, st.integers(0, LENGTH - 1), st.sampled_from(CROCKFORD))
def test_one_wrong_character_is_noticed(number: int, at: int, other: str) -> None:
    code = make_voucher_code(number)
    wrong = code[:at] + other + code[at + 1 :]
    assert (parse_voucher_code(wrong) is None) == (wrong != code)


@given(numbers)
def test_exchanged_neighbours_are_noticed(number: int) -> None:
    code = make_voucher_code(number)
    for at, (one, other) in enumerate(pairwise(code)):
        wrong = code[:at] + other + one + code[at + 2 :]
        assert (parse_voucher_code(wrong) is None) == (one != other)


def test_codes_differ_as_often_as_their_numbers() -> None:
    assert len({make_voucher_code(number) for number in range(5_000)}) == 5_000


@pytest.mark.parametrize(
    "text", ["", "0612345678", "A" * 41, "ABCDE", "É123456789", "M1" + "0" * 24]
)
def test_what_has_not_the_form_of_a_voucher_is_none(text: str) -> None:
    assert parse_voucher_code(text) is None


@pytest.mark.parametrize("number", [-1, SPACE])
def test_only_numbers_in_range_become_codes(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        make_voucher_code(number)
