"""Every night, where the program lives: who keeps a status that no sale has touched since?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.give_birthdays import days_to_do, mark_done
from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.actions.refresh_card import refresh_card
from wallet.actions.standing import held_by, standing_of
from wallet.db import Database
from wallet.rules.periods import local_time
from wallet.tables.calendar import above_base
from wallet.tables.member import Member

TASK = "tiers"
BATCH = 100  # members looked at in one transaction; most of them keep what they have


def review_tiers(database: Database, clock: Callable[[], datetime]) -> int:
    """Windows move and graces end by themselves: settle those whom it concerns, once a night.
    Returns how many cards changed."""
    with database.reading() as session:
        programs = [view for view in all_programs(session) if len(view.ruleset.tiers) > 1]
    return sum(_review(database, program, clock) for program in programs)


def _review(database: Database, program: ProgramView, clock: Callable[[], datetime]) -> int:
    today = local_time(clock(), program.time_zone).date()
    if not list(days_to_do(database, program.id, TASK, today)):
        return 0
    settled, last_id = 0, 0
    while True:
        some, last_seen = _review_page(database, program.id, last_id, clock())
        settled += some
        if last_seen is None:
            break
        last_id = last_seen
    mark_done(database, program.id, TASK, today)
    return settled


def _review_page(
    database: Database, program_id: int, after_id: int, now: datetime
) -> tuple[int, int | None]:
    """(cards changed, last member looked at, None at the end)."""

    def work(session: Session) -> tuple[int, int | None]:
        program = program_view(session, program_id)
        base = program.ruleset.tiers[0].key
        found = above_base(session, program_id, base, after_id, BATCH)
        settled = sum(_settle(session, program, member, now) for member in found)
        return settled, found[-1].id if found else None

    return database.run(work)


def _settle(session: Session, program: ProgramView, member: Member, now: datetime) -> int:
    standing = standing_of(session, program, member, now)
    if standing.tier_key == member.tier_key and standing.held == held_by(member):
        return 0
    refresh_card(session, program, member, now, is_urgent=False)
    return 1
