"""Whether a member may take a reward, and what it is worth at a till."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wallet.rules.redemption import (
    KINDS,
    Conditions,
    Taker,
    VoucherNotice,
    lacks_emotion,
    limit_since,
    obstacle,
    value_problems,
    voucher_ends,
    voucher_notice,
    worth_minor,
)

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ENDS = datetime(2026, 4, 13, 22, tzinfo=UTC)  # midnight in Paris
MEMBER = Taker("silver", ("vegan",), has_picked=False, taken=2)


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (Conditions(), None),
        (Conditions(starts_at=NOW), None),
        (Conditions(starts_at=NOW + DAY), "reward_not_yet"),
        (Conditions(ends_at=NOW + DAY), None),
        (Conditions(ends_at=NOW), "reward_over"),
        (Conditions(tier_keys=("silver", "gold")), None),
        (Conditions(tier_keys=("gold",)), "reward_for_other_tier"),
        (Conditions(tags=("vegan", "runner")), None),
        (Conditions(tags=("runner",)), "reward_for_others"),
        (Conditions(choice="perks"), "reward_not_picked"),
        (Conditions(per_member=3), None),
        (Conditions(per_member=2), "reward_limit_reached"),
        (Conditions(stock=1), None),
        (Conditions(stock=0), "reward_sold_out"),
        # What never changes is said before what may change soon.
        (Conditions(tier_keys=("gold",), stock=0, starts_at=NOW + DAY), "reward_for_other_tier"),
        (Conditions(ends_at=NOW, stock=0), "reward_over"),
    ],
)
def test_each_condition_has_its_refusal(conditions: Conditions, code: str | None) -> None:
    assert obstacle(conditions, MEMBER, NOW) == code


def test_limits_count_for_ever_or_for_so_many_days() -> None:
    assert limit_since(None, NOW) is None
    assert limit_since(365, NOW) == NOW - 365 * DAY


@pytest.mark.parametrize(
    ("kind", "value", "bill", "worth"),
    [
        ("amount", {"amount_minor": 500}, None, 500),
        ("amount", {"amount_minor": 500}, 320, 320),
        ("percent", {"percent": 10}, None, None),
        ("percent", {"percent": 10}, 4_005, 401),  # 400.5 rounds half up
        ("percent", {"percent": "12.5"}, 1_000, 125),
        ("percent", {"percent": 50, "max_minor": 1_000}, 9_000, 1_000),
        ("percent", {"percent": 100}, 777, 777),
        ("product", {}, 4_000, None),
    ],
)
def test_the_discount_is_exact(
    kind: str, value: dict[str, Any], bill: int | None, worth: int | None
) -> None:
    assert worth_minor(kind, value, bill) == worth


PARIS = "Europe/Paris"


def test_a_voucher_ends_with_its_last_day_or_when_the_doors_close() -> None:
    closes = {"closes_at": (NOW + 2 * DAY).isoformat()}
    assert voucher_ends(None, {}, NOW, PARIS) is None
    assert voucher_ends(30, closes, NOW, PARIS) == NOW + 2 * DAY
    assert voucher_ends(1, closes, NOW, PARIS) == datetime(2026, 3, 15, 23, tzinfo=UTC)
    # Over the change to summer time and on the 29th of February: the clocks of that place.
    assert voucher_ends(30, {}, NOW, PARIS) == datetime(2026, 4, 13, 22, tzinfo=UTC)
    late = datetime(2028, 2, 27, 23, 30, tzinfo=UTC)  # the 28th, half past midnight
    assert voucher_ends(1, {}, late, PARIS) == datetime(2028, 2, 29, 23, tzinfo=UTC)
    assert voucher_ends(1, {}, late, "America/Guadeloupe") == datetime(2028, 2, 29, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (ENDS - 8 * DAY, None),
        (ENDS - 7 * DAY, VoucherNotice(True, ENDS)),
        (ENDS - 6 * DAY - timedelta(seconds=1), VoucherNotice(True, ENDS)),
        # The service was off: it lives on as long as if it had been told of in time.
        (ENDS - 6 * DAY, VoucherNotice(True, datetime(2026, 4, 15, 22, tzinfo=UTC))),
        (ENDS + 90 * DAY, VoucherNotice(True, datetime(2026, 7, 20, 22, tzinfo=UTC))),
    ],
)
def test_the_holder_is_told_in_time(now: datetime, told: VoucherNotice | None) -> None:
    assert voucher_notice(NOW, ENDS, None, 7, now, PARIS) == told


def test_nothing_lives_longer_than_what_it_opens() -> None:
    late = ENDS - DAY
    closes = ENDS + DAY
    assert voucher_notice(NOW, ENDS, closes, 7, late, PARIS) == VoucherNotice(True, closes)
    assert voucher_notice(NOW, ENDS, ENDS, 7, late, PARIS) == VoucherNotice(True, ENDS)


def test_a_short_life_is_told_of_once() -> None:
    ends = NOW + 7 * DAY
    assert voucher_notice(NOW, ends, None, 7, NOW, PARIS) == VoucherNotice(False, ends)
    assert voucher_notice(NOW, ends, None, 0, ends, PARIS) == VoucherNotice(False, ends)


@pytest.mark.parametrize(
    ("kind", "value", "problems"),
    [
        ("percent", {"percent": 10}, []),
        ("percent", {"percent": "2.5"}, []),
        ("percent", {"percent": 0}, ["percent"]),
        ("percent", {"percent": 101}, ["percent"]),
        ("percent", {"percent": True}, ["percent"]),
        ("percent", {"percent": "ten"}, ["percent"]),
        ("percent", {"percent": "1/0"}, ["percent"]),
        ("amount", {}, ["amount_minor"]),
        ("amount", {"amount_minor": -5}, ["amount_minor"]),
        ("donation", {"amount_minor": 500}, []),
        ("content", {"url": "https://exemple.test/film"}, []),
        ("content", {"url": "javascript:alert(1)"}, ["url"]),
        ("partner", {"code": " "}, ["code"]),
        ("event", {"opens_at": "2026-05-01T18:00:00+02:00"}, []),
        ("event", {"opens_at": "2026-05-01T18:00:00"}, ["opens_at"]),
        ("event", {"closes_at": "soon"}, ["closes_at"]),
        ("gift", {"choice": "perks", "choice_max": 2}, []),
        ("gift", {"choice": "perks"}, ["choice"]),
        ("percent", {"percent": 5, "max_minor": 0}, ["max_minor"]),
    ],
)
def test_a_value_says_what_its_kind_needs(
    kind: str, value: dict[str, Any], problems: list[str]
) -> None:
    assert value_problems(kind, value) == problems


def test_a_catalogue_of_discounts_only_has_no_emotion() -> None:
    assert lacks_emotion(["percent", "amount", "product", "shipping", "partner"])
    assert not lacks_emotion(["percent", "experience"])
    assert not lacks_emotion([])
    assert len(KINDS) == 11
