"""The time machine: past sales through other rules, one member after another, as fast as exact
sums allow. It computes with the same function as the till; it only remembers its answers."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wallet.rules.earning.conditions import holds
from wallet.rules.earning.shares import compute
from wallet.rules.facts import MemberFacts, Sale, sale_lines
from wallet.rules.kept_sale import kept_sale
from wallet.rules.periods import period_of
from wallet.rules.ruleset import PerAmount, PerItem, Ruleset
from wallet.rules.terms import When
from wallet.rules.tier_track import TierTrack

_Gave = tuple[dict[str, int], dict[str, int]]  # by unit, by rule

REMEMBERED_MAX = 50_000  # answers kept: most prices of a shop, in some tens of megabytes


class PastSale(NamedTuple):
    """A sale as it stands: with what was refunded of it since, and the items of each refund.
    `tier_key` is the tier that the member really had."""

    at: datetime
    amount_minor: int
    refunded_minor: int
    channel: str
    tier_key: str | None = None
    parts: tuple[int, int, int, int] = (0, 0, 0, 0)  # tax, shipping, gift cards, credit
    items: Sequence[Mapping[str, Any]] = ()
    returned: Sequence[Sequence[Mapping[str, Any]]] = ()


@dataclass(frozen=True, slots=True)
class PastMember:
    """What rules may ask of a member. `plans` are (plan, from, until) of paid periods."""

    id: int
    tags: tuple[str, ...] = ()
    joined_on: date | None = None
    birthday: date | None = None
    plans: Sequence[tuple[str, datetime, datetime]] = ()


@dataclass(slots=True)
class Outcome:
    """What the rules would have given one member in the period, by unit and by rule, and the tier
    of the last sale: as it would have been, and as it was."""

    sales: int = 0
    units: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    tier_key: str | None = None
    tier_before: str | None = None


class Replayer:
    """A rule set, ready for millions of sales."""

    def __init__(self, rules: Ruleset, currency: str, time_zone: str, since: datetime) -> None:
        self.rules, self.currency, self.zone = rules, currency, ZoneInfo(time_zone)
        self.since = since
        self.looks_at = looks_at(rules)
        self._has_lines = "lines" in self.looks_at
        self._needs_view = bool(self.looks_at & {"time", "person", "counts"})
        # Conditions on the moment and the person: what they say is part of what is remembered.
        self._conditions = [
            part.when.model_copy(update={"purchase_min_minor": None})
            for part in (*rules.sale_rules, *rules.multipliers)
            if part.when is not None and _asked(part.when)
        ]
        self._track = TierTrack(rules, time_zone)
        self._remembered: dict[Any, _Gave] = {}

    def warm_up_from(self) -> datetime:
        """From when sales matter, so that tiers and caps stand right when the period begins."""
        starts = [self.since, self._track.start(self.since)]
        local = self.since.astimezone(self.zone)
        starts += [period_of(per, local)[0] for _, per, _ in self.rules.counted]
        return min(starts)

    def member(self, member: PastMember, sales: Iterable[PastSale]) -> Outcome:
        """One member's sales, oldest first."""
        outcome = Outcome()
        track = self._track.begin()
        usage = _Usage(self.rules) if "counts" in self.looks_at else None
        since, by_points = self.since, self.rules.tier_unit
        for sale in sales:
            at = sale.at
            plans = self._plans(member, at)
            tier_key = track.tier_key(at, plans)
            units, rules = self._give(member, sale, tier_key, plans, usage)
            kept = sale.amount_minor - sale.refunded_minor
            track.add(at, units.get(by_points, 0) if by_points else kept)
            if at >= since:
                outcome.sales += 1
                outcome.tier_key, outcome.tier_before = tier_key, sale.tier_key
                for key, quantity in units.items():
                    outcome.units[key] += quantity
                for key, quantity in rules.items():
                    outcome.rules[key] += quantity
        return outcome

    def _plans(self, member: PastMember, at: datetime) -> tuple[str, ...]:
        if not member.plans:
            return ()
        return tuple(sorted({plan for plan, start, end in member.plans if start <= at < end}))

    def _give(
        self,
        member: PastMember,
        past: PastSale,
        tier_key: str | None,
        plans: tuple[str, ...],
        usage: _Usage | None,
    ) -> _Gave:
        """(by unit, by rule). The same sale in the same circumstances is computed once."""
        view: MemberFacts | None = None
        if self._needs_view:
            view = self._view(member, past, tier_key, plans, usage)
        if self._has_lines:
            found = self._compute(past, view or self._view(member, past, tier_key, plans, None))
        else:
            key = self._key(past, tier_key, plans, view)
            remembered = self._remembered.get(key)
            if remembered is None:
                view = view or self._view(member, past, tier_key, plans, None)
                remembered = self._compute(past, view)
                if len(self._remembered) < REMEMBERED_MAX:
                    self._remembered[key] = remembered
            found = remembered
        if usage:
            usage.add(past.amount_minor - past.refunded_minor, past.channel, *found)
        return found

    def _key(
        self,
        past: PastSale,
        tier_key: str | None,
        plans: tuple[str, ...],
        view: MemberFacts | None,
    ) -> tuple[object, ...]:
        """Everything that the answer depends on."""
        key = (past.amount_minor, past.refunded_minor, past.channel, tier_key, plans, past.parts)
        if view is None:
            return key
        said = [holds(when, past.channel, view, 0) for when in self._conditions]
        return (*key, *said, *view.used.items(), *view.visits.items())

    def _compute(self, past: PastSale, view: MemberFacts) -> _Gave:
        lines = sale_lines(past.items) if self._has_lines else ()
        sale = Sale(
            past.amount_minor,
            self.currency,
            past.channel,
            *past.parts,
            lines=lines,
            is_visit=not past.amount_minor,
        )
        if past.refunded_minor:
            sale = kept_sale(sale, past.refunded_minor, past.returned)
        units: dict[str, int] = {}
        rules: dict[str, int] = {}
        for given in compute(self.rules, sale, view):
            units[given.scale.unit.key] = given.total
            rules |= given.by_rule  # a rule earns one unit only
        return units, rules

    def _view(
        self,
        member: PastMember,
        past: PastSale,
        tier_key: str | None,
        plans: tuple[str, ...],
        usage: _Usage | None,
    ) -> MemberFacts:
        at = past.at.astimezone(self.zone)
        return MemberFacts(
            at,
            tier_key,
            member.tags,
            member.joined_on,
            member.birthday,
            plans,
            usage.used(at) if usage else {},
            usage.visits() if usage else {},
        )


