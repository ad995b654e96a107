"""Refunds: however a sale is given back, in the end the same is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.refunds import Clawback, clawback, to_take_back


@given(
    st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    st.integers(0, 5_000),
    st.integers(1, 500),
    st.permutations(range(6)),
)
def test_the_order_and_number_of_refunds_do_not_matter(
    parts: list[int], kept: int, per_minor: int, order: list[int]
) -> None:
    amount = sum(parts) + kept
    earned = amount // per_minor

    def taken_by(refunds: list[int]) -> int:
        taken, left = 0, amount
        for part in refunds:
            left -= part
            taken += to_take_back(earned, taken, left // per_minor)
        return taken

    shuffled = [parts[at] for at in order if at < len(parts)]
    assert taken_by(parts) == taken_by(shuffled) == taken_by([sum(parts)])
    assert taken_by(parts) == earned - kept // per_minor


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_a_refund_never_takes_more_than_is_left_of_what_the_sale_gave(
    earned: int, taken: int, should: int
) -> None:
    assert 0 <= to_take_back(earned, taken, should) <= max(earned - taken, 0)


@pytest.mark.parametrize(
    ("policy", "held", "expected"),
    [
        ("owed", 100, Clawback(70, 0)),
        ("owed", 30, Clawback(30, 40)),
        ("owed", -5, Clawback(0, 70)),
        ("negative", 30, Clawback(70, 0)),
        ("forgive", 30, Clawback(30, 0)),
        ("forgive", 0, Clawback(0, 0)),
    ],
)
def test_a_member_who_used_the_points_is_treated_as_the_program_says(
    policy: str, held: int, expected: Clawback
) -> None:
    assert clawback(policy, 70, held) == expected
