"""The gift for joining, where the rules have one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.record_activity import OWN_SOURCE, ActivityFacts, record_activity
from wallet.ids import public_id
from wallet.rules.earning import earn_welcome
from wallet.tables.member import Member


def give_welcome(
    session: Session, program: ProgramView, member: Member, actor: Actor, now: datetime
) -> None:
    """Once a member, and spendable at once: the first win is the one that counts."""
    awards = earn_welcome(program.ruleset, program.currency)
    if awards:
        facts = ActivityFacts("welcome", OWN_SOURCE, public_id("mbr", member.id))
        record_activity(session, program, member, facts, actor, now, extra=awards)
