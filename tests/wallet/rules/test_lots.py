"""Lots: the oldest expiry goes first, nothing unusable goes at all, and days end at midnight there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.lots import OpenLot, draw, draw_back, expires_at, is_usable

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
near = st.integers(-5, 5).map(lambda hours: NOW + timedelta(hours=hours))
lots_of = st.lists(
    st.builds(
        OpenLot,
        id=st.integers(1, 10_000),
        remaining=st.integers(0, 50),
        available_at=near,
        expires_at=st.none() | near,
    ),
    max_size=12,
    unique_by=lambda lot: lot.id,
)
quantities = st.integers(1, 200)


def usable(lots: list[OpenLot]) -> list[OpenLot]:
    """By the definition: free already, not yet gone."""
    return [
        lot
        for lot in lots
        if not lot.available_at > NOW and not (lot.expires_at and lot.expires_at <= NOW)
    ]


@given(lots_of, quantities)
def test_a_draw_takes_exactly_what_was_asked_or_nothing(lots: list[OpenLot], quantity: int) -> None:
    draws = draw(lots, quantity, NOW)
    held = sum(lot.remaining for lot in usable(lots))
    if held < quantity:
        assert draws is None
    else:
        assert draws is not None
        assert sum(step.quantity for step in draws) == quantity


@given(lots_of, quantities)
def test_no_lot_gives_more_than_it_holds_or_what_may_not_be_used(
    lots: list[OpenLot], quantity: int
) -> None:
    free = {lot.id: lot.remaining for lot in usable(lots)}
    for step in draw(lots, quantity, NOW) or []:
        assert 0 < step.quantity <= free.pop(step.lot_id)


@given(lots_of, quantities)
def test_a_lot_is_touched_only_when_all_that_expire_before_it_are_empty(
    lots: list[OpenLot], quantity: int
) -> None:
    never = datetime.max.replace(tzinfo=UTC)
    taken = {step.lot_id: step.quantity for step in draw(lots, quantity, NOW) or []}
    touched = [lot.expires_at or never for lot in lots if lot.id in taken]
    for lot in usable(lots):
        if touched and (lot.expires_at or never) < max(touched):
            assert taken.get(lot.id, 0) == lot.remaining


@given(lots_of, quantities, st.randoms())
def test_the_order_in_which_lots_are_given_does_not_matter(
    lots: list[OpenLot], quantity: int, random: Random
) -> None:
    shuffled = random.sample(lots, len(lots))
    assert draw(lots, quantity, NOW) == draw(shuffled, quantity, NOW)


def test_points_that_expire_this_very_second_are_gone() -> None:
    lot = OpenLot(1, 10, NOW, NOW)
    assert not is_usable(lot, NOW)
    assert is_usable(lot, NOW - timedelta(microseconds=1)) is False  # not free before that either
    assert is_usable(OpenLot(1, 10, NOW, NOW + timedelta(microseconds=1)), NOW)


@given(lots_of, quantities, st.integers(1, 10_000))
def test_a_refund_takes_what_is_there_from_its_own_lot_first(
    lots: list[OpenLot], quantity: int, first: int
) -> None:
    draws = draw_back(lots, quantity, first)
    held = {lot.id: lot.remaining for lot in lots}
    assert sum(step.quantity for step in draws) == min(quantity, sum(held.values()))
    assert all(0 < step.quantity <= held[step.lot_id] for step in draws)
    own = held.get(first, 0)
    assert sum(s.quantity for s in draws if s.lot_id == first) == min(own, quantity)


@pytest.mark.parametrize(
    ("occurred", "months", "zone", "gone"),
    [
        # The day that ends is the shop's, not Greenwich's.
        ("2026-01-10T23:30:00+00:00", 1, "Europe/Paris", "2026-02-11T23:00:00+00:00"),
        ("2026-01-10T22:30:00+00:00", 1, "Europe/Paris", "2026-02-10T23:00:00+00:00"),
        # Across the start and the end of summer time midnight stays midnight.
        ("2026-03-10T10:00:00+00:00", 1, "Europe/Paris", "2026-04-10T22:00:00+00:00"),
        ("2026-10-10T10:00:00+00:00", 1, "Europe/Paris", "2026-11-10T23:00:00+00:00"),
        # The nights of the change themselves: a day of 23 hours, and one of 25.
        ("2026-02-28T10:00:00+00:00", 1, "Europe/Paris", "2026-03-28T23:00:00+00:00"),
        ("2026-02-27T23:30:00+00:00", 1, "Europe/Paris", "2026-03-28T23:00:00+00:00"),
        ("2026-09-25T10:00:00+00:00", 1, "Europe/Paris", "2026-10-25T23:00:00+00:00"),
        # A leap day a year on, and two; the end of a month falls back.
        ("2028-02-29T10:00:00+00:00", 12, "Europe/Paris", "2029-02-28T23:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", 48, "Europe/Paris", "2032-02-29T23:00:00+00:00"),
        ("2026-08-31T10:00:00+00:00", 6, "Europe/Paris", "2027-02-28T23:00:00+00:00"),
        ("2026-12-15T10:00:00+00:00", 1, "Europe/Paris", "2027-01-15T23:00:00+00:00"),
        # Where the clocks go forward at midnight that midnight does not exist: the first instant.
        ("2026-03-23T10:00:00+00:00", 1, "Africa/Cairo", "2026-04-23T22:00:00+00:00"),
        ("2026-05-31T23:30:00+00:00", 1, "Asia/Kolkata", "2026-07-01T18:30:00+00:00"),
    ],
)
def test_points_last_until_the_end_of_the_day_where_the_shop_is(
    occurred: str, months: int, zone: str, gone: str
) -> None:
    end = expires_at(datetime.fromisoformat(occurred), months, zone)
    assert end == datetime.fromisoformat(gone)


@given(
    st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001  the zone is given
        datetime(2060, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    st.integers(1, 120),
    st.sampled_from(
        ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]
    ),
)
def test_no_point_is_lost_before_its_day_is_over(
    occurred: datetime, months: int, zone: str
) -> None:
    end = expires_at(occurred, months, zone)
    assert end is not None
    there = end.astimezone(ZoneInfo(zone))
    assert (there.hour, there.minute, there.second) == (0, 0, 0)
    bought = occurred.astimezone(ZoneInfo(zone))
    last_day = (there - timedelta(hours=1)).date()
    passed = (last_day.year - bought.year) * 12 + last_day.month - bought.month
    assert passed == months
    assert last_day.day == bought.day or (
        last_day.day < bought.day and (last_day + timedelta(days=1)).day == 1
    )


def test_points_of_a_program_without_expiry_stay() -> None:
    assert expires_at(NOW, None, "Europe/Paris") is None
