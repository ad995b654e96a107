"""The whole ledger as streams of plain rows, for whoever replays it from the first entry.

Every stream is in the order of accounts, so that they can be walked side by side in little memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session

from wallet.rules.chain import FACTS
from wallet.tables.ledger import Account, Entry, Lot, LotDraw
from wallet.tables.program import Program
from wallet.tables.purchase import Purchase, Refund
from wallet.tables.relation import Merge
from wallet.tables.reward import Redemption

ROWS_AT_ONCE = 2_000  # fetched together: less waiting for the database, still little memory

AnyRow = Row[*tuple[Any, ...]]


def program_ids(session: Session) -> list[int]:
    """Every program of the installation."""
    return list(session.scalars(select(Program.id).order_by(Program.id)))


def count_entries(session: Session, program_id: int) -> int:
    """How many entries the accounts say there are."""
    query = select(func.coalesce(func.sum(Account.seq), 0))
    return int(session.scalar(query.where(Account.program_id == program_id)) or 0)


def account_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Every account."""
    columns = Account.__table__.c
    return _stream(session, select(*columns).where(columns.program_id == program_id), columns.id)


def entry_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Every entry, in the order in which each account was written."""
    columns = Entry.__table__.c
    facts = [columns[name] for name in FACTS]  # in front and in this order, for the chain
    query = select(*facts, columns.prev_hash, columns.hash).where(columns.program_id == program_id)
    return _stream(session, query, columns.account_id, columns.seq)


def lot_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Every lot."""
    columns = Lot.__table__.c
    query = select(*columns).join(Account, Account.id == Lot.account_id)
    return _stream(session, query.where(Account.program_id == program_id), columns.account_id)


def draw_rows(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Every draw with the account of its lot: (account_id, lot_id, entry_id, quantity)."""
    query = (
        select(Lot.account_id, LotDraw.lot_id, LotDraw.entry_id, LotDraw.quantity)
        .join(Lot, Lot.id == LotDraw.lot_id)
        .join(Account, Account.id == Lot.account_id)
    )
    return _stream(session, query.where(Account.program_id == program_id), Lot.account_id)


def purchases_with_other_refunds(session: Session, program_id: int) -> Sequence[Row[int, int, int]]:
    """Purchases whose `refunded_minor` is not the sum of their refunds: (id, refunded, sum)."""
    refunded = func.coalesce(func.sum(Refund.amount_minor), 0)
    query = (
        select(Purchase.id, Purchase.refunded_minor, refunded)
        .outerjoin(Refund, Refund.purchase_id == Purchase.id)
        .where(Purchase.program_id == program_id)
        .group_by(Purchase.id, Purchase.refunded_minor)
        .having(refunded != Purchase.refunded_minor)
    )
    return session.execute(query).all()


def purchases_earned_twice(
    session: Session, program_id: int
) -> Sequence[Row[int | None, str, int]]:
    """Purchases with more than one accrual of a unit: (id, unit, accruals)."""
    query = (
        select(Entry.purchase_id, Entry.unit, func.count())
        .where(
            Entry.program_id == program_id,
            Entry.kind == "accrual",
            Entry.purchase_id.is_not(None),
        )
        .group_by(Entry.purchase_id, Entry.unit)
        .having(func.count() > 1)
    )
    return session.execute(query).all()


def entries_of_other_purchases(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Entries whose purchase belongs to another member: (entry id, purchase id, both members)."""
    query = (
        select(Entry.id, Purchase.id, Entry.member_id, Purchase.member_id)
        .join(Purchase, Purchase.id == Entry.purchase_id)
        .where(Entry.program_id == program_id, Entry.member_id != Purchase.member_id)
    )
    return iter(session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)))


def entries_of_other_redemptions(session: Session, program_id: int) -> Iterator[AnyRow]:
    """Entries whose redemption belongs to another member: (entry id, redemption id, both members)."""
    query = (
        select(Entry.id, Redemption.id, Entry.member_id, Redemption.member_id)
        .join(Redemption, Redemption.id == Entry.redemption_id)
        .where(Entry.program_id == program_id, Entry.member_id != Redemption.member_id)
    )
    return iter(session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)))


def merges_of(session: Session, program_id: int) -> Sequence[Row[int, int]]:
    """(merged, survivor) of every merge there ever was, undone ones too: they were one for a while."""
    query = select(Merge.merged_id, Merge.survivor_id).where(Merge.program_id == program_id)
    return session.execute(query).all()


def transfers_not_balanced(
    session: Session, program_id: int
) -> Sequence[Row[int | None, str, int]]:
    """Merges whose transfers do not sum to zero over all accounts: (merge id, unit, sum)."""
    total = func.sum(Entry.quantity)
    query = (
        select(Entry.merge_id, Entry.unit, total)
        .join(Merge, Merge.id == Entry.merge_id)
        .where(Merge.program_id == program_id, Entry.contra == "transferred")
        .group_by(Entry.merge_id, Entry.unit)
        .having(total != 0)
    )
    return session.execute(query).all()


def entries_about(session: Session, purchase_id: int, unit: str) -> Sequence[AnyRow]:
    """(kind, quantity, why) of every entry of a purchase in one unit, on whatever account."""
    query = select(Entry.kind, Entry.quantity, Entry.why).where(
        Entry.purchase_id == purchase_id, Entry.unit == unit
    )
    return session.execute(query).all()


def redemptions_not_paid(session: Session, program_id: int) -> Sequence[Row[int, int, int, int]]:
    """Redemptions without exactly one entry of exactly their cost: (id, cost, paid, entries)."""
    paid = func.coalesce(func.sum(-Entry.quantity), 0)
    query = (
        select(Redemption.id, Redemption.cost, paid, func.count(Entry.id))
        .outerjoin(
            Entry,
            (Entry.redemption_id == Redemption.id)
            & (Entry.kind == "redemption")
            & (Entry.unit == Redemption.unit),
        )
        .where(Redemption.program_id == program_id)
        .group_by(Redemption.id, Redemption.cost)
        .having(or_(func.count(Entry.id) != 1, paid != Redemption.cost))
    )
    return session.execute(query).all()


def redemptions_in_another_state(session: Session, program_id: int) -> Sequence[Row[int, str]]:
    """Redemptions whose status and reversal contradict each other: (id, status)."""
    reversals = (
        select(Entry.redemption_id)
        .where(
            Entry.program_id == program_id,
            Entry.kind == "reversal",
            Entry.redemption_id.is_not(None),
        )
        .scalar_subquery()
    )
    query = select(Redemption.id, Redemption.status).where(
        Redemption.program_id == program_id,
        (Redemption.status == "reversed") != Redemption.id.in_(reversals),
    )
    return session.execute(query).all()


def _stream(session: Session, query: Select[*tuple[Any, ...]], *order: Any) -> Iterator[AnyRow]:
    ordered = query.order_by(*order).execution_options(yield_per=ROWS_AT_ONCE)
    return iter(session.execute(ordered))
