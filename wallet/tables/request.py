"""Answers already given, kept by the id that the caller made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Request(Base):
    """One write that moved value, and its answer, to be given again.

    The ledger's own unique keys de-duplicate for ever; this row only repeats the words.
    """

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("program_id", "scope", "request_id"),
        Index(None, "created_at"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    scope: Mapped[str]  # credential and operation: two shops may choose the same id
    request_id: Mapped[str]
    facts_hash: Mapped[str]
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


def request_with_id(
    session: Session, program_id: int, scope: str, request_id: str
) -> Request | None:
    """The answer given before."""
    query = select(Request).where(
        Request.program_id == program_id, Request.scope == scope, Request.request_id == request_id
    )
    return session.scalar(query)
