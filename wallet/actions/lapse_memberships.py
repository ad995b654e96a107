"""When a paid period is over its perks are gone: the card has to say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import program_view
from wallet.actions.refresh_card import refresh_card
from wallet.db import Database
from wallet.tables.member import member_with_id
from wallet.tables.relation import lapsed_memberships

BATCH = 50  # periods in one transaction


def lapse_memberships(database: Database, clock: Callable[[], datetime]) -> int:
    """One round; returns how many periods ended."""
    return database.run(lambda session: _lapse(session, clock()))


def _lapse(session: Session, now: datetime) -> int:
    ended = lapsed_memberships(session, now, BATCH)
    for membership in ended:
        membership.lapsed_at = now
        member = member_with_id(session, membership.program_id, membership.member_id)
        assert member is not None
        program = program_view(session, membership.program_id)
        refresh_card(session, program, member, now, is_urgent=False)
    return len(ended)
