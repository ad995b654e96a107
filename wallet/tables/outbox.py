"""Work to be done after a transaction, written in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Job(Base):
    """One piece of later work. It exists exactly if the change that asked for it does."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "next_attempt_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  # given up; shown to staff
    last_error: Mapped[str] = mapped_column(default="")


def enqueue(session: Session, kind: str, payload: dict[str, Any], now: datetime) -> Job:
    """Write down later work; it becomes visible with the transaction."""
    job = Job(kind=kind, payload=payload, created_at=now, next_attempt_at=now)
    session.add(job)
    return job


def due_jobs(session: Session, now: datetime, limit: int) -> list[Job]:
    """Jobs that may run now, oldest first; locked for the claim."""
    query = (
        select(Job)
        .where(
            Job.done_at.is_(None),
            Job.failed_at.is_(None),
            Job.next_attempt_at <= now,
            or_(Job.lease_until.is_(None), Job.lease_until <= now),
        )
        .order_by(Job.next_attempt_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def job_with_id(session: Session, job_id: int) -> Job | None:
    """One job."""
    return session.get(Job, job_id)


def waiting_jobs(session: Session, kind: str = "") -> int:
    """How many jobs, of one kind or of all, are neither done nor given up."""
    query = select(func.count()).where(Job.done_at.is_(None), Job.failed_at.is_(None))
    if kind:
        query = query.where(Job.kind == kind)
    return int(session.scalar(query) or 0)
