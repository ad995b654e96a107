"""Member codes: survive every honest reader, and no forger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.ids import CROCKFORD
from wallet.rules.member_code import (
    ID_BITS,
    LENGTH,
    is_genuine,
    make_code,
    normalise,
    original_code,
    parse_code,
    spoken,
    turned_code,
)

KEY = bytes(range(32))
KEYS = {1: KEY}
PROGRAM = 77
CODE = make_code(PROGRAM, KEY, 1, 0x12345_6789A)

bits = st.integers(0, 2**ID_BITS - 1)
versions = st.integers(0, 31)


def accepted(text: str, program_id: int = PROGRAM) -> bool:
    """Whether a till of this program would look the code up."""
    code = parse_code(text)
    return code is not None and is_genuine(code, program_id, KEYS)


@given(bits, versions, st.binary(min_size=32, max_size=32))
def test_what_was_made_is_read_and_genuine(random_bits: int, version: int, key: bytes) -> None:
    text = make_code(PROGRAM, key, version, random_bits)
    code = parse_code(text)
    assert code is not None
    assert (len(text), code.text, code.key_version) == (LENGTH, text, version)
    assert is_genuine(code, PROGRAM, {version: key})


def test_every_change_of_one_character_is_refused() -> None:
    for at in range(LENGTH):
        for char in CROCKFORD:
            if char != CODE[at]:
                assert not accepted(CODE[:at] + char + CODE[at + 1 :]), (at, char)
    assert accepted(CODE)


def test_every_swap_of_neighbours_is_refused() -> None:
    for at in range(LENGTH - 1):
        swapped = CODE[:at] + CODE[at + 1] + CODE[at] + CODE[at + 2 :]
        assert accepted(swapped) == (CODE[at] == CODE[at + 1])


@given(st.text(max_size=200))
def test_junk_is_refused_without_a_word(text: str) -> None:
    assert not accepted(text)


@given(st.text(CROCKFORD, min_size=LENGTH - 2, max_size=LENGTH - 2))
def test_guesses_of_the_right_form_are_refused(rest: str) -> None:
    assert not accepted(f"M1{rest}")


def test_a_code_of_another_program_or_key_is_refused() -> None:
    assert not accepted(CODE, PROGRAM + 1)
    assert not accepted(make_code(PROGRAM, bytes(32), 1, 5))
    assert not accepted(make_code(PROGRAM, KEY, 2, 5))  # a key version that is not there


def test_a_missing_key_is_not_the_empty_key() -> None:
    code = parse_code(make_code(PROGRAM, b"", 3, 5))
    assert code is not None
    assert not is_genuine(code, PROGRAM, KEYS)
    assert not is_genuine(code, PROGRAM, {3: b""})


@given(bits, st.data())
def test_typed_with_groups_lookalikes_and_small_letters_it_is_the_same_code(
    random_bits: int, data: st.DataObject
) -> None:
    text = make_code(PROGRAM, KEY, 1, random_bits)
    lookalikes = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(
        data.draw(st.sampled_from(lookalikes.get(char, char + char.lower()))) for char in text
    )
    grouped = data.draw(st.sampled_from(["", " ", "-", "\u00a0"])).join(
        typed[at : at + 4] for at in range(0, LENGTH, 4)
    )
    assert normalise(f"  {grouped}\n") == text
    assert accepted(grouped)


def test_what_is_read_aloud_is_the_code_in_groups() -> None:
    assert spoken(CODE).startswith("M1-")
    assert accepted(spoken(CODE))


@pytest.mark.parametrize(("random_bits", "version"), [(-1, 1), (2**ID_BITS, 1), (0, -1), (0, 32)])
def test_a_code_is_only_made_from_numbers_that_fit(random_bits: int, version: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        make_code(PROGRAM, KEY, version, random_bits)


@given(bits, versions, st.integers(0, 2**40))
def test_a_turned_code_keeps_its_form_and_says_whose_it_is(
    random_bits: int, version: int, turn: int
) -> None:
    text = make_code(PROGRAM, KEY, version, random_bits)
    turned = turned_code(PROGRAM, KEY, text, turn)
    code = parse_code(turned)
    assert code is not None
    assert (len(turned), turned[:10]) == (LENGTH, text[:10])
    assert turned not in (text, turned_code(PROGRAM, KEY, text, turn + 1))
    assert not is_genuine(code, PROGRAM, {version: KEY})
    assert original_code(code, PROGRAM, {version: KEY}) == text
    for program_id, keys in ((PROGRAM + 1, {version: KEY}), (PROGRAM, {version: bytes(32)})):
        assert original_code(code, program_id, keys) is None
    assert original_code(code, PROGRAM, {}) is None