def looks_at(rules: Ruleset) -> frozenset[str]:
    """What sales and members have to bring besides amount, channel, tier and plans: `time`, `lines`,
    `counts` (caps and goals), `person` (tags, birthday, seniority)."""
    found = set()
    for part in (*rules.sale_rules, *rules.multipliers):
        found |= _asked(part.when)
        if isinstance(part, PerItem) or getattr(part, "match", None):
            found.add("lines")
    if rules.counted:
        found.add("counts")
    if any(isinstance(rule, PerAmount) and rule.replaces for rule in rules.sale_rules):
        found.add("lines")
    return frozenset(found)


def _asked(when: When | None) -> set[str]:
    if when is None:
        return set()
    found = set()
    if when.weekdays or when.from_time is not None or when.starts_at or when.ends_at:
        found.add("time")
    if when.tags:
        found.add("person")
    if when.birthday or when.seniority_years_min:
        found |= {"time", "person"}
    return found


class _Usage:
    """What caps and goals count, for one member whose sales come in the order of time."""

    def __init__(self, rules: Ruleset) -> None:
        self._rules = rules
        self._ends: dict[str, datetime] = {}  # period → when the running one ends
        self._used: dict[tuple[str, str], tuple[int, int]] = {}
        self._visits: Counter[str] = Counter()
        # (rule or unit, whether it is a unit, what it is counted under)
        self._pairs = [
            (scope.removeprefix("unit:"), scope.startswith("unit:"), (scope, per))
            for scope, per, _ in rules.counted
        ]
        self._periods = sorted({per for _, per, _ in rules.counted})
        self._goals = {(goal.key, goal.within) for goal in rules.visit_goals}

    def used(self, at: datetime) -> Mapping[tuple[str, str], tuple[int, int]]:
        """As of `at`: what belongs to periods that are over is forgotten."""
        for per in self._periods:
            end = self._ends.get(per)
            if end is None or at >= end:
                self._ends[per] = period_of(per, at)[1]
                for pair in [pair for pair in self._used if pair[1] == per]:
                    del self._used[pair]
                for goal in self._rules.visit_goals:
                    if goal.within == per:
                        self._visits[goal.key] = 0
        return {pair: used for pair, used in self._used.items() if pair not in self._goals}

    def visits(self) -> Mapping[str, tuple[int, int]]:
        """Goal → (sales of the period that count, times given)."""
        return {
            goal.key: (
                self._visits[goal.key],
                self._used.get((goal.key, goal.within), (0, 0))[1],
            )
            for goal in self._rules.visit_goals
        }

    def add(
        self, kept_minor: int, channel: str, units: Mapping[str, int], rules: Mapping[str, int]
    ) -> None:
        """Count a sale, of which so much was kept, and what it gave."""
        for goal in self._rules.visit_goals:
            when = goal.when
            channels = goal.channels or (when and when.channels)
            least = (when and when.purchase_min_minor) or 1
            if kept_minor >= least and (not channels or channel in channels):
                self._visits[goal.key] += 1
        for name, is_unit, pair in self._pairs:
            gave = (units if is_unit else rules).get(name, 0)
            if gave:
                quantity, times = self._used.get(pair, (0, 0))
                self._used[pair] = quantity + gave, times + 1


