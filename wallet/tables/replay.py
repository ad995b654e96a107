"""The whole ledger as streams of plain rows, for whoever replays it from the first entry.

Every stream is in the order of accounts, so that they can be walked side by side in little memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Table, bindparam, func, or_, select
from sqlalchemy.orm import Session

from wallet.db import canonical_time, json_text
from wallet.prepared import Prepared
from wallet.tables.ledger import Account, Entry, Lot, LotDraw
from wallet.tables.program import Program
from wallet.tables.purchase import Purchase, Refund
from wallet.tables.relation import Merge
from wallet.tables.reward import Redemption

IDS_AT_ONCE = 500  # named in one statement
ROWS_AT_ONCE = 2_000  # fetched together: less waiting for the database, still little memory

AnyRow = Row[*tuple[Any, ...]]
PlainRow = tuple[Any, ...]  # as the driver gives it: there are millions of them


def program_ids(session: Session) -> list[int]:
    """Every program of the installation."""
    return list(session.scalars(select(Program.id).order_by(Program.id)))


def count_entries(session: Session, program_id: int) -> int:
    """How many entries the accounts say there are."""
    query = select(func.coalesce(func.sum(Account.seq), 0))
    return int(session.scalar(query.where(Account.program_id == program_id)) or 0)


class AccountRow(NamedTuple):
    """An account's head."""

    id: int
    program_id: int
    member_id: int
    unit: str
    balance: int
    owed: int
    seq: int
    head_hash: str


class EntryRow(NamedTuple):
    """An entry: the facts that were sealed, in the order of FACTS and as the seal has them, the seal,
    and whose purchase and redemption it is about. `why` is JSON in the form of the database, which on
    SQLite are the very bytes."""

    id: int
    program_id: int
    account_id: int
    member_id: int
    unit: str
    seq: int
    kind: str
    contra: str
    quantity: int
    balance_after: int
    owed_after: int
    occurred_at: str
    recorded_at: str
    channel: str
    actor: str
    store_id: int | None
    purchase_id: int | None
    redemption_id: int | None
    reverses_id: int | None
    rule_version: int
    why: str | bytes
    prev_hash: str
    hash: str
    buyer_id: int | None
    taker_id: int | None


class LotRow(NamedTuple):
    """A lot, without its days."""

    account_id: int
    id: int
    entry_id: int
    quantity: int
    remaining: int


_ACCOUNT, _ENTRY, _LOT, _DRAW = (
    cast(Table, table.__table__).c for table in (Account, Entry, Lot, LotDraw)
)
_READ_AS = {
    "occurred_at": canonical_time(_ENTRY.occurred_at),
    "recorded_at": canonical_time(_ENTRY.recorded_at),
    "why": json_text(_ENTRY.why),
    "buyer_id": Purchase.member_id,
    "taker_id": Redemption.member_id,
}
_OF_PROGRAM = _ACCOUNT.program_id == bindparam("program")
_ACCOUNTS = Prepared(
    select(*(_ACCOUNT[name] for name in AccountRow._fields))
    .where(_OF_PROGRAM)
    .order_by(_ACCOUNT.id)
)
_ENTRIES = Prepared(
    select(*(_READ_AS[name] if name in _READ_AS else _ENTRY[name] for name in EntryRow._fields))
    .outerjoin(Purchase, Purchase.id == _ENTRY.purchase_id)
    .outerjoin(Redemption, Redemption.id == _ENTRY.redemption_id)
    .where(_ENTRY.program_id == bindparam("program"))
    .order_by(_ENTRY.account_id, _ENTRY.seq)
)
_LOTS = Prepared(
    select(*(_LOT[name] for name in LotRow._fields))
    .join(Account, _ACCOUNT.id == _LOT.account_id)
    .where(_OF_PROGRAM)
    .order_by(_LOT.account_id)
)
_DRAWS = Prepared(
    select(_LOT.account_id, _DRAW.lot_id, _DRAW.entry_id, _DRAW.quantity)
    .join(Lot, _LOT.id == _DRAW.lot_id)
    .join(Account, _ACCOUNT.id == _LOT.account_id)
    .where(_OF_PROGRAM)
    .order_by(_LOT.account_id)
)


def account_rows(session: Session, program_id: int) -> Iterator[PlainRow]:
    """Every account, each as an AccountRow would have it."""
    return _ACCOUNTS.stream(session, {"program": program_id}, ROWS_AT_ONCE)


def entry_rows(session: Session, program_id: int) -> Iterator[PlainRow]:
    """Every entry, in the order in which each account was written, as an EntryRow would have it."""
    return _ENTRIES.stream(session, {"program": program_id}, ROWS_AT_ONCE)


def lot_rows(session: Session, program_id: int) -> Iterator[PlainRow]:
    """Every lot, as a LotRow would have it."""
    return _LOTS.stream(session, {"program": program_id}, ROWS_AT_ONCE)


def draw_rows(session: Session, program_id: int) -> Iterator[PlainRow]:
    """Every draw with the account of its lot: (account, lot, entry, quantity)."""
    return _DRAWS.stream(session, {"program": program_id}, ROWS_AT_ONCE)


def purchases_with_other_refunds(session: Session, program_id: int) -> Sequence[Row[int, int, int]]:
    """Purchases whose `refunded_minor` is not the sum of their refunds: (id, refunded, sum)."""
    sums = (
        select(Refund.purchase_id, func.sum(Refund.amount_minor).label("refunded"))
        .group_by(Refund.purchase_id)
        .subquery()
    )
    refunded = func.coalesce(sums.c.refunded, 0)
    query = (
        select(Purchase.id, Purchase.refunded_minor, refunded)
        .outerjoin(sums, sums.c.purchase_id == Purchase.id)
        .where(Purchase.program_id == program_id, refunded != Purchase.refunded_minor)
    )
    return session.execute(query).all()


def purchases_earned_in_accounts(
    session: Session, purchase_ids: Collection[int]
) -> Iterator[Row[int | None, str, int]]:
    """Those of these purchases with accruals of one unit in more than one account: (id, unit,
    accounts)."""
    accounts = func.count(Entry.account_id.distinct())
    numbers = sorted(purchase_ids)
    for start in range(0, len(numbers), IDS_AT_ONCE):
        ids = numbers[start : start + IDS_AT_ONCE]
        query = (
            select(Entry.purchase_id, Entry.unit, accounts)
            .where(Entry.purchase_id.in_(ids), Entry.kind == "accrual")
            .group_by(Entry.purchase_id, Entry.unit)
            .having(accounts > 1)
        )
        yield from session.execute(query)


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
