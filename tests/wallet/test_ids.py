"""Ids: in order inside, opaque and reversible outside."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from wallet.ids import CROCKFORD, new_id, private_id, public_id


def test_ids_grow_and_fit() -> None:
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))
    assert max(made) < 1 << 63


@given(st.integers(0, (1 << 63) - 1))
@example(0)
@example((1 << 63) - 1)
def test_an_id_is_written_in_base_32_and_read_again(number: int) -> None:
    text = public_id("mbr", number)
    kind, _, digits = text.partition("_")
    assert (kind, len(digits)) == ("mbr", 13)
    assert sum(CROCKFORD.index(digit) << 5 * (12 - at) for at, digit in enumerate(digits)) == number
    assert private_id("mbr", text) == number
    assert private_id("pur", text) is None
