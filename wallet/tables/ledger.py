"""The ledger: accounts, immutable entries, lots and what was drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base, CanonicalJson, UtcDateTime
from wallet.ids import new_id
from wallet.prepared import Loader, Prepared, Question, prepared_insert
from wallet.rules.lots import OpenLot
from wallet.tables.member import Member, with_merged
from wallet.tables.till_hold import IS_OPEN, TillHold
from wallet.values import value_class


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
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    merge_id: Mapped[int | None] = mapped_column(ForeignKey("member_merge.id"))
    rule_version: Mapped[int]
    why: Mapped[list[Any]] = mapped_column(CanonicalJson())
    prev_hash: Mapped[str]
    hash: Mapped[str]


class Lot(Base):
    """What came in together and expires together.

    Only `remaining` changes, and `expires_at` where activity or a late notice moves it back.
    """

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
        # What ends next, over all accounts: the calendar's sweep.
        Index(
            "ix_lot_expiring",
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


class Award(Base):
    """What one rule gave in one entry: caps count here, reports too. Append-only."""

    __tablename__ = "award"
    __table_args__ = (Index(None, "member_id", "rule", "occurred_at"), Index(None, "entry_id"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    rule: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[int]  # negative where a refund or reversal takes it back
    occurred_at: Mapped[datetime]


class ExpiryNotice(Base):
    """A member was told that something will expire: twice for each day of expiry, never silently."""

    __tablename__ = "expiry_notice"
    __table_args__ = (
        UniqueConstraint("account_id", "expires_at", "ordinal"),
        Index(
            "ix_expiry_notice_due",
            "due_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    ordinal: Mapped[int]  # 1 or 2
    due_at: Mapped[datetime]
    quantity: Mapped[int]
    sent_at: Mapped[datetime | None]


class LotDraw(Base):
    """What an entry took from a lot (or, negative, gave back to it). Append-only."""

    __tablename__ = "lot_draw"
    __table_args__ = (Index(None, "entry_id"), Index(None, "lot_id"))

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]


@dataclass(slots=True)
class AccountState:
    """An account as a transaction holds it, locked: the row and what the entries to come make of it."""

    id: int
    program_id: int
    member_id: int
    unit: str
    balance: int
    owed: int
    seq: int
    head_hash: str


@value_class
class Held:
    """One account of a member: its balance, what is owed, and what its open lots hold now: free to
    be spent, or still waiting. `held` is what tills hold of the free."""

    unit: str
    balance: int
    owed: int
    free: int
    waiting: int
    held: int


# Where a cashier waits: statements are built once, in Core, and run on the session's connection.
_account = cast(Table, Account.__table__)
_entry = cast(Table, Entry.__table__)
_lot = cast(Table, Lot.__table__)
_draw = cast(Table, LotDraw.__table__)
_hold = cast(Table, TillHold.__table__)
_ACCOUNT_COLUMNS = [_account.c[name] for name in AccountState.__slots__]
_SELECT_ACCOUNT = Prepared(
    select(*_ACCOUNT_COLUMNS)
    .where(_account.c.member_id == bindparam("member"), _account.c.unit == bindparam("of_unit"))
    .with_for_update()
)
_SELECT_ACCOUNTS = Prepared(
    select(*_ACCOUNT_COLUMNS).where(_account.c.member_id == bindparam("member"))
)
_INSERT_ACCOUNT = prepared_insert(_account)
_MOVE_ACCOUNT = Prepared(
    update(_account)
    .where(_account.c.id == bindparam("account"))
    .values({name: bindparam(f"new_{name}") for name in ("balance", "owed", "seq", "head_hash")})
)
_ENTRIES = Loader(Entry)
_INSERT_ENTRY = prepared_insert(_entry)
_INSERT_LOT = prepared_insert(_lot)
_INSERT_DRAW = prepared_insert(_draw)
_DRAW_LOT = Prepared(
    update(_lot)
    .where(_lot.c.id == bindparam("lot"))
    .values(remaining=_lot.c.remaining - bindparam("taken"))
)
_OPEN_LOTS = Prepared(
    select(_lot.c.id, _lot.c.remaining, _lot.c.available_at, _lot.c.expires_at)
    .where(_lot.c.account_id == bindparam("account"), _lot.c.remaining > 0)
    .order_by(_lot.c.expires_at.is_(None), _lot.c.expires_at, _lot.c.id)
)
_IS_LIVE = or_(
    _lot.c.expires_at.is_(None), _lot.c.expires_at > bindparam("at", type_=UtcDateTime())
)
_IS_FREE = _lot.c.available_at <= bindparam("at", type_=UtcDateTime())
_BY_TILLS = (
    select(func.sum(_hold.c.quantity))
    .where(
        _hold.c.member_id == _account.c.member_id,
        _hold.c.unit == _account.c.unit,
        IS_OPEN,
        _hold.c.ends_at > bindparam("at", type_=UtcDateTime()),
    )
    .scalar_subquery()
)
_HELD = Prepared(
    select(
        _account.c.unit,
        _account.c.balance,
        _account.c.owed,
        func.sum(case((and_(_IS_LIVE, _IS_FREE), _lot.c.remaining), else_=0)),
        func.sum(case((and_(_IS_LIVE, not_(_IS_FREE)), _lot.c.remaining), else_=0)),
        _BY_TILLS,
    )
    .outerjoin(_lot, and_(_lot.c.account_id == _account.c.id, _lot.c.remaining > 0))
    .where(_account.c.member_id == bindparam("member"))
    # In the order of the index: SQLite need not sort.
    .group_by(_account.c.unit, _account.c.id, _account.c.balance, _account.c.owed)
)


def account_for_update(session: Session, member_id: int, unit: str) -> AccountState | None:
    """The account, locked until the end of the transaction (PostgreSQL; SQLite holds all)."""
    row = _SELECT_ACCOUNT.first(session, account_asked(member_id, unit)[1])
    return AccountState(*row) if row else None


def account_asked(member_id: int, unit: str) -> Question:
    """What `account_for_update` asks."""
    return _SELECT_ACCOUNT, {"member": member_id, "of_unit": unit}


def open_account(session: Session, program_id: int, member_id: int, unit: str) -> AccountState:
    """A new, empty account."""
    state = AccountState(new_id(), program_id, member_id, unit, 0, 0, 0, "")
    _INSERT_ACCOUNT.write(session, {name: getattr(state, name) for name in AccountState.__slots__})
    return state


def accounts_of(session: Session, member_id: int) -> list[AccountState]:
    """Every account of a member."""
    rows = _SELECT_ACCOUNTS.rows(session, {"member": member_id})
    return [AccountState(*row) for row in rows]


def write_entry(session: Session, values: dict[str, Any]) -> Entry:
    """Append one entry."""
    _INSERT_ENTRY.write(session, values)
    entry: Entry = _ENTRIES.plain(values)
    return entry


def move_account(session: Session, account: AccountState, entry: dict[str, Any]) -> None:
    """The account's new head after `entry`."""
    account.balance, account.owed = entry["balance_after"], entry["owed_after"]
    account.seq, account.head_hash = entry["seq"], entry["hash"]
    _MOVE_ACCOUNT.write(
        session,
        {
            "account": account.id,
            "new_balance": account.balance,
            "new_owed": account.owed,
            "new_seq": account.seq,
            "new_head_hash": account.head_hash,
        },
    )


