"""Past sales as streams of plain rows in the order of members, for whoever replays them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, Table, func, select
from sqlalchemy.orm import Session

from wallet.tables.ledger import Account, Entry
from wallet.tables.member import Member
from wallet.tables.purchase import Purchase, Refund
from wallet.tables.relation import Membership
from wallet.tables.replay import ROWS_AT_ONCE

_purchase = cast(Table, Purchase.__table__)
_refund = cast(Table, Refund.__table__)
_entry = cast(Table, Entry.__table__)
_member = cast(Table, Member.__table__)
_membership = cast(Table, Membership.__table__)

AnyRow = Row[*tuple[Any, ...]]


def count_sales(session: Session, program_id: int, since: datetime, until: datetime) -> int:
    """Sales from `since` to before `until`."""
    query = select(func.count()).select_from(_purchase)
    return int(session.scalar(query.where(*_within(program_id, since, until))) or 0)


def sale_rows(
    session: Session, program_id: int, since: datetime, until: datetime, *, with_items: bool
) -> Iterator[AnyRow]:
    """(member_id, occurred_at, amount, refunded, channel, tier_key, tax, shipping, gift cards,
    credit[, id, items]) by member and time."""
    names = [
        "member_id",
        "occurred_at",
        "amount_minor",
        "refunded_minor",
        "channel",
        "tier_key",
        "tax_minor",
        "shipping_minor",
        "gift_card_minor",
        "credit_minor",
    ]
    if with_items:
        names += ["id", "items"]
    columns: list[Any] = [_purchase.c[name] for name in names]
    query = select(*columns).where(*_within(program_id, since, until))
    return _stream(session, query, _purchase.c.member_id, _purchase.c.occurred_at, _purchase.c.id)


def returned_rows(
    session: Session, program_id: int, since: datetime, until: datetime
) -> Iterator[AnyRow]:
    """(member_id, purchase_id, items) of every refund of those sales, by member."""
    query = (
        select(_purchase.c.member_id, _refund.c.purchase_id, _refund.c["items"])
        .select_from(_refund)
        .join(_purchase, _purchase.c.id == _refund.c.purchase_id)
        .where(*_within(program_id, since, until))
    )
    return _stream(session, query, _purchase.c.member_id, _refund.c.id)


def given_rows(
    session: Session, program_id: int, since: datetime, until: datetime
) -> Iterator[AnyRow]:
    """(member_id, unit, quantity) that those sales really gave, refunds taken off, by member."""
    query = (
        select(_purchase.c.member_id, _entry.c.unit, func.sum(_entry.c.quantity))
        .select_from(_entry)
        .join(_purchase, _purchase.c.id == _entry.c.purchase_id)
        .where(*_within(program_id, since, until), _entry.c.contra == "issued")
        .group_by(_purchase.c.member_id, _entry.c.unit)
    )
    return _stream(session, query, _purchase.c.member_id)


def person_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """(member_id, tags, joined_at, birthday) of every member."""
    query = select(_member.c.id, _member.c.tags, _member.c.joined_at, _member.c.birthday)
    return _stream(session, query.where(_member.c.program_id == program_id), _member.c.id)


def membership_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """(member_id, plan, starts_at, ends_at) of every paid period, by member."""
    query = select(
        _membership.c.member_id,
        _membership.c.plan,
        _membership.c.starts_at,
        _membership.c.ends_at,
    )
    query = query.where(_membership.c.program_id == program_id)
    return _stream(session, query, _membership.c.member_id, _membership.c.id)


def held_units(session: Session, program_id: int) -> dict[str, int]:
    """Unit → how many members hold or owe something of it."""
    query = (
        select(Account.unit, func.count())
        .where(Account.program_id == program_id, (Account.balance != 0) | (Account.owed != 0))
        .group_by(Account.unit)
    )
    return {unit: int(number) for unit, number in session.execute(query)}


def paid_plans(session: Session, program_id: int, now: datetime) -> set[str]:
    """Plans that somebody has paid for and that are not over."""
    query = select(Membership.plan).where(
        Membership.program_id == program_id, Membership.ends_at > now
    )
    return set(session.scalars(query.distinct()))


def named(session: Session, member_ids: list[int]) -> dict[int, tuple[str, str]]:
    """Member → (number, name)."""
    query = select(Member.id, Member.number, Member.name).where(Member.id.in_(member_ids))
    return {number: (spoken, name) for number, spoken, name in session.execute(query)}


def _within(program_id: int, since: datetime, until: datetime) -> tuple[Any, ...]:
    return (
        _purchase.c.program_id == program_id,
        _purchase.c.occurred_at >= since,
        _purchase.c.occurred_at < until,
    )


def _stream(session: Session, query: Select[*tuple[Any, ...]], *order: Any) -> Iterator[AnyRow]:
    ordered = query.order_by(*order).execution_options(yield_per=ROWS_AT_ONCE)
    return iter(session.execute(ordered))
