"""Bring every card of a program up to date after its rules, rewards or words changed.

The calendar notices the change, whoever made it; a job of the worker goes through the members. Most
of them need nothing, which is found out without the writer's lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.actions.refresh_card import refresh_card, says_the_state
from wallet.db import Database
from wallet.tables.member import Member, surviving
from wallet.tables.outbox import enqueue
from wallet.tables.wallet_pass import last_in_sequence, members_with_passes, reach_in_sequence

RECOMPOSE_JOB = "recompose_cards"
CHUNK = 50  # members looked at in one go
CHUNKS_MAX = 40  # in one job: some twenty seconds, within its lease; the rest is another job
PAUSE_SECONDS_MAX = 0.5


def follow_programs(database: Database, clock: Callable[[], datetime]) -> int:
    """Have the cards of each program composed anew whose snapshot is newer than they are; how many
    programs. Several changes within a minute are one."""
    with database.reading() as session:
        behind = [
            program.id
            for program in all_programs(session)
            if last_in_sequence(session, _mark(program.id)) < program.revision
        ]
    return sum(_follow(database, program_id, clock()) for program_id in behind)


def _follow(database: Database, program_id: int, now: datetime) -> int:
    def work(session: Session) -> int:
        revision = program_view(session, program_id).revision
        if not reach_in_sequence(session, _mark(program_id), revision):
            return 0  # another worker was quicker
        _ask(session, program_id, revision, now)
        return 1

    return database.run(work)


def need_no_composing(session: Session, program_id: int, revision: int) -> None:
    """The step to this revision changed nothing that a card says. The program's row is locked."""
    if last_in_sequence(session, _mark(program_id)) == revision - 1:
        reach_in_sequence(session, _mark(program_id), revision)


def recompose_cards_job(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
    """Members of `program_id` with ids beyond `after_id`, until the program changes again: then
    another job begins from the start. Doing it twice changes nothing."""
    program_id, revision = int(payload["program_id"]), int(payload["revision"])
    after = int(payload.get("after_id", 0))
    for _ in range(CHUNKS_MAX):
        began = time.monotonic()
        with database.reading() as session:
            program = program_view(session, program_id)
            found = members_with_passes(session, program_id, after, CHUNK)
            stale = [one for one in found if not _is_current(session, program, one, now)]
        if not found or program.revision != revision:
            return
        for member_id in stale:
            _refresh(database, program_id, member_id, now)
        # Scans are delivered by the same process and written by the same writer.
        time.sleep(min(time.monotonic() - began, PAUSE_SECONDS_MAX))
        after = found[-1]
    with database.transaction() as session:
        _ask(session, program_id, revision, now, after)


def _is_current(session: Session, program: ProgramView, member_id: int, now: datetime) -> bool:
    member = surviving(session, session.get_one(Member, member_id))
    return says_the_state(session, program, member, now)


def _refresh(database: Database, program_id: int, member_id: int, now: datetime) -> None:
    def work(session: Session) -> None:
        program = program_view(session, program_id)
        member = surviving(session, session.get_one(Member, member_id))
        refresh_card(session, program, member, now, is_urgent=False)

    database.run(work)


def _ask(
    session: Session, program_id: int, revision: int, now: datetime, after_id: int = 0
) -> None:
    payload = {"program_id": program_id, "revision": revision, "after_id": after_id}
    enqueue(session, RECOMPOSE_JOB, payload, now)
    session.info["nudge"] = True


def _mark(program_id: int) -> str:
    """The counter of the newest snapshot that the cards of a program follow."""
    return f"cards_of:{program_id}"
