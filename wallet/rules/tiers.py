"""Which status a member has, until when, and how far the next one is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from wallet.rules.lots import DAYS_KEPT, months_before
from wallet.rules.ruleset import Ruleset, Tier
from wallet.values import value_class

EVER = datetime(1970, 1, 1, tzinfo=UTC)  # before any sale
_INSTANT = timedelta(microseconds=1)


@value_class
class Held:
    """The status that sales earned, as it was settled last. `kept_until`: the figures no longer
    carry it, and it is lost then."""

    tier_key: str | None = None
    since: datetime | None = None
    kept_until: datetime | None = None


@value_class
class Standing:
    """A member's status. `tier` is the one that counts: the better of the one earned and those
    that `plans` lend. What is missing to the next is in minor units or in points, as the policy
    counts; the other one is 0.
    """

    tier: Tier | None
    next_tier: Tier | None
    missing_minor: int
    missing_points: int = 0
    figure: int = 0  # spend or points in the window
    plans: tuple[str, ...] = ()
    held: Held = Held()

    @property
    def tier_key(self) -> str | None:
        """The key of the tier that counts."""
        return self.tier.key if self.tier else None


def window_start(rules: Ruleset, now: datetime, time_zone: str) -> datetime:
    """The first instant of the window that ends now. Days begin where the program lives."""
    policy = rules.tier_policy
    if policy is None:
        return now - timedelta(days=rules.tier_window_days) + _INSTANT
    if policy.window == "lifetime":
        return EVER
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    if policy.window == "calendar_year":
        return datetime(today.year, 1, 1, tzinfo=zone).astimezone(UTC)
    return _months_start(today, policy.months, time_zone)


@lru_cache(maxsize=DAYS_KEPT)
def _months_start(today: date, months: int, time_zone: str) -> datetime:
    """Twelve months are 16 March 2025 to 15 March 2026, today included."""
    first = months_before(today, months) + timedelta(days=1)
    return datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def reached(rules: Ruleset, figure: int) -> Tier | None:
    """The highest tier whose threshold the figure reaches. The first one has no threshold."""
    place = bisect_right(rules.thresholds, max(figure, 0))
    return rules.tiers[place - 1] if place else None


def is_protected(rules: Ruleset) -> bool:
    """Whether the policy lets a tier stay for a while when the figures no longer carry it."""
    policy = rules.tier_policy
    return policy is not None and (policy.downgrade != "immediate" or policy.grace_days > 0)


def is_falling(rules: Ruleset, held: Held, figure: int) -> bool:
    """Whether the figures no longer carry what is held, and the policy protects it."""
    return is_protected(rules) and _rank(rules, held.tier_key) > _rank_of(rules, figure)


def settle(
    rules: Ruleset,
    held: Held,
    figure: int,
    now: datetime,
    time_zone: str,
    figure_then: int | None = None,
) -> Held:
    """What is held from now on, with this figure in the window.

    Rising is immediate. Falling follows the policy; but what only a refunded sale carried was never
    reached: `figure_then` is the figure of the moment at which the tier was reached, refunds since
    taken off (asked for where `is_falling`), and no grace protects more than that.
    """
    target = reached(rules, figure)
    high, low = _rank(rules, held.tier_key), _rank_of(rules, figure)
    if target is None or low >= high:
        if target is None or target.key == held.tier_key:
            return Held(held.tier_key if target else None, held.since)
        return Held(target.key, now)
    if not is_falling(rules, held, figure):
        return Held(target.key, now)
    if figure_then is not None and _rank_of(rules, figure_then) < high:
        return Held(rules.tiers[max(low, _rank_of(rules, figure_then))].key, now)
    return _fall(rules, held, low, now, time_zone)


def _fall(rules: Ruleset, held: Held, low: int, now: datetime, time_zone: str) -> Held:
    """Down to the rank `low`, as fast as the policy allows."""
    policy = rules.tier_policy
    assert policy is not None
    if policy.downgrade == "never":
        return Held(held.tier_key, held.since)
    kept_until = held.kept_until or _grace_end(rules, held, now, time_zone)
    while now >= kept_until:
        rank = _rank(rules, held.tier_key)
        lower = low if policy.downgrade == "immediate" else rank - 1
        held = Held(rules.tiers[lower].key, kept_until)
        if lower <= low:
            return held
        kept_until = _next_fall(rules, kept_until, time_zone)
    return Held(held.tier_key, held.since, kept_until)


def _grace_end(rules: Ruleset, held: Held, now: datetime, time_zone: str) -> datetime:
    """When a tier that the figures do not carry is lost: grace begins when that is first seen; with
    calendar years it is known to be New Year."""
    policy = rules.tier_policy
    assert policy is not None
    fell_at = now
    if policy.window == "calendar_year":
        fell_at = max(window_start(rules, now, time_zone), held.since or EVER)
    return _days_after(fell_at, policy.grace_days, time_zone)


def _next_fall(rules: Ruleset, last: datetime, time_zone: str) -> datetime:
    """With one level at a time: another grace, or without one another window."""
    policy = rules.tier_policy
    assert policy is not None
    if policy.grace_days:
        return _days_after(last, policy.grace_days, time_zone)
    zone = ZoneInfo(time_zone)
    if policy.window == "calendar_year":
        year = last.astimezone(zone).year + 1
        return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
    return _days_after(last, 30 * policy.months, time_zone)


def _days_after(moment: datetime, days: int, time_zone: str) -> datetime:
    """The same time of day so many days later, as the clocks of the place show it."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return (local + timedelta(days=days)).astimezone(UTC)


def standing(
    rules: Ruleset, figure: int, held: Held | None = None, plans: Sequence[str] = ()
) -> Standing:
    """The status of a member with this figure who holds `held` and these paid plans."""
    earned = reached(rules, figure) if held is None else rules.tier(held.tier_key)
    rank = _rank(rules, earned.key if earned else None)
    if plans:
        rank = max(rank, _lent(rules, plans))
    place = max(rank + 1, bisect_right(rules.thresholds, max(figure, 0)))
    next_tier = rules.tiers[place] if place < len(rules.tiers) else None
    missing = rules.threshold(next_tier) - figure if next_tier else 0
    by_points = rules.tier_unit is not None
    return Standing(
        tier=rules.tiers[rank] if rank >= 0 else None,
        next_tier=next_tier,
        missing_minor=0 if by_points else missing,
        missing_points=missing if by_points else 0,
        figure=figure,
        plans=tuple(plans),
        held=held or Held(earned.key if earned else None),
    )


def _lent(rules: Ruleset, plans: Iterable[str]) -> int:
    lent = [rules.plan(key) for key in plans]
    return max((_rank(rules, plan.tier) for plan in lent if plan and plan.tier), default=-1)


def _rank(rules: Ruleset, tier_key: str | None) -> int:
    """The place of the tier from the bottom; -1 for none, and for one that the rules dropped."""
    return rules.ranks.get(tier_key, -1)


def _rank_of(rules: Ruleset, figure: int) -> int:
    tier = reached(rules, figure)
    return _rank(rules, tier.key if tier else None)
