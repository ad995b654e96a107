"""The notification budget: three a day, one a visit, whatever comes in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import NOW
from wallet.rules.notices import NOTICES_MAX, QUIET, WINDOW, after, left, recent, verdict

SECOND = timedelta(seconds=1)
steps = st.lists(
    st.tuples(
        st.integers(0, 6 * 3600).map(lambda seconds: timedelta(seconds=seconds)),
        st.sampled_from(["balance", "campaign"]),
    ),
    max_size=60,
)


@settings(max_examples=60)
@given(steps)
def test_no_day_has_more_than_the_budget(waits: list[tuple[timedelta, Any]]) -> None:
    now, kept, spoken = NOW, tuple[datetime, ...](), list[tuple[datetime, str]]()
    for wait, kind in waits:
        now += wait
        said = verdict(kept, kind, now)
        if said == "speak":
            kept = after(kept, now)
            spoken.append((now, kind))
        else:
            assert said == "just_spoke" or left(kept, now) == 0
        assert len(kept) <= NOTICES_MAX
        assert left(kept, now) + len(recent(kept, now)) == NOTICES_MAX
    for at, kind in spoken:
        day = [one for one, _ in spoken if at - WINDOW < one <= at]
        assert len(day) <= NOTICES_MAX
        before = [one for one, _ in spoken if one < at]
        assert kind == "campaign" or not before or at - before[-1] >= QUIET


def test_a_budget_comes_back_a_day_after_it_was_spent() -> None:
    kept: tuple[datetime, ...] = ()
    for hour in range(NOTICES_MAX):
        kept = after(kept, NOW + timedelta(hours=hour))
    assert verdict(kept, "balance", NOW + WINDOW - SECOND) == "spent"
    assert verdict(kept, "balance", NOW + WINDOW) == "speak"


def test_what_belongs_to_one_visit_is_told_once() -> None:
    kept = after((), NOW)
    assert verdict(kept, "balance", NOW + QUIET - SECOND) == "just_spoke"
    assert verdict(kept, "campaign", NOW + SECOND) == "speak"
    assert verdict(kept, "balance", NOW + QUIET) == "speak"


def test_a_clock_that_is_ahead_gives_nothing_away() -> None:
    kept = after((), NOW + timedelta(minutes=5))
    assert left(kept, NOW) == NOTICES_MAX - 1
    assert verdict(kept, "balance", NOW) == "just_spoke"
