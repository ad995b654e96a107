"""Join at the open door, where anybody may type anybody's address: everyone gets a card at once, and
nobody learns who is a member already.

An address that somebody has stays theirs. Whoever typed it gets a card of their own like any other
newcomer; the owner of the address is sent a link to the older card. When that link is opened in the
very browser that joined, both proofs are in one hand, and the two cards become one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM, Actor
from wallet.actions.card_link import send_card_link
from wallet.actions.edit_member import put_consents
from wallet.actions.enrol import CLAIMED, Enrolment, contacts_said, enrol
from wallet.actions.member_view import card_url, member_with_token
from wallet.actions.merge_members import merge_members
from wallet.actions.program_view import ProgramView
from wallet.actions.record_activity import OWN_SOURCE
from wallet.actions.reverse_entry import reverse_entry
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.activity import activity_from, entries_of_activity
from wallet.tables.member import Member, consents_of, identifiers_of, member_identified_by

_TWICE = {"fr": "cadeau de bienvenue déjà reçu", "en": "welcome gift received before"}


def join(
    session: Session, program: ProgramView, enrolment: Enrolment, actor: Actor, now: datetime
) -> Member:
    """A new member, whoever has the address already. Refuses only what cannot be an address."""
    contacts = contacts_said(program, enrolment)
    holders = [
        holder
        for kind, value in contacts
        if (holder := member_identified_by(session, program.id, kind, value))
    ]
    if not holders:
        return enrol(session, program, enrolment, actor, now)
    for holder in holders:
        send_card_link(session, holder, now, again=True)
    # Nobody is brought by a friend twice, and the address proves nothing.
    anonymous = replace(enrolment, email="", phone="", referral_code="", claimed=contacts)
    return enrol(session, program, anonymous, actor, now)


def held_card(session: Session, program: ProgramView, token: str, said: Enrolment) -> str | None:
    """The address of the card with this token, where what was typed is its member's own, proven or
    claimed: the browser that holds it joins no second time."""
    found = member_with_token(session, token, [program])
    if found is None:
        return None
    own = {row.value for row in identifiers_of(session, found[1].id)}
    if not any(value in own for _, value in contacts_said(program, said)):
        return None
    return card_url(session, program, found[1])


def adopt_joined(
    session: Session, program: ProgramView, member: Member, token: str, now: datetime
) -> Member | None:
    """The card that this browser got when it joined with the member's address goes into the member's.
    `token` is that card's. None when it is no such card."""
    found = member_with_token(session, token, [program])
    joined = found[1] if found else None
    if joined is None or joined.id == member.id or joined.status != "active":
        return None
    own = {
        row.value for row in identifiers_of(session, member.id) if row.kind in ("email", "phone")
    }
    claims = [row for row in identifiers_of(session, joined.id) if row.kind == CLAIMED]
    if not any(row.value in own for row in claims):
        return None
    reader = Actor("self", "member", "online")
    _one_welcome(session, program, member, joined, now)
    agreed = {
        row.purpose: (True, row.wording) for row in consents_of(session, joined.id) if row.granted
    }
    put_consents(session, member, agreed, reader, now)
    for row in claims:
        session.delete(row)
    session.flush()
    merge_members(session, program, joined, member, reader, now)
    return joined


def _one_welcome(
    session: Session, program: ProgramView, member: Member, joined: Member, now: datetime
) -> None:
    """One person is welcomed once: the second gift goes back, unless it was spent."""
    first, second = (
        activity_from(session, program.id, "welcome", OWN_SOURCE, public_id("mbr", person.id))
        for person in (member, joined)
    )
    if first is None or second is None:
        return
    reason = _TWICE.get(joined.locale, _TWICE["en"])
    for entry in entries_of_activity(session, second):
        try:
            reverse_entry(session, program, entry.id, reason, SYSTEM, now)
        except Refusal as refusal:
            if refusal.code != "undo_spent":
                raise
