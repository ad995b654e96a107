"""Run what the outbox holds: claim by lease, do it, write down what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from passes.errors import DeliveryError
from wallet.db import Database
from wallet.tables.outbox import due_jobs, job_with_id

LEASE = timedelta(seconds=60)
BATCH = 10
ATTEMPTS_MAX = 8  # with the waits below, about a day
WAITS_SECONDS = (5, 30, 300, 1800, 7200, 18000, 36000)

Handler = Callable[[Database, Mapping[str, Any], datetime], None]


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job taken by this worker."""

    id: int
    kind: str
    payload: Mapping[str, Any]


def run_jobs(
    database: Database, handlers: Mapping[str, Handler], clock: Callable[[], datetime]
) -> int:
    """One batch; returns how many jobs were claimed. A handler refuses with `DeliveryError`."""
    jobs = database.run(lambda session: _claim(session, clock()))
    for job in jobs:
        error: DeliveryError | None = None
        try:
            handlers[job.kind](database, job.payload, clock())
        except DeliveryError as raised:
            error = raised
        _settle(database, job, error, clock)
    return len(jobs)


def _claim(session: Session, now: datetime) -> list[ClaimedJob]:
    rows = due_jobs(session, now, BATCH)
    for row in rows:
        row.lease_until = now + LEASE
        row.attempts += 1
    session.flush()
    return [ClaimedJob(row.id, row.kind, dict(row.payload)) for row in rows]


def _settle(
    database: Database, job: ClaimedJob, error: DeliveryError | None, clock: Callable[[], datetime]
) -> None:
    with database.transaction() as session:
        row, now = job_with_id(session, job.id), clock()
        assert row is not None
        row.lease_until = None
        if error is None:
            row.done_at, row.last_error = now, ""
        elif error.permanent or row.attempts >= ATTEMPTS_MAX:
            row.failed_at, row.last_error = now, str(error)
        else:
            wait = (
                error.retry_after_seconds
                or WAITS_SECONDS[min(row.attempts, len(WAITS_SECONDS)) - 1]
            )
            row.next_attempt_at, row.last_error = now + timedelta(seconds=wait), str(error)
