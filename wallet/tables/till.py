"""Tills that were paired: a browser bound to a store, and what people did at it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Till(Base):
    """A shop's own phone, tablet or counter. Only hashes of its code and of its cookie are kept.

    Waiting for its device while `token_hash` is empty; refused from `revoked_at` on. A new code for
    a till that is paired replaces the device once it is used.
    """

    __tablename__ = "till"
    __table_args__ = (Index(None, "program_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    name: Mapped[str]
    lock_minutes: Mapped[int]  # without a touch: then it asks who is there
    pairing_hash: Mapped[str | None] = mapped_column(unique=True)
    pairing_ends_at: Mapped[datetime | None]
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    paired_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]


class TillAct(Base):
    """Something that was done at a till or to one: who, where, to whom, on whose word. Append-only.

    `verb`: sale, redemption, voucher, activity, undo, reversal, adjustment, and for the till itself
    pair, revoke, switch, lock_out, pin, screen_pair, screen_revoke; for a customer's
    PIN that was taken away member_pin. `changes` is [{unit, quantity}]. `confirmed` is how the
    shopper said yes: card, pin, screen, or empty.
    """

    __tablename__ = "till_act"
    __table_args__ = (
        Index(None, "program_id", "id"),
        Index(None, "member_id", "id"),
        Index(None, "entry_id"),
        Index(None, "purchase_id"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    at: Mapped[datetime]
    verb: Mapped[str]
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    amount_minor: Mapped[int | None]
    changes: Mapped[list[Any]]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    confirmed: Mapped[str]
    reason: Mapped[str]


class Flag(Base):
    """Something that a manager should look at; it stopped nobody. `kind`: card_often, pin_locked,
    revoked_till, card_used_often, staff_redeems_often, till_redeems_often. Once a day for each `subject` (the public id of a member, a person or a till)."""

    __tablename__ = "flag"
    __table_args__ = (
        UniqueConstraint("program_id", "kind", "subject", "day"),
        Index(None, "program_id", "seen_at", "id"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    kind: Mapped[str]
    subject: Mapped[str]
    day: Mapped[date]
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str]


def till_with_token(session: Session, token_hash: str) -> Till | None:
    """The till whose cookie has this hash, revoked or not."""
    return session.scalar(select(Till).where(Till.token_hash == token_hash))


def till_with_pairing(session: Session, pairing_hash: str) -> Till | None:
    """The till that waits for this code, locked: one device gets it."""
    return session.scalar(select(Till).where(Till.pairing_hash == pairing_hash).with_for_update())


def till_with_id(session: Session, program_id: int, till_id: int) -> Till | None:
    """The till, if it belongs to the program."""
    till = session.get(Till, till_id)
    return till if till and till.program_id == program_id else None


def tills_of(session: Session, program_id: int) -> list[Till]:
    """Every till of a program, the newest first."""
    query = select(Till).where(Till.program_id == program_id)
    return list(session.scalars(query.order_by(Till.id.desc())))


def acts_of(session: Session, program_id: int, before: int | None, limit: int) -> list[TillAct]:
    """The newest acts of a program, older than the id `before` where it is given."""
    query = select(TillAct).where(TillAct.program_id == program_id)
    if before is not None:
        query = query.where(TillAct.id < before)
    return list(session.scalars(query.order_by(TillAct.id.desc()).limit(limit)))


def acts_behind(
    session: Session, entry_ids: list[int], purchase_ids: list[int]
) -> tuple[dict[int, TillAct], dict[int, TillAct]]:
    """The acts that wrote these entries, and those that recorded these purchases."""
    by_entry = session.scalars(select(TillAct).where(TillAct.entry_id.in_(entry_ids)))
    by_sale = session.scalars(
        select(TillAct).where(TillAct.purchase_id.in_(purchase_ids), TillAct.verb == "sale")
    )
    return (
        {act.entry_id: act for act in by_entry if act.entry_id is not None},
        {act.purchase_id: act for act in by_sale if act.purchase_id is not None},
    )


def count_sales_at_tills(session: Session, member_id: int, since: datetime) -> int:
    """Sales for a member at tills since then."""
    query = select(func.count()).where(
        TillAct.member_id == member_id, TillAct.verb == "sale", TillAct.at >= since
    )
    return int(session.scalar(query) or 0)


def flag_of(session: Session, program_id: int, kind: str, subject: str, day: date) -> Flag | None:
    """The flag of this day, where it was raised."""
    return session.scalar(
        select(Flag).where(
            Flag.program_id == program_id,
            Flag.kind == kind,
            Flag.subject == subject,
            Flag.day == day,
        )
    )


def flags_of(session: Session, program_id: int, *, only_new: bool, limit: int) -> list[Flag]:
    """The newest flags of a program; `only_new` those that nobody has looked at."""
    query = select(Flag).where(Flag.program_id == program_id)
    if only_new:
        query = query.where(Flag.seen_at.is_(None))
    return list(session.scalars(query.order_by(Flag.id.desc()).limit(limit)))


def count_new_flags(session: Session, program_id: int) -> int:
    """How many flags nobody has looked at."""
    query = select(func.count()).where(Flag.program_id == program_id, Flag.seen_at.is_(None))
    return int(session.scalar(query) or 0)
