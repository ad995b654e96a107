"""Spans of the calendar: they begin and end at midnight of the place, summer time or not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.periods import local_time, period_of

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("per", "begins", "ends"),
    [
        ("day", (2026, 3, 29), (2026, 3, 30)),
        ("week", (2026, 3, 23), (2026, 3, 30)),
        ("month", (2026, 3, 1), (2026, 4, 1)),
        ("year", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_a_period_is_midnight_to_midnight_even_when_the_clocks_change(
    per: str, begins: tuple[int, int, int], ends: tuple[int, int, int]
) -> None:
    at = datetime(2026, 3, 29, 12, tzinfo=PARIS)  # a day of 23 hours
    assert period_of(per, at) == (
        datetime(*begins, tzinfo=PARIS).astimezone(UTC),
        datetime(*ends, tzinfo=PARIS).astimezone(UTC),
    )


def test_a_lifetime_has_no_end_anybody_will_see() -> None:
    begin, end = period_of("lifetime", datetime(2026, 3, 29, tzinfo=PARIS))
    assert begin.year == 1970
    assert end.year == 9000


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["day", "week", "month", "year"]),
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_every_moment_is_in_its_period_and_the_end_begins_the_next(
    naive: datetime, per: str, zone: str
) -> None:
    at = local_time(naive.replace(tzinfo=UTC), zone)
    begin, end = period_of(per, at)
    assert begin <= at < end
    assert period_of(per, local_time(end, zone))[0] == end
