"""When a paid period is over its perks are gone: the card has to say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from wallet.actions.program_view import program_view
from wallet.actions.refresh_card import refresh_card
from wallet.db import Database
from wallet.tables.member import Member, lock_holder
from wallet.tables.relation import Membership, lapsed_memberships

BATCH = 200  # periods in one round; each is a transaction of its own


def lapse_memberships(database: Database, clock: Callable[[], datetime]) -> int:
    """One round; returns how many periods ended."""
    with database.reading() as session:
        ended = lapsed_memberships(session, clock(), BATCH)
    return sum(
        database.run(partial(_lapse, period_id=period_id, member_id=member_id, now=clock()))
        for period_id, member_id in ended
    )


def _lapse(session: Session, period_id: int, member_id: int, now: datetime) -> int:
    holder = lock_holder(session, session.get_one(Member, member_id))
    period = session.get_one(Membership, period_id, populate_existing=True)
    if period.lapsed_at is not None or period.ends_at > now:
        return 0  # somebody else was here first
    period.lapsed_at = now
    program = program_view(session, period.program_id)
    refresh_card(session, program, holder, now, is_urgent=False)
    return 1
