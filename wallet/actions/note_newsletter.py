"""A confirmed opt-in to the newsletter: the address is proven and its owner agreed. Credited once."""

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
from wallet.tables.member import Member, consents_of, identifiers_of

KIND = "newsletter"


def note_newsletter(
    session: Session, program: ProgramView, member: Member, actor: Actor, now: datetime
) -> None:
    """Nothing to do where no rule rewards it. Opting out takes nothing back, and opting in again
    gives nothing again."""
    if not earns_by(program, KIND) or not _is_confirmed(session, member):
        return
    if had_before(session, program, member.id, KIND, now):
        return
    facts = ActivityFacts(KIND, OWN_SOURCE, public_id("mbr", member.id))
    record_activity(session, program, member, facts, actor, now)


def _is_confirmed(session: Session, member: Member) -> bool:
    proven = any(
        row.kind == "email" and row.verified_at is not None
        for row in identifiers_of(session, member.id)
    )
    newest = next((row for row in consents_of(session, member.id) if row.purpose == "email"), None)
    return proven and newest is not None and newest.granted
