"""A profile is complete once name, birthday, e-mail and phone are there: credited once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.record_activity import (
    OWN_SOURCE,
    ActivityFacts,
    earns_by,
    had_before,
    record_activity,
)
from wallet.ids import public_id
from wallet.tables.member import Member, identifiers_of

KIND = "profile"


def note_profile(
    session: Session, program: ProgramView, member: Member, actor: Actor, now: datetime
) -> None:
    """Nothing to do where no rule rewards it, or while something is missing."""
    if not earns_by(program, KIND) or not is_complete(session, member):
        return
    if had_before(session, program, member.id, KIND, now):
        return
    facts = ActivityFacts(KIND, OWN_SOURCE, public_id("mbr", member.id))
    record_activity(session, program, member, facts, actor, now)


def is_complete(session: Session, member: Member) -> bool:
    """Whether there is nothing left to ask for."""
    kinds = {row.kind for row in identifiers_of(session, member.id)}
    return bool(member.name and member.birthday and {"email", "phone"} <= kinds)
