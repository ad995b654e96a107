"""The time machine: what the sales of a past period would have given under other rules, against
what they really gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.db import unhurried
from wallet.ids import public_id
from wallet.rules.periods import local_time
from wallet.rules.replay import (
    Change,
    Comparison,
    PastMember,
    PastSale,
    Replayer,
    cost_minor,
)
from wallet.rules.ruleset import Ruleset
from wallet.tables.history import (
    AnyRow,
    count_sales,
    given_rows,
    membership_rows,
    named,
    person_rows,
    returned_rows,
    sale_rows,
)

PROGRESS_EVERY = 5_000  # sales between two words of progress: several times a second
SHOWN = 20  # winners and losers named in a report

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit: given and would have been given, what that is worth, and for how many members it
    is more or less. Costs are None where no reward says what a unit is worth."""

    unit: str
    before: int
    after: int
    unit_value: Fraction | None  # minor units for one
    cost_before_minor: int | None
    cost_after_minor: int | None
    winners: int
    losers: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class MemberChange:
    """How the unit in front would have changed for one member."""

    member_id: str
    number: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A period under other rules. `tiers` maps a tier to (members in it, members it would have
    had), by the last sale of each member; `by_rule` says what each rule would have given."""

    period: Period
    sales: int
    members: int
    units: Sequence[UnitReport]
    tiers: Mapping[str, tuple[int, int]]
    by_rule: Mapping[str, int]
    winners: Sequence[MemberChange]
    losers: Sequence[MemberChange]


def replay_rules(
    session: Session,
    program: ProgramView,
    rules: Ruleset,
    period: Period,
    point_value: Fraction | None = None,
    progress: Progress = lambda done, all_: None,
) -> ReplayReport:
    """Replay the period in the snapshot of `session`; nothing is written.

    Earlier sales are replayed too where tiers or caps of the period depend on them. `point_value`
    is what one of the unit in front costs, in minor units; None takes the cheapest money reward.
    Sales count as they stand today, without what was refunded. `progress` hears (done, all).
    """
    unhurried(session)
    replayer = Replayer(rules, program.currency, program.time_zone, period.since)
    since = replayer.warm_up_from()
    total = count_sales(session, program.id, since, period.until)
    units = dict.fromkeys([unit.key for unit in program.ruleset.units + rules.units])
    comparison = Comparison(rules, units, SHOWN)
    history = _History(session, program, replayer, Period(since, period.until))
    given = _ByMember(given_rows(session, program.id, period.since, period.until))
    done = 0
    for member, sales in history.members():
        outcome = replayer.member(member, sales)
        before = {unit: int(quantity) for _, unit, quantity in given.of(member.id)}
        comparison.add(member.id, before, outcome)
        if (done + len(sales)) // PROGRESS_EVERY > done // PROGRESS_EVERY:
            progress(done + len(sales), total)
        done += len(sales)
    progress(total, total)
    return _report(session, program, rules, period, comparison, point_value)


class _ByMember:
    """A stream of rows in the order of members, handed out one member at a time."""

    def __init__(self, rows: Iterator[AnyRow]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, member_id: int) -> list[AnyRow]:
        """The rows of this member; those of members who are not asked for are passed over."""
        found = []
        while self._next is not None and self._next[0] <= member_id:
            if self._next[0] == member_id:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found


class _History:
    """The past of every member who bought, read side by side in little memory; only what the rules
    look at is read."""

    def __init__(
        self, session: Session, program: ProgramView, replayer: Replayer, period: Period
    ) -> None:
        asked = replayer.looks_at
        span = (session, program.id, period.since, period.until)
        self._time_zone = program.time_zone
        self._with_items = "lines" in asked
        self._sales = sale_rows(*span, with_items=self._with_items)
        self._returned = _ByMember(returned_rows(*span)) if self._with_items else None
        self._people = _ByMember(person_rows(session, program.id)) if "person" in asked else None
        self._plans = (
            _ByMember(membership_rows(session, program.id)) if replayer.rules.plans else None
        )

    def members(self) -> Iterator[tuple[PastMember, list[PastSale]]]:
        """Each member with the sales, oldest first."""
        for member_id, rows in groupby(self._sales, key=lambda row: row[0]):
            yield self._member(member_id), self._past(member_id, rows)

    def _past(self, member_id: int, rows: Iterator[AnyRow]) -> list[PastSale]:
        if not self._with_items:
            return [
                PastSale(at, amount, refunded, channel, tier, parts)
                for _, at, amount, refunded, channel, tier, *rest in rows
                for parts in (tuple(rest),)
            ]
        returned: dict[int, list[Any]] = defaultdict(list)
        if self._returned is not None:
            for _, purchase_id, items in self._returned.of(member_id):
                returned[purchase_id].append(items)
        return [
            PastSale(*row[1:6], row[6:10], row[11], returned.get(row[10], ()))  # type: ignore[call-arg]
            for row in rows
        ]

    def _member(self, member_id: int) -> PastMember:
        if self._people is None and self._plans is None:
            return PastMember(member_id)
        person = self._people.of(member_id) if self._people else []
        plans = self._plans.of(member_id) if self._plans else []
        _, tags, joined_at, birthday = person[0] if person else (member_id, (), None, None)
        return PastMember(
            member_id,
            tuple(tags or ()),
            local_time(joined_at, self._time_zone).date() if joined_at else None,
            birthday,
            [(plan, start, end) for _, plan, start, end in plans],
        )


def value_of_unit(program: ProgramView, unit: str) -> Fraction | None:
    """What one of the unit is worth in minor units: itself where it is money, else what the
    cheapest money reward gives for one; None where there is none."""
    kinds = {each.key: each.kind for each in program.ruleset.units}
    if kinds.get(unit) == "credit":
        return Fraction(1)
    money = [
        reward
        for reward in program.rewards
        if reward.unit == unit and reward.kind == "amount" and reward.value.get("amount_minor")
    ]
    cheapest = min(money, key=lambda reward: reward.cost, default=None)
    return Fraction(cheapest.value["amount_minor"], cheapest.cost) if cheapest else None


def _report(
    session: Session,
    program: ProgramView,
    rules: Ruleset,
    period: Period,
    found: Comparison,
    point_value: Fraction | None,
) -> ReplayReport:
    units = []
    for key, result in found.units.items():
        value = value_of_unit(program, key)
        if point_value is not None and key == rules.main_unit.key:
            value = point_value
        units.append(
            UnitReport(
                key,
                result.before,
                result.after,
                value,
                cost_minor(result.before, value),
                cost_minor(result.after, value),
                result.winners,
                result.losers,
                result.unchanged,
            )
        )
    winners, losers = found.winners, found.losers
    names = named(session, [change.member_id for change in (*winners, *losers)])
    tiers = dict.fromkeys([*found.tiers_before, *found.tiers_after])
    return ReplayReport(
        period,
        found.sales,
        found.members,
        units,
        {key: (found.tiers_before[key], found.tiers_after[key]) for key in tiers},
        dict(found.by_rule),
        [_named(change, names) for change in winners],
        [_named(change, names) for change in losers],
    )


def _named(change: Change, names: Mapping[int, tuple[str, str]]) -> MemberChange:
    number, name = names.get(change.member_id, ("", ""))
    return MemberChange(
        public_id("mbr", change.member_id), number, name, change.before, change.after
    )