def open_lots(session: Session, account_id: int) -> list[OpenLot]:
    """Lots with something left, the one that expires first in front, never-expiring ones last."""
    return [OpenLot(*row) for row in _OPEN_LOTS.rows(session, {"account": account_id})]


def write_lot(session: Session, values: dict[str, Any]) -> None:
    """Open a lot."""
    _INSERT_LOT.write(session, values)


def draw_from(session: Session, entry_id: int, lot_id: int, quantity: int) -> None:
    """Take from a lot for an entry (negative: give back); the CHECK refuses what it cannot hold."""
    _DRAW_LOT.write(session, {"lot": lot_id, "taken": quantity})
    _INSERT_DRAW.write(
        session, {"id": new_id(), "entry_id": entry_id, "lot_id": lot_id, "quantity": quantity}
    )


def lots_of_entry(session: Session, entry_id: int) -> list[Lot]:
    """The lot that an accrual opened."""
    query = select(Lot).where(Lot.entry_id == entry_id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def draws_of_entry(session: Session, entry_id: int) -> list[tuple[LotDraw, Lot]]:
    """What an entry drew, with the lots."""
    query = (
        select(LotDraw, Lot).join(Lot, Lot.id == LotDraw.lot_id).where(LotDraw.entry_id == entry_id)
    )
    rows = session.execute(query.execution_options(populate_existing=True))
    return [(draw, lot) for draw, lot in rows]


def held(session: Session, member_id: int, now: datetime) -> list[Held]:
    """What a member has of each unit, at `now`."""
    rows = _HELD.rows(session, held_asked(member_id, now)[1])
    return [
        Held(unit, balance, owed, int(free or 0), int(waiting or 0), int(by_tills or 0))
        for unit, balance, owed, free, waiting, by_tills in rows
    ]


def held_asked(member_id: int, now: datetime) -> Question:
    """What `held` asks."""
    return _HELD, {"member": member_id, "at": now}


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


def history_of(
    session: Session, member_id: int, limit: int, before_id: int | None = None
) -> list[Entry]:
    """The same with what moved on the accounts of those who were merged into the member: a merge carries
    balances over, entries stay where they were written."""
    # Asked first: hardly anybody was merged, and one member's entries come in their order from an index.
    merged = session.scalars(select(Member.id).where(Member.merged_into_id == member_id))
    query = select(Entry).where(Entry.member_id.in_([member_id, *merged]))
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


def entry_of_redemption(session: Session, member_id: int, redemption_id: int) -> Entry | None:
    """The entry that paid for a redemption of this member, or of one who was merged into it: the
    entry stays on that one's account."""
    query = select(Entry).where(
        Entry.member_id.in_(with_merged(member_id)),
        Entry.redemption_id == redemption_id,
        Entry.kind == "redemption",
    )
    return session.scalar(query)
