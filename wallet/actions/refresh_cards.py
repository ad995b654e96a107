"""Bring every card of a program to the design in force, a few hundred at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.deliver_passes import give_way
from wallet.actions.program_view import program_view
from wallet.actions.refresh_card import next_second
from wallet.db import Database
from wallet.tables.outbox import enqueue
from wallet.tables.wallet_pass import passes_of_other_designs, want_design

REFRESH_JOB = "refresh_cards"
CHUNK = 200  # passes in one transaction: some ten milliseconds of the writer's time
CHUNKS_MAX = 100  # in one job, far within its lease; the rest is another job


def refresh_cards_job(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
    """Passes of `program_id` that show another design than their member's want that one from now on.

    Which one that is, is asked again for each chunk: a job that outlived its design, two workers at
    once or a job done twice change nothing. `design_id` says what it was asked for; a job whose
    version is neither in force nor staged any more leaves the work to the one that came after it.
    """
    program_id, design_id = int(payload["program_id"]), int(payload["design_id"])
    after = int(payload.get("after_id", 0))
    for _ in range(CHUNKS_MAX):
        began = time.monotonic()
        found = _chunk(database, program_id, design_id, after, now)
        if found is None:
            return
        after = found
        give_way(database, time.monotonic() - began)
    with database.transaction() as session:
        ask_for_refresh(session, program_id, design_id, now, after)


def ask_for_refresh(
    session: Session, program_id: int, design_id: int, now: datetime, after_id: int = 0
) -> None:
    """Have the worker do it for passes with larger ids than that."""
    payload = {"program_id": program_id, "design_id": design_id, "after_id": after_id}
    enqueue(session, REFRESH_JOB, payload, now)
    session.info["nudge"] = True


def _chunk(
    database: Database, program_id: int, design_id: int, after: int, now: datetime
) -> int | None:
    """The last id of the next chunk, or nothing when there was none."""

    def work(session: Session) -> int | None:
        program = program_view(session, program_id)
        in_use = {program.design_id, program.staged.id} if program.staged else {program.design_id}
        if design_id not in in_use:
            return None
        # All cards have the one design: only those that do not yet need to be looked at.
        settled = None if program.staged else program.design_id
        rows = passes_of_other_designs(session, program_id, settled, after, CHUNK)
        if not rows:
            return None
        wanted: dict[int, list[tuple[int, datetime]]] = {}
        for row in rows:
            its_design = program.design_for(row.member_id)
            if row.design_id != its_design:
                times = wanted.setdefault(its_design, [])
                times.append((row.id, next_second(row.modified_at, now)))
        for its_design, times in wanted.items():
            want_design(session, its_design, times, now)
        return int(rows[-1].id)

    return database.run(work)
