"""Somebody joins at the till. Who has the address already is simply found: staff may look members up,
but their card goes to nobody who only knows an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import public_id


@dataclass(frozen=True, slots=True)
class Met:
    """Who stands before the till, and whether they joined this moment."""

    member_id: str
    is_new: bool


def enrol_at_till(
    session: Session, program: ProgramView, enrolment: Enrolment, actor: Actor, now: datetime
) -> Met:
    """A new member, or the one whose e-mail address or phone number it is."""
    try:
        return Met(public_id("mbr", enrol(session, program, enrolment, actor, now).id), is_new=True)
    except Refusal as refusal:
        if refusal.code != "member_exists":
            raise
    ref = MemberRef(email=enrolment.email or None, phone=enrolment.phone or None)
    return Met(public_id("mbr", find_member(session, program, ref).id), is_new=False)
