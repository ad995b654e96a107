"""How often a card is good for a reward, whatever was taken before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from wallet.rules.redemption_limits import RedemptionLimits, card_rests_until

NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
AGO = st.lists(st.integers(0, 3_000).map(lambda minutes: NOW - timedelta(minutes=minutes)))


@given(AGO, st.integers(0, 5), st.integers(1, 48), st.integers(0, 90))
@settings(max_examples=60)
def test_a_card_rests_exactly_until_the_limits_let_it_go(
    taken: list[datetime], times: int, hours: int, between: int
) -> None:
    limits = RedemptionLimits(card_times=times, card_hours=hours, card_minutes_between=between)

    def _is_free(at: datetime) -> bool:
        recent = [one for one in taken if one > at - timedelta(hours=hours)]
        near = [one for one in taken if one > at - timedelta(minutes=between)]
        return (times == 0 or len(recent) < times) and not near

    until = card_rests_until(limits, taken, NOW)
    if until is None:
        assert _is_free(NOW)
    else:
        assert not _is_free(NOW)
        assert not _is_free(until - timedelta(microseconds=1))
        assert _is_free(until)


@pytest.mark.parametrize(
    "wrong", [{"card_times": -1}, {"card_times": "3"}, {"card_hours": 0}, {"staff_minutes": 9_999}]
)
def test_limits_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RedemptionLimits.model_validate(wrong)
