"""The link to a card by e-mail: asked for at the door, made and sent by the worker, used once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import clean_email
from wallet.actions.note_newsletter import note_newsletter
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.throttle import LINK_PER_MEMBER, count_attempt
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.tables.member import (
    Identifier,
    MagicLink,
    Member,
    identifiers_of,
    link_with_hash,
    member_identified_by,
    member_with_id,
    surviving,
)
from wallet.tables.outbox import enqueue

JOB_KIND = "card_link"
_READER = Actor("self", "member", "online")  # who opens a link from a mail
TOKEN_BYTES = 32
LIFETIME = timedelta(minutes=10)  # long enough to open a mail, short enough for a lost phone
TOKEN_LENGTH_MAX = 64  # characters: what is longer was not made here


@dataclass(frozen=True, slots=True)
class CardLinkMail:
    """What the worker has to send."""

    program: ProgramView
    email: str
    name: str
    locale: str
    address: str
    minutes: int
    again: bool = False  # somebody joined with an address that has a card


def ask_for_card_link(session: Session, program: ProgramView, email: str, now: datetime) -> None:
    """Have the link sent if there is such a member. The caller learns nothing either way, and both
    ways cost the same reads; only a malformed address is refused."""
    member = member_identified_by(session, program.id, "email", clean_email(email))
    if member is not None:
        send_card_link(session, member, now)


def send_card_link(session: Session, member: Member, now: datetime, *, again: bool = False) -> None:
    """Have the link sent to the member's own address, if there is one and it had not many.

    The job holds no secret: the link itself is made when the mail is, so no copy of it rests in
    the outbox.
    """
    if member.status != "active" or _email_of(session, member.id) is None:
        return
    try:
        count_attempt(session, LINK_PER_MEMBER, str(member.id), now)
    except Refusal:
        return  # somebody else may be typing the address: its owner has had enough mails for now
    payload = {"member_id": member.id, "program_id": member.program_id, "again": again}
    enqueue(session, JOB_KIND, payload, now)
    session.info["nudge"] = True


def make_card_link(
    session: Session, program_id: int, member_id: int, now: datetime, *, again: bool = False
) -> CardLinkMail | None:
    """A fresh link, good for ten minutes from now; None when there is nobody to send it to."""
    named = member_with_id(session, program_id, member_id)
    member = surviving(session, named) if named else None
    email = _email_of(session, member.id) if member else None
    if member is None or email is None or member.status != "active":
        return None
    return CardLinkMail(
        program=program_view(session, program_id),
        email=email.value,
        name=member.name,
        locale=member.locale,
        address=_new_link(session, member, "mail", now),
        minutes=int(LIFETIME.total_seconds() // 60),
        again=again,
    )


def card_link_to_show(session: Session, member: Member, now: datetime) -> str:
    """A fresh link for a till to show: whoever scans it first has the card. It proves no address."""
    return _new_link(session, member, "till", now)


def _new_link(session: Session, member: Member, way: str, now: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        MagicLink(
            program_id=member.program_id,
            member_id=member.id,
            token_hash=_hash(token),
            created_at=now,
            expires_at=now + LIFETIME,
            used_at=None,
            way=way,
        )
    )
    session.flush()
    return f"{context_of(session).public_url}/link/{token}"


def peek_card_link(session: Session, token: str, now: datetime) -> ProgramView:
    """The program of a link that still works; looking does not use it up. Else `link_expired`."""
    return program_view(session, _valid(session, token, now, to_use=False).program_id)


def open_card_link(session: Session, token: str, now: datetime) -> tuple[ProgramView, Member]:
    """(program, whose card it is). Uses the link up; one from a mail proves the e-mail address."""
    link = _valid(session, token, now, to_use=True)
    link.used_at = now
    named = member_with_id(session, link.program_id, link.member_id)
    member = surviving(session, named) if named else None
    if member is None or member.status != "active":
        raise Refusal("link_expired")
    email = _email_of(session, member.id)
    program = program_view(session, link.program_id)
    if link.way == "mail" and email is not None and email.verified_at is None:
        email.verified_at = now
        session.flush()
        note_newsletter(session, program, member, _READER, now)
    return program, member


def _valid(session: Session, token: str, now: datetime, *, to_use: bool) -> MagicLink:
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise Refusal("link_expired")
    link = link_with_hash(session, _hash(token), to_use=to_use)
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise Refusal("link_expired")
    return link


def _email_of(session: Session, member_id: int) -> Identifier | None:
    rows = (row for row in identifiers_of(session, member_id) if row.kind == "email")
    return next(rows, None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
