"""Near is near on the globe, and a small chain's cards need not change with each visit."""

from __future__ import annotations

import pytest

from wallet.rules.nearby import distance_km, nearest

PARIS, LYON, NICE = (48.8566, 2.3522), (45.7640, 4.8357), (43.7102, 7.2620)


def test_distances_are_those_of_the_map() -> None:
    assert distance_km(PARIS, LYON) == pytest.approx(392, abs=3)
    assert distance_km((0.0, 179.9), (0.0, -179.9)) == pytest.approx(22, abs=1)
    assert distance_km((90.0, 0.0), (-90.0, 0.0)) == pytest.approx(20_015, abs=5)


def test_the_members_own_store_comes_first_and_then_the_nearest() -> None:
    spots = {1: PARIS, 2: LYON, 3: NICE}
    assert nearest(spots, 3, 2) == [3, 2]
    assert nearest(spots, 1, 2) == [1, 2]


@pytest.mark.parametrize("home", [None, 99])
def test_without_a_known_home_the_first_ones_are_taken(home: int | None) -> None:
    assert nearest({1: PARIS, 2: LYON, 3: NICE}, home, 2) == [1, 2]


def test_where_all_fit_in_their_order_stays() -> None:
    assert nearest({1: PARIS, 2: LYON, 3: NICE}, 3, 10) == [1, 2, 3]
