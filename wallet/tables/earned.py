"""What rules gave a member, and what the member spent: for caps, goals and tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    Select,
    String,
    Table,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from wallet.db import UtcDateTime
from wallet.ids import new_id
from wallet.prepared import Prepared, Question, prepared_insert
from wallet.tables.ledger import Award, Entry
from wallet.tables.purchase import Purchase
from wallet.tables.relation import Membership

_award = cast(Table, Award.__table__)
_entry = cast(Table, Entry.__table__)
_purchase = cast(Table, Purchase.__table__)
_membership = cast(Table, Membership.__table__)

_TIME = UtcDateTime()
_INSERT_AWARD = prepared_insert(_award)
_SPENT = Prepared(
    select(func.coalesce(func.sum(_purchase.c.amount_minor - _purchase.c.refunded_minor), 0)).where(
        _purchase.c.member_id == bindparam("member"),
        _purchase.c.occurred_at >= bindparam("since", type_=_TIME),
        _purchase.c.occurred_at <= bindparam("until", type_=_TIME),
    )
)
_EARNED = Prepared(
    select(func.coalesce(func.sum(_award.c.quantity), 0)).where(
        _award.c.member_id == bindparam("member"),
        _award.c.unit == bindparam("of_unit"),
        _award.c.occurred_at >= bindparam("since", type_=_TIME),
        _award.c.occurred_at <= bindparam("until", type_=_TIME),
    )
)
_PLANS = Prepared(
    select(_membership.c.plan)
    .where(
        _membership.c.member_id == bindparam("member"),
        _membership.c.ends_at > bindparam("at", type_=_TIME),
        _membership.c.starts_at <= bindparam("at", type_=_TIME),
    )
    .distinct()
    .order_by(_membership.c.plan)
)
_OF_PURCHASE = (
    select(_award.c.rule, _award.c.unit, func.sum(_award.c.quantity))
    .join(_entry, _entry.c.id == _award.c.entry_id)
    .where(_entry.c.purchase_id == bindparam("purchase"))
    .group_by(_award.c.rule, _award.c.unit)
)


def write_awards(
    session: Session,
    entry: Entry,
    rules: Mapping[str, int],
    occurred_at: datetime,
) -> None:
    """What each rule gave in this entry (negative: what it takes back). `occurred_at` is that of
    the sale or activity, also where a later refund takes back: caps and tiers count by it."""
    for rule, quantity in rules.items():
        if quantity:
            values = {
                "id": new_id(),
                "program_id": entry.program_id,
                "member_id": entry.member_id,
                "entry_id": entry.id,
                "rule": rule,
                "unit": entry.unit,
                "quantity": quantity,
                "occurred_at": occurred_at,
            }
            _INSERT_AWARD.write(session, values)


def unwrite_awards(session: Session, entry_id: int, undoing: Entry) -> None:
    """Take back, in the name of the entry `undoing`, whatever rules gave in another."""
    query = select(_award.c.rule, _award.c.quantity, _award.c.occurred_at).where(
        _award.c.entry_id == entry_id
    )
    for rule, quantity, occurred_at in session.connection().execute(query).all():
        write_awards(session, undoing, {rule: -quantity}, occurred_at)


def awards_of_purchase(session: Session, purchase_id: int) -> dict[str, dict[str, int]]:
    """Unit → rule → what the rule gave for the sale, less what refunds took back."""
    found: dict[str, dict[str, int]] = {}
    for rule, unit, quantity in session.connection().execute(
        _OF_PURCHASE, {"purchase": purchase_id}
    ):
        found.setdefault(unit, {})[rule] = int(quantity)
    return found


def spent_between(session: Session, member_id: int, since: datetime, until: datetime) -> int:
    """What a member paid from `since` to `until`, both included, refunds taken off, in minor units."""
    return int(_SPENT.scalar(session, spent_asked(member_id, since, until)[1]))


def spent_asked(member_id: int, since: datetime, until: datetime) -> Question:
    """What `spent_between` asks."""
    return _SPENT, {"member": member_id, "since": since, "until": until}


def earned_between(
    session: Session, member_id: int, unit: str, since: datetime, until: datetime
) -> int:
    """What a member earned of a unit, what refunds took back taken off; spending does not lower it."""
    return int(_EARNED.scalar(session, earned_asked(member_id, unit, since, until)[1]))


def earned_asked(member_id: int, unit: str, since: datetime, until: datetime) -> Question:
    """What `earned_between` asks."""
    return _EARNED, {"member": member_id, "of_unit": unit, "since": since, "until": until}


def plans_at(session: Session, member_id: int, at: datetime) -> tuple[str, ...]:
    """The plans that a member has paid for at that moment."""
    return tuple(plan for (plan,) in _PLANS.rows(session, {"member": member_id, "at": at}))


def usage(
    session: Session,
    member_id: int,
    counted: Sequence[tuple[str, str, bool]],
    periods: Mapping[str, tuple[datetime, datetime]],
) -> dict[tuple[str, str], tuple[int, int]]:
    """(rule or `unit:…`, period) → (quantity, times) given in the periods, one statement for all.

    `counted` says of each whether times are asked for; `periods` has start and end (left out).
    """
    statement, bounds = usage_asked(member_id, counted, periods)
    return {
        (scope, per): (int(quantity or 0), int(times))
        for scope, per, quantity, times in statement.rows(session, bounds)
    }


def usage_asked(
    member_id: int,
    counted: Sequence[tuple[str, str, bool]],
    periods: Mapping[str, tuple[datetime, datetime]],
) -> Question:
    """What `usage` asks."""
    bounds: dict[str, Any] = {"member": member_id}
    for name, (start, end) in periods.items():
        bounds[f"{name}_start"], bounds[f"{name}_end"] = start, end
    return _usage_statement(tuple(counted)), bounds


@lru_cache(maxsize=1024)
def _usage_statement(counted: tuple[tuple[str, str, bool], ...]) -> Prepared:
    parts = [_usage_of(scope, per, with_times=times) for scope, per, times in counted]
    return Prepared(parts[0] if len(parts) == 1 else union_all(*parts))


def _usage_of(scope: str, per: str, *, with_times: bool) -> Select[str, str, Any, int]:
    kind, _, unit = scope.partition(":")
    is_unit = kind == "unit" and bool(unit)
    named = _award.c.unit == unit if is_unit else _award.c.rule == scope
    conditions = [
        _award.c.member_id == bindparam("member"),
        named,
        _award.c.occurred_at >= bindparam(f"{per}_start", type_=_TIME),
        _award.c.occurred_at < bindparam(f"{per}_end", type_=_TIME),
    ]
    label = (literal(scope, String()).label("scope"), literal(per, String()).label("per"))
    if not with_times:
        return select(*label, func.sum(_award.c.quantity), literal(0)).where(*conditions)
    # One sale or activity is one time, however many rows refunds added to it.
    cause = func.coalesce(_entry.c.purchase_id, _entry.c.activity_id, _entry.c.id)
    nets = (
        select(func.sum(_award.c.quantity).label("net"))
        .join(_entry, _entry.c.id == _award.c.entry_id)
        .where(*conditions)
        .group_by(cause)
        .subquery()
    )
    return select(*label, func.sum(nets.c.net), func.count()).where(nets.c.net > 0)


def goal_sales(
    session: Session, member_id: int, rule: str, start: datetime, end: datetime
) -> list[int]:
    """Sales from `start` to before `end` for which the rule gave something that was not taken back,
    oldest first."""
    query = (
        select(_entry.c.purchase_id)
        .select_from(_award)
        .join(_entry, _entry.c.id == _award.c.entry_id)
        .where(
            _award.c.member_id == member_id,
            _award.c.rule == rule,
            _award.c.occurred_at >= start,
            _award.c.occurred_at < end,
            _entry.c.purchase_id.is_not(None),
        )
        .group_by(_entry.c.purchase_id)
        .having(func.sum(_award.c.quantity) > 0)
        .order_by(func.min(_award.c.occurred_at), _entry.c.purchase_id)
    )
    return [int(number) for number in session.connection().execute(query).scalars()]


def visits_between(session: Session, asked: Question) -> int:
    """How many sales there are of those that `visits_asked` asks for."""
    statement, values = asked
    return int(statement.scalar(session, values))


def visits_asked(
    member_id: int,
    start: datetime,
    end: datetime,
    min_minor: int,
    channels: Iterable[str] | None,
) -> Question:
    """Sales from `start` to before `end` of which at least so much was kept, in these channels or in all."""
    named = None if channels is None else tuple(sorted(channels))
    least = max(min_minor, 1)
    values = {"member": member_id, "since": start, "until": end, "least": least}
    return _visits_statement(named), values


@lru_cache(maxsize=64)
def _visits_statement(channels: tuple[str, ...] | None) -> Prepared:
    query = select(func.count()).where(
        _purchase.c.member_id == bindparam("member"),
        _purchase.c.occurred_at >= bindparam("since", type_=_TIME),
        _purchase.c.occurred_at < bindparam("until", type_=_TIME),
        _purchase.c.amount_minor - _purchase.c.refunded_minor >= bindparam("least"),
    )
    if channels is not None:
        query = query.where(or_(*(_purchase.c.channel == literal(one) for one in channels)))
    return Prepared(query)
