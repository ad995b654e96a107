"""What is held for one till, so that it can give a reward without a connection."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class TillHold(Base):
    """So much of a member's unit that only this till may spend, once, until `ends_at`.

    `state`: open, used (by the redemption `redemption_id`, the till's act `op_id`), released (given
    back, or its till was revoked). Time ends an open one by itself: what counts is open **and** not
    past its end. `step` is the time step of the fresh code that taking it used up.
    """

    __tablename__ = "till_hold"
    __table_args__ = (
        UniqueConstraint("program_id", "request_id"),
        Index(
            "ix_till_hold_open",
            "member_id",
            "ends_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_till_hold_open_at",
            "program_id",
            "ends_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("state IN ('open', 'used', 'released')", "state"),
        CheckConstraint("quantity > 0", "quantity"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    request_id: Mapped[str]  # the till's own id of the taking, by which it names the hold
    unit: Mapped[str]
    quantity: Mapped[int]
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))  # None: a browser unpaired
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    step: Mapped[int | None]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    ended_at: Mapped[datetime | None]
    op_id: Mapped[str]
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("redemption.id"))


_hold = cast(Table, TillHold.__table__)
# A constant in the statement: a bound one keeps SQLite from the partial index.
IS_OPEN = TillHold.state == literal_column("'open'")


def hold_for(
    session: Session, program_id: int, request_id: str, *, lock: bool = False
) -> TillHold | None:
    """The hold that a till took under this id; locked where it is about to change."""
    query = select(TillHold).where(
        TillHold.program_id == program_id, TillHold.request_id == request_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def live_holds(session: Session, member_id: int, now: datetime) -> list[TillHold]:
    """What is held of a member now, the one that ends last at the end."""
    query = select(TillHold).where(TillHold.member_id == member_id, IS_OPEN, TillHold.ends_at > now)
    query = query.order_by(TillHold.ends_at, TillHold.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def count_live(
    session: Session,
    program_id: int,
    now: datetime,
    *,
    staff_id: int | None = None,
    till_id: int | None = None,
) -> int:
    """How many holds one person, or one till, has now."""
    query = select(func.count()).where(
        TillHold.program_id == program_id, IS_OPEN, TillHold.ends_at > now
    )
    if staff_id is not None:
        query = query.where(TillHold.staff_id == staff_id)
    if till_id is not None:
        query = query.where(TillHold.till_id == till_id)
    return int(session.scalar(query) or 0)


def end_holds(
    session: Session,
    program_id: int,
    now: datetime,
    *,
    till_id: int | None = None,
    staff_id: int | None = None,
) -> None:
    """Give back at once what this till, or this person at browsers without one, holds."""
    whose = (
        _hold.c.till_id == till_id
        if till_id is not None
        else (_hold.c.staff_id == staff_id) & _hold.c.till_id.is_(None)
    )
    session.execute(
        update(_hold)
        .where(_hold.c.program_id == program_id, IS_OPEN, whose)
        .values(state="released", ended_at=now)
    )