@dataclass(frozen=True, slots=True)
class Change:
    """How much more or less a member would have of a unit."""

    member_id: int
    before: int
    after: int

    @property
    def difference(self) -> int:
        """More than zero for those who win."""
        return self.after - self.before


@dataclass(slots=True)
class UnitResult:
    """A unit in the period: what was given and what would have been, and who wins or loses."""

    before: int = 0
    after: int = 0
    winners: int = 0
    losers: int = 0
    unchanged: int = 0


class Comparison:
    """What the rules would have given against what really happened, gathered member by member."""

    def __init__(self, rules: Ruleset, units: Iterable[str], shown: int) -> None:
        self.sales = 0
        self.members = 0
        self.units: dict[str, UnitResult] = {key: UnitResult() for key in units}
        self.by_rule: Counter[str] = Counter()
        self.tiers_before: Counter[str] = Counter()
        self.tiers_after: Counter[str] = Counter()
        self._main = rules.main_unit.key
        self._shown = shown
        self._best: list[tuple[int, int, Change]] = []
        self._worst: list[tuple[int, int, Change]] = []

    def add(self, member_id: int, before: Mapping[str, int], outcome: Outcome) -> None:
        """One member: what really was given by unit, and what would have been."""
        self.sales += outcome.sales
        if not outcome.sales:
            return
        self.members += 1
        self.by_rule.update(outcome.rules)
        if outcome.tier_key:
            self.tiers_after[outcome.tier_key] += 1
        if outcome.tier_before:
            self.tiers_before[outcome.tier_before] += 1
        for key, result in self.units.items():
            was, now = before.get(key, 0), outcome.units[key]
            result.before += was
            result.after += now
            if now > was:
                result.winners += 1
            elif now < was:
                result.losers += 1
            else:
                result.unchanged += 1
            if key == self._main and now != was:
                self._note(Change(member_id, was, now))

    @property
    def winners(self) -> list[Change]:
        """Who wins most of the unit in front, the first of them first."""
        return [change for _, _, change in sorted(self._best, reverse=True)]

    @property
    def losers(self) -> list[Change]:
        """Who loses most, the first of them first."""
        return [change for _, _, change in sorted(self._worst, reverse=True)]

    def _note(self, change: Change) -> None:
        heap = self._best if change.difference > 0 else self._worst
        item = (abs(change.difference), -change.member_id, change)
        if len(heap) < self._shown:
            heapq.heappush(heap, item)
        elif self._shown:
            heapq.heappushpop(heap, item)


def cost_minor(quantity: int, unit_value: Fraction | None) -> int | None:
    """What so many units are worth in minor units, half a cent up; None where nobody knows."""
    if unit_value is None:
        return None
    exact = quantity * unit_value
    return int((exact + Fraction(1, 2)).__floor__())


def start_of_day(day: date, time_zone: str) -> datetime:
    """Midnight of that day in the zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
