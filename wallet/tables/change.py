"""What was changed in a program's set-up: who, when, what. Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class ProgramChange(Base):
    """One change. `verb` says what was done (`store.edit`), `subject` to what (a public id, or empty
    for the program itself), `name` what that was called. `before` and `after` hold only what differs;
    `asked` is the hash of the form that asked for it, so that a form sent twice changes once."""

    __tablename__ = "program_change"
    __table_args__ = (
        UniqueConstraint("program_id", "asked"),
        Index(None, "program_id", "id"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    verb: Mapped[str]
    subject: Mapped[str]
    name: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    asked: Mapped[str | None]


def is_asked(session: Session, program_id: int, asked: str) -> bool:
    """Whether this very form changed something already."""
    query = select(ProgramChange.id).where(
        ProgramChange.program_id == program_id, ProgramChange.asked == asked
    )
    return session.scalar(query) is not None


def changes_of(
    session: Session, program_id: int, before: int | None, limit: int
) -> list[ProgramChange]:
    """The newest changes of a program, older than the id `before` where it is given."""
    query = select(ProgramChange).where(ProgramChange.program_id == program_id)
    if before is not None:
        query = query.where(ProgramChange.id < before)
    return list(session.scalars(query.order_by(ProgramChange.id.desc()).limit(limit)))
