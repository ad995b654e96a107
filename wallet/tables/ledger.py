"""The ledger: accounts, immutable entries, lots and what was drawn from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Account(Base):
    """What one member holds of one unit.

    `balance` is the sum of all entries, points still pending included. `owed` is what refunds of
    spent points could not take back; later earnings pay it first. `seq` and `head_hash` are those
    of the newest entry.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("member_id", "unit"), CheckConstraint("owed >= 0", "owed"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    unit: Mapped[str]
    balance: Mapped[int] = mapped_column(default=0)
    owed: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(default="")


class Entry(Base):
    """One movement, for ever. A mistake is corrected by another entry.

    Double entry: `quantity` goes to (or, negative, from) the member's account and the opposite to
    the program's account named by `contra`, so that all accounts sum to zero.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("account_id", "seq"),
        Index(None, "member_id", "id"),
        Index(None, "program_id", "id"),
        Index(None, "purchase_id"),
        # One reversal for each entry, whatever races.
        Index("uq_entry_reverses", "reverses_id", unique=True),
        # A refund may find nothing to take and still has to say so.
        CheckConstraint("quantity <> 0 OR kind = 'refund'", "quantity"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    unit: Mapped[str]
    seq: Mapped[int]  # 1, 2, 3 … without a gap in each account
    kind: Mapped[str]  # accrual, redemption, refund, reversal, recovery, expiry, adjustment
    contra: Mapped[str]  # issued, redeemed, expired, adjusted
    quantity: Mapped[int]
    balance_after: Mapped[int]
    owed_after: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    channel: Mapped[str]  # store, online, phone
    actor: Mapped[str]  # staff:ID, key:ID, system, demo
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("redemption.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    rule_version: Mapped[int]
    why: Mapped[list[Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class Lot(Base):
    """What came in together and expires together. `remaining` is all that ever changes."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND remaining <= quantity", "remaining"),
        Index(
            "ix_lot_open",
            "account_id",
            "expires_at",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
        Index(None, "entry_id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    quantity: Mapped[int]
    remaining: Mapped[int]
    available_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class LotDraw(Base):
    """What an entry took from a lot (or, negative, gave back to it). Append-only."""

    __tablename__ = "lot_draw"
    __table_args__ = (Index(None, "entry_id"), Index(None, "lot_id"))

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]


def account_for_update(session: Session, member_id: int, unit: str) -> Account | None:
    """The account, locked until the end of the transaction (PostgreSQL; SQLite holds all)."""
    query = select(Account).where(Account.member_id == member_id, Account.unit == unit)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def accounts_of(session: Session, member_id: int) -> list[Account]:
    """Every account of a member."""
    return list(session.scalars(select(Account).where(Account.member_id == member_id)))


def open_lots(session: Session, account_id: int) -> list[Lot]:
    """Lots with something left, the one that expires first in front, never-expiring ones last."""
    query = select(Lot).where(Lot.account_id == account_id, Lot.remaining > 0)
    ordered = query.order_by(Lot.expires_at.is_(None), Lot.expires_at, Lot.id)
    return list(session.scalars(ordered.execution_options(populate_existing=True)))


def lots_of_entry(session: Session, entry_id: int) -> list[Lot]:
    """The lot that an accrual opened (one, or none when all of it paid what was owed)."""
    query = select(Lot).where(Lot.entry_id == entry_id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def draws_of_entry(session: Session, entry_id: int) -> list[tuple[LotDraw, Lot]]:
    """What an entry drew, with the lots."""
    query = (
        select(LotDraw, Lot).join(Lot, Lot.id == LotDraw.lot_id).where(LotDraw.entry_id == entry_id)
    )
    return [
        (draw, lot)
        for draw, lot in session.execute(query.execution_options(populate_existing=True))
    ]


def held(session: Session, member_id: int, now: datetime) -> dict[str, tuple[int, int]]:
    """Unit → (available, pending) from the open lots, at `now`."""
    live = or_(Lot.expires_at.is_(None), Lot.expires_at > now)
    available = func.sum(case((and_(live, Lot.available_at <= now), Lot.remaining), else_=0))
    pending = func.sum(case((and_(live, Lot.available_at > now), Lot.remaining), else_=0))
    query = (
        select(Account.unit, available, pending)
        .join(Lot, Lot.account_id == Account.id)
        .where(Account.member_id == member_id, Lot.remaining > 0)
        .group_by(Account.unit)
    )
    return {
        unit: (int(free or 0), int(held_back or 0))
        for unit, free, held_back in session.execute(query)
    }


def entry_with_id(session: Session, program_id: int, entry_id: int) -> Entry | None:
    """The entry, if it belongs to the program."""
    entry = session.get(Entry, entry_id)
    return entry if entry and entry.program_id == program_id else None


def entries_of(
    session: Session, member_id: int, limit: int, before_id: int | None = None
) -> list[Entry]:
    """A member's entries, newest first."""
    query = select(Entry).where(Entry.member_id == member_id)
    if before_id is not None:
        query = query.where(Entry.id < before_id)
    return list(session.scalars(query.order_by(Entry.id.desc()).limit(limit)))


def entries_of_purchase(session: Session, purchase_id: int) -> list[Entry]:
    """Every entry that a purchase and its refunds made, oldest first."""
    return list(
        session.scalars(select(Entry).where(Entry.purchase_id == purchase_id).order_by(Entry.id))
    )


def reversal_of(session: Session, entry_id: int) -> Entry | None:
    """The entry that reversed this one."""
    return session.scalar(select(Entry).where(Entry.reverses_id == entry_id))


def move_account(session: Session, account: Account, entry: Entry) -> None:
    """The account's new head after `entry`."""
    account.balance = entry.balance_after
    account.owed = entry.owed_after
    account.seq = entry.seq
    account.head_hash = entry.hash


def draw_from(session: Session, lot_id: int, quantity: int) -> None:
    """Take from a lot (negative: give back); the CHECK refuses what it cannot hold."""
    session.execute(update(Lot).where(Lot.id == lot_id).values(remaining=Lot.remaining - quantity))
