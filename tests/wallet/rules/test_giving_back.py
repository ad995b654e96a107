"""What was spent goes back where it came from, in parts as at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.giving_back import giving_back
from wallet.rules.lots import Draw, OpenLot

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
SOON, LATE = NOW + timedelta(days=3), NOW + timedelta(days=300)


def lot(number: int, quantity: int, ends: datetime | None) -> OpenLot:
    return OpenLot(number, quantity, NOW - timedelta(days=400), ends)


def test_all_of_it_goes_back_to_its_lots() -> None:
    back = giving_back([lot(1, 60, SOON), lot(2, 40, LATE)], NOW, quantity=100)
    assert back.draws == [Draw(1, -60), Draw(2, -40)]
    assert back.fresh == 0


def test_a_part_goes_back_to_what_lives_longest() -> None:
    drawn = [lot(1, 60, SOON), lot(2, 40, LATE), lot(3, 10, None)]
    assert giving_back(drawn, NOW, quantity=30).draws == [Draw(2, -20), Draw(3, -10)]
    rest = giving_back(drawn, NOW, quantity=80, returned_before=30)
    assert rest.draws == [Draw(1, -60), Draw(2, -20)]


def test_what_expired_meanwhile_lives_another_thirty_days() -> None:
    back = giving_back([lot(1, 60, NOW), lot(2, 40, LATE)], NOW, quantity=100)
    assert back.draws == [Draw(2, -40)]
    assert (back.fresh, back.fresh_ends_at) == (60, NOW + timedelta(days=30))


def test_what_stands_below_zero_swallows_its_part_first() -> None:
    back = giving_back([lot(1, 60, SOON), lot(2, 40, LATE)], NOW, quantity=100, swallowed=70)
    assert back.draws == [Draw(2, -30)]


quantities = st.lists(st.integers(1, 50), min_size=1, max_size=6)


@given(quantities, st.lists(st.integers(1, 40), max_size=8))
def test_returning_in_parts_ends_where_returning_at_once_does(
    sizes: list[int], parts: list[int]
) -> None:
    drawn = [lot(number, size, (None, SOON, LATE)[number % 3]) for number, size in enumerate(sizes)]
    whole, returned = sum(sizes), 0
    got: dict[int, int] = {}
    for part in [*parts, whole]:
        quantity = min(part, whole - returned)
        for draw in giving_back(drawn, NOW, quantity=quantity, returned_before=returned).draws:
            got[draw.lot_id] = got.get(draw.lot_id, 0) - draw.quantity
        returned += quantity
    assert got == {each.id: each.remaining for each in drawn}
