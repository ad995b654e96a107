"""A member chooses to whom donations go: those to come, never those already made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.charity import find_charity
from wallet.actions.program_view import CharityView, ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.tables.member import Member, lock_member


def choose_charity(
    session: Session, program: ProgramView, member: Member, charity_id: str | None, now: datetime
) -> CharityView | None:
    """The charity chosen by its public id; None goes back to the program's first one."""
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    chosen = find_charity(program, charity_id) if charity_id is not None else None
    member.charity_id = chosen.id if chosen else None
    refresh_card(session, program, member, now)
    return chosen
