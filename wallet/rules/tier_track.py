"""A member's tier along the years, sale after sale: the same policy as `tiers`, kept up instead of
asked for each time."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from datetime import datetime, timedelta

from wallet.rules.ruleset import Ruleset
from wallet.rules.tiers import Held, is_protected, settle, standing, window_start

_SLICE_SECONDS = 900  # every zone's midnight falls on a quarter of an hour
_INSTANT = timedelta(microseconds=1)


class TierTrack:
    """The windows of one rule set, shared by all members."""

    def __init__(self, rules: Ruleset, time_zone: str) -> None:
        self.rules, self.time_zone = rules, time_zone
        self.thresholds = [rules.threshold(tier) for tier in rules.tiers]
        self.keys = [tier.key for tier in rules.tiers]
        self.is_protected = is_protected(rules)
        self._starts: dict[int, datetime] = {}
        self._span = timedelta(days=rules.tier_window_days) - _INSTANT

    def start(self, at: datetime) -> datetime:
        """The first instant of the window that ends then."""
        if not self.keys:
            return at
        if self.rules.tier_policy is None:
            return at - self._span
        part = int(at.timestamp()) // _SLICE_SECONDS
        found = self._starts.get(part)
        if found is None:
            found = self._starts[part] = window_start(self.rules, at, self.time_zone)
        return found

    def begin(self) -> MemberTrack:
        """A member without a past."""
        return MemberTrack(self)


class MemberTrack:
    """One member; sales come in the order of time."""

    __slots__ = ("_figure", "_held", "_of", "_rank", "_sales")

    def __init__(self, of: TierTrack) -> None:
        self._of = of
        self._figure = 0
        self._sales: deque[tuple[datetime, int]] = deque()
        self._held = Held()
        self._rank = -1

    def add(self, at: datetime, amount: int) -> None:
        """A sale of this spend, or so many points earned. The tier is settled with it, before time
        takes anything out of the window."""
        if amount and self._of.keys:
            self._sales.append((at, amount))
            self._figure += amount
            self._settle(at)

    def tier_key(self, at: datetime, plans: tuple[str, ...]) -> str | None:
        """The effective tier just before a sale at that moment."""
        of, sales = self._of, self._sales
        if not of.keys:
            return None
        start = of.start(at)
        while sales and sales[0][0] < start:
            self._figure -= sales.popleft()[1]
        self._settle(at)
        if plans:
            held = Held(of.keys[self._rank] if self._rank >= 0 else None)
            return standing(of.rules, self._figure, held, plans).tier_key
        return of.keys[self._rank] if self._rank >= 0 else None

    def _settle(self, at: datetime) -> None:
        of, figure = self._of, self._figure
        rank = bisect_right(of.thresholds, max(0, figure)) - 1
        if not of.is_protected:
            self._rank = rank
        elif rank != self._rank or self._held.kept_until is not None:
            self._held = settle(of.rules, self._held, figure, at, of.time_zone)
            self._rank = of.keys.index(self._held.tier_key) if self._held.tier_key else -1
