"""The rules that somebody is preparing: one draft a program."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class RuleDraft(Base):
    """`document` was checked when it was kept; it began from the version `after_version`. `revision`
    rises with each change; `asked` is the hash of the form that made the last one."""

    __tablename__ = "rule_draft"
    __table_args__ = (UniqueConstraint("program_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    document: Mapped[dict[str, Any]]
    revision: Mapped[int]
    after_version: Mapped[int]
    asked: Mapped[str]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]


def rule_draft_of(session: Session, program_id: int) -> RuleDraft | None:
    """The draft, where there is one."""
    return session.scalar(select(RuleDraft).where(RuleDraft.program_id == program_id))
