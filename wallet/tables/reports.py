"""Sums and lists over members and the ledger, for people who look after a program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from wallet.tables.ledger import Account, Entry
from wallet.tables.member import TRIAL, Identifier, Member
from wallet.tables.member_word import ids_with_words
from wallet.tables.purchase import Purchase


def count_members(session: Session, program_id: int, since: datetime | None = None) -> int:
    """Active members, or those of them who joined since then."""
    query = select(func.count()).where(Member.program_id == program_id, Member.status == "active")
    if since is not None:
        query = query.where(Member.joined_at >= since)
    return int(session.scalar(query) or 0)


def joined_by(
    session: Session, program_id: int, prefix: str, since: datetime | None = None
) -> list[tuple[int | None, str, int]]:
    """(store, actor, members) for every store and actor whose label begins with `prefix`; merged and
    closed members count too, they did join."""
    query = (
        select(Member.joined_store_id, Member.joined_by, func.count())
        .where(
            Member.program_id == program_id, Member.joined_by.startswith(prefix, autoescape=True)
        )
        .where(Member.status != TRIAL)
        .group_by(Member.joined_store_id, Member.joined_by)
    )
    if since is not None:
        query = query.where(Member.joined_at >= since)
    return [(store, label, count) for store, label, count in session.execute(query)]


def count_buyers(session: Session, program_id: int, since: datetime) -> int:
    """Members with a purchase since then that was not refunded in full."""
    query = select(func.count(func.distinct(Purchase.member_id))).where(
        Purchase.program_id == program_id,
        Purchase.occurred_at >= since,
        Purchase.refunded_minor < Purchase.amount_minor,
    )
    return int(session.scalar(query) or 0)


def has_sale(session: Session, program_id: int) -> bool:
    """Whether anything was ever sold."""
    query = select(Purchase.id).where(Purchase.program_id == program_id).limit(1)
    return session.scalar(query) is not None


def average_sale(session: Session, program_id: int, since: datetime, sales_min: int) -> int | None:
    """The average of the sales since then that were not refunded in full, in minor units; None where
    there were fewer than `sales_min`."""
    query = select(func.count(), func.sum(Purchase.amount_minor)).where(
        Purchase.program_id == program_id,
        Purchase.occurred_at >= since,
        Purchase.refunded_minor < Purchase.amount_minor,
    )
    count, total = session.execute(query).one()
    return int(total) // count if count and count >= sales_min else None


def sums_between(
    session: Session, program_id: int, unit: str, bounds: Sequence[datetime]
) -> list[dict[str, int]]:
    """For each span between neighbouring bounds: contra account → what went from it to members.

    Corrections carry the contra account of what they correct, so the sums are net.
    """
    spans = list(pairwise(bounds))
    columns = [
        func.coalesce(
            func.sum(
                case(
                    (and_(Entry.occurred_at >= start, Entry.occurred_at < end), Entry.quantity),
                    else_=0,
                )
            ),
            0,
        )
        for start, end in spans
    ]
    query = (
        select(Entry.contra, *columns)
        .where(
            Entry.program_id == program_id,
            Entry.unit == unit,
            Entry.occurred_at >= bounds[0],
            Entry.occurred_at < bounds[-1],
        )
        .group_by(Entry.contra)
    )
    sums: list[dict[str, int]] = [{} for _ in spans]
    for contra, *values in session.execute(query):
        for span, value in zip(sums, values, strict=True):
            span[contra] = int(value)
    return sums


def newest_entries(session: Session, program_id: int, limit: int) -> list[tuple[Entry, Member]]:
    """The newest movements of the program with their members."""
    query = (
        select(Entry, Member)
        .join(Member, Member.id == Entry.member_id)
        .where(Entry.program_id == program_id)
        .order_by(Entry.id.desc())
        .limit(limit)
    )
    return [(entry, member) for entry, member in session.execute(query)]


def members_page(
    session: Session,
    program_id: int,
    words: Sequence[str],
    limit: int,
    before_id: int | None,
) -> list[Member]:
    """Members newest first; with `words`, those of whom each begins a name, an address or a number."""
    query = select(Member).where(Member.program_id == program_id, Member.status != TRIAL)
    if words:
        query = query.where(Member.id.in_(ids_with_words(program_id, words)))
    if before_id is not None:
        query = query.where(Member.id < before_id)
    return list(session.scalars(query.order_by(Member.id.desc()).limit(limit)))


def account_balances(session: Session, member_ids: Sequence[int], unit: str) -> dict[int, int]:
    """Member → balance of one unit, pending points included."""
    query = select(Account.member_id, Account.balance).where(
        Account.member_id.in_(member_ids), Account.unit == unit
    )
    return {row[0]: row[1] for row in session.execute(query)}


def last_purchases(session: Session, member_ids: Sequence[int]) -> dict[int, datetime]:
    """Member → time of the newest purchase."""
    query = (
        select(Purchase.member_id, func.max(Purchase.occurred_at))
        .where(Purchase.member_id.in_(member_ids))
        .group_by(Purchase.member_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def contacts_of(session: Session, member_ids: Sequence[int]) -> dict[int, str]:
    """Member → e-mail, or phone number where there is no e-mail."""
    query = select(Identifier.member_id, Identifier.kind, Identifier.value).where(
        Identifier.member_id.in_(member_ids), Identifier.kind.in_(("email", "phone"))
    )
    rows = sorted(session.execute(query), key=lambda row: row[1] == "email")
    return {member_id: value for member_id, _, value in rows}
