"""Signs of life that are kept in the database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallet.tables.wallet_pass import Sequence_

WORKER = "worker_heartbeat"


def database_answers(session: Session) -> bool:
    """One row can be read."""
    return session.scalar(select(1)) == 1


def beat(session: Session, now: datetime) -> None:
    """The worker was here."""
    row = session.scalar(select(Sequence_).where(Sequence_.name == WORKER))
    if row is None:
        session.add(Sequence_(name=WORKER, value=int(now.timestamp())))
    else:
        row.value = int(now.timestamp())


def worker_seen_at(session: Session) -> datetime | None:
    """When a worker last said that it is alive."""
    value = session.scalar(select(Sequence_.value).where(Sequence_.name == WORKER))
    return datetime.fromtimestamp(value, UTC) if value else None
