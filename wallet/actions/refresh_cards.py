"""Bring every card of a program to the design in force, a few hundred at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.card import hash_of
from passes.design import Design, Near
from wallet.actions.deliver_passes import give_way
from wallet.actions.near_stores import home_store_of, near_of, needs_home, with_places
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.refresh_card import next_second
from wallet.db import Database
from wallet.tables.design import design_version
from wallet.tables.member import Member, surviving
from wallet.tables.outbox import enqueue
from wallet.tables.wallet_pass import cards_of, passes_of_other_designs, say, want_design

REFRESH_JOB = "refresh_cards"
CHUNK = 200  # passes in one transaction: some ten milliseconds of the writer's time
MOVED_CHUNK = 50  # of cards that are written anew, because their stores change: about as long
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
        before = {one: _near_of_version(session, one) for one in {row.design_id for row in rows}}
        if _move(program, rows, before):
            rows = rows[:MOVED_CHUNK]
        wanted: dict[int, list[Any]] = {}
        for row in rows:
            its_design = program.design_for(row.member_id)
            if row.design_id != its_design:
                wanted.setdefault(its_design, []).append(row)
        for its_design, changing in wanted.items():
            _say_places(session, program, its_design, changing, before)
            times = [(row.id, next_second(row.modified_at, now)) for row in changing]
            want_design(session, its_design, times, now)
        return int(rows[-1].id)

    return database.run(work)


def _move(program: ProgramView, rows: Sequence[Any], before: Mapping[int, Near | None]) -> bool:
    """Whether some of the cards come forward elsewhere from now on."""
    return any(
        before[row.design_id] != near_of(program, program.design_for(row.member_id)) for row in rows
    )


def _say_places(
    session: Session,
    program: ProgramView,
    design_id: int,
    rows: Sequence[Any],
    before: Mapping[int, Near | None],
) -> None:
    """The stores of the new design go onto the cards with it, where it chooses others than the one
    before: one delivery for both. Everything else that a card says is the same in any design."""
    near = near_of(program, design_id)
    moving = {row.id: row.member_id for row in rows if before[row.design_id] != near}
    is_everybodys = not needs_home(program, near)
    changed = []
    for pass_id, said in cards_of(session, moving):
        home = None if is_everybodys else _home_of(session, moving[pass_id])
        there = with_places(program, said, design_id, home)
        if there["places"] != said.get("places"):
            changed.append((pass_id, there, hash_of(there)))
    say(session, changed)


def _near_of_version(session: Session, design_id: int) -> Near | None:
    row = design_version(session, design_id)
    return Design.parse(row.document).near if row else None


def _home_of(session: Session, member_id: int) -> int | None:
    return home_store_of(session, surviving(session, session.get_one(Member, member_id)))
