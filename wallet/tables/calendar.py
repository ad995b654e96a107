"""How far the yearly calendar has come: which local day each program was last done for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, and_, extract, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from wallet.db import Base
from wallet.tables.member import Member


class CalendarTask(Base):
    """One thing that is done for every day of a program's own calendar. What it does is safe to do
    twice: this row only saves doing it again."""

    __tablename__ = "calendar_task"
    __table_args__ = (UniqueConstraint("program_id", "name"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[str]
    done_on: Mapped[date]


def task_called(session: Session, program_id: int, name: str) -> CalendarTask | None:
    """The task of this program."""
    query = select(CalendarTask).where(
        CalendarTask.program_id == program_id, CalendarTask.name == name
    )
    return session.scalar(query)


def born_on(
    session: Session, program_id: int, days: Collection[tuple[int, int]], after_id: int, limit: int
) -> list[Member]:
    """Active members born on one of these (month, day), in the order of ids."""
    return _on(session, program_id, Member.birthday, days, after_id, limit)


def joined_on(
    session: Session, program_id: int, days: Collection[tuple[int, int]], after_id: int, limit: int
) -> list[Member]:
    """Active members who joined on one of these (month, day) of the UTC calendar."""
    return _on(session, program_id, Member.joined_at, days, after_id, limit)


def _on(
    session: Session,
    program_id: int,
    column: InstrumentedAttribute[Any],
    days: Collection[tuple[int, int]],
    after_id: int,
    limit: int,
) -> list[Member]:
    hits = [
        and_(extract("month", column) == month, extract("day", column) == day)
        for month, day in days
    ]
    query = select(Member).where(
        Member.program_id == program_id,
        Member.id > after_id,
        Member.status == "active",
        column.is_not(None),
        or_(*hits),
    )
    return list(session.scalars(query.order_by(Member.id).limit(limit)))


def above_base(
    session: Session, program_id: int, base_tier: str, after_id: int, limit: int
) -> list[Member]:
    """Active members with another status than everybody begins with, in the order of ids."""
    query = select(Member).where(
        Member.program_id == program_id,
        Member.id > after_id,
        Member.status == "active",
        or_(Member.tier_key != base_tier, Member.earned_tier_key != base_tier),
    )
    return list(session.scalars(query.order_by(Member.id).limit(limit)))
