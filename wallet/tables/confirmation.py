"""What is to be taken from a card and waits for a yes: the shopper's, a manager's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Confirmation(Base):
    """One spending that a till wants to do, by the request id that the spending itself will have.

    `answer` is the shopper's: yes, no or none yet; `how` says where: card (their own page), pin, or
    screen (the shop's). `approved_by` is the manager who typed the PIN for it. Good for one use.
    """

    __tablename__ = "confirmation"
    __table_args__ = (
        UniqueConstraint("program_id", "request_id"),
        Index(None, "member_id", "ends_at"),
        Index(None, "till_id", "ends_at"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    request_id: Mapped[str]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    facts_hash: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[int]
    what: Mapped[dict[str, Any]]  # {"fr": …, "en": …}: the reward, or nothing for store credit
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    answer: Mapped[str]
    how: Mapped[str]
    answered_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    reason: Mapped[str]
    used_at: Mapped[datetime | None]


class MemberPin(Base):
    """The PIN that a member chose on the card's page, for saying yes at a till."""

    __tablename__ = "member_pin"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), unique=True)
    pin_hash: Mapped[str]
    misses: Mapped[int]  # in a row
    set_at: Mapped[datetime]


def confirmation_for(
    session: Session, program_id: int, request_id: str, *, lock: bool = False
) -> Confirmation | None:
    """The confirmation of this spending; locked where it is about to change."""
    query = select(Confirmation).where(
        Confirmation.program_id == program_id, Confirmation.request_id == request_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def confirmation_with_id(
    session: Session, program_id: int, confirmation_id: int, *, lock: bool = False
) -> Confirmation | None:
    """The confirmation, if it belongs to the program."""
    query = select(Confirmation).where(
        Confirmation.id == confirmation_id, Confirmation.program_id == program_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def waiting_for_member(session: Session, member_id: int, now: datetime) -> Confirmation | None:
    """The newest question that this member has not answered."""
    query = select(Confirmation).where(
        Confirmation.member_id == member_id, Confirmation.ends_at > now, Confirmation.answer == ""
    )
    return session.scalars(query.order_by(Confirmation.id.desc()).limit(1)).first()


def waiting_at_till(session: Session, till_id: int, now: datetime) -> Confirmation | None:
    """The newest question of this till that the shopper before it has not answered."""
    query = select(Confirmation).where(
        Confirmation.till_id == till_id, Confirmation.ends_at > now, Confirmation.answer == ""
    )
    return session.scalars(query.order_by(Confirmation.id.desc()).limit(1)).first()


def pin_of(session: Session, member_id: int, *, lock: bool = False) -> MemberPin | None:
    """The member's PIN, where one was chosen."""
    query = select(MemberPin).where(MemberPin.member_id == member_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)
