"""The calendar: everything that happens because time has passed, and nobody did anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM
from wallet.actions.expire import expire_due
from wallet.actions.expire_vouchers import expire_vouchers
from wallet.actions.give_birthdays import give_birthdays
from wallet.actions.lapse_memberships import lapse_memberships
from wallet.actions.merge_members import carry_stragglers, members_with_stragglers
from wallet.actions.program_view import program_view
from wallet.actions.recompose_cards import follow_programs
from wallet.actions.review_tiers import review_tiers
from wallet.actions.settle_referrals import settle_referrals
from wallet.db import Database
from wallet.tables.member import Member

STRAGGLERS = 50  # merged members in one round; there are hardly ever any


def run_calendar(database: Database, clock: Callable[[], datetime]) -> int:
    """One round of everything; returns how much was done, 0 when nothing is due any more.

    Each step works in small transactions, and doing one twice or in two workers at once changes
    nothing.
    """
    done = 0
    for step in (
        _follow_merges,
        lapse_memberships,
        expire_due,
        expire_vouchers,
        settle_referrals,
        give_birthdays,
        review_tiers,
        follow_programs,
    ):
        done += step(database, clock)
    return done


def _follow_merges(database: Database, clock: Callable[[], datetime]) -> int:
    """What reached a merged member in the moment of the merge goes where the rest went."""
    with database.reading() as session:
        found = members_with_stragglers(session, STRAGGLERS)
    return sum(_follow(database, member_id, clock()) for member_id in found)


def _follow(database: Database, member_id: int, now: datetime) -> int:
    def work(session: Session) -> int:
        member = session.get_one(Member, member_id)
        program = program_view(session, member.program_id)
        carried = carry_stragglers(session, program, member_id, SYSTEM, now)
        return int(carried is not None)

    return database.run(work)
