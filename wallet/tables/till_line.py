"""What tills kept while they had no connection, line by line, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class TillLine(Base):
    """One sale, or one reward, that a till saved and sent later. Never deleted: who wants to know finds it here.

    `state`: accepted (it is in the ledger), review (a manager decides), dismissed (a manager decided
    against it, `note` says why). `reason` is the code of what kept it from being accepted at once.
    A reward's `amount_minor` is 0, and `said` names it and the hold that it was given against.
    `occurred_at` is what we reckon, `said` what the till said, its own clock included.
    """

    __tablename__ = "till_line"
    __table_args__ = (
        UniqueConstraint("program_id", "op_id"),
        Index(None, "program_id", "state", "id"),
        Index(None, "member_id", "occurred_at"),
        CheckConstraint("state IN ('accepted', 'review', 'dismissed')", "state"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    op_id: Mapped[str]
    till: Mapped[str]  # the browser's own random name
    seq: Mapped[int]  # that browser's count: a gap is a line that never came
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    said: Mapped[dict[str, Any]]
    facts_hash: Mapped[str]
    amount_minor: Mapped[int]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    state: Mapped[str]
    reason: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    note: Mapped[str]
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))  # where it was paired
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("redemption.id"))


def line_with_op(
    session: Session, program_id: int, op_id: str, *, lock: bool = False
) -> TillLine | None:
    """The line of this operation, or None; `lock` it where its state is about to change."""
    query = select(TillLine).where(TillLine.program_id == program_id, TillLine.op_id == op_id)
    return session.scalar(query.with_for_update() if lock else query)


def known_ops(session: Session, program_id: int, op_ids: Sequence[str]) -> set[str]:
    """Those of the operations that were received."""
    query = select(TillLine.op_id).where(
        TillLine.program_id == program_id, TillLine.op_id.in_(op_ids)
    )
    return set(session.scalars(query))


def lines_in(
    session: Session, program_id: int, states: Sequence[str], before: int | None, limit: int
) -> list[TillLine]:
    """The newest lines in these states, older than the id `before` where it is given."""
    query = select(TillLine).where(TillLine.program_id == program_id, TillLine.state.in_(states))
    if before is not None:
        query = query.where(TillLine.id < before)
    return list(session.scalars(query.order_by(TillLine.id.desc()).limit(limit)))


def count_lines(session: Session, program_id: int, state: str) -> int:
    """How many lines are in this state."""
    query = select(func.count()).where(TillLine.program_id == program_id, TillLine.state == state)
    return int(session.scalar(query) or 0)


def count_accepted(session: Session, member_id: int, since: datetime, until: datetime) -> int:
    """Saved sales of a member that happened in [since, until) and are in the ledger."""
    query = select(func.count()).where(
        TillLine.member_id == member_id,
        TillLine.state == "accepted",
        TillLine.redemption_id.is_(None),
        TillLine.occurred_at >= since,
        TillLine.occurred_at < until,
    )
    return int(session.scalar(query) or 0)
