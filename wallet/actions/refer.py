"""Referrals: who brought whom, and when the friend's first order counts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.context import context_of
from wallet.ids import new_id
from wallet.rules.referral_code import SPACE, make_referral_code, parse_referral_code
from wallet.rules.same_person import email_form, phone_form
from wallet.tables.member import (
    Identifier,
    Member,
    contacts_of,
    identifiers_of,
    member_identified_by,
)
from wallet.tables.purchase import Purchase
from wallet.tables.relation import Referral, referral_of_friend
from wallet.tables.wallet_pass import shared_devices

# Why a referral gives nothing, for staff and for the member who wonders.
REASONS: Mapping[str, Mapping[str, str]] = {
    "self_code": {
        "fr": "Le code est celui du membre lui-même",
        "en": "The code is the member's own",
    },
    "self_email": {
        "fr": "Les deux comptes ont la même adresse e-mail",
        "en": "Both accounts have the same e-mail address",
    },
    "self_phone": {
        "fr": "Les deux comptes ont le même numéro de téléphone",
        "en": "Both accounts have the same phone number",
    },
    "self_device": {
        "fr": "Les deux cartes sont sur le même téléphone",
        "en": "Both cards are on the same phone",
    },
    "self_merged": {
        "fr": "Les deux comptes étaient ceux de la même personne",
        "en": "Both accounts were one person's",
    },
    "brought_twice": {
        "fr": "Ce membre avait déjà été parrainé",
        "en": "This member had been referred before",
    },
    "referrer_closed": {
        "fr": "Le compte du parrain est fermé",
        "en": "The referrer's account is closed",
    },
    "friend_closed": {
        "fr": "Le compte du filleul est fermé",
        "en": "The friend's account is closed",
    },
    "capped": {
        "fr": "Le parrain a atteint son maximum pour cette année",
        "en": "The referrer has reached this year's maximum",
    },
    "refunded": {
        "fr": "La commande a été remboursée : la prochaine comptera",
        "en": "The order was refunded: the next one will count",
    },
    "no_rules": {
        "fr": "Le programme ne récompense plus le parrainage",
        "en": "The program no longer rewards referrals",
    },
}


def give_referral_code(
    session: Session, program: ProgramView, member: Member, now: datetime
) -> str:
    """The member's own code, made when there is none; empty where the program has no referrals."""
    if program.ruleset.referral is None:
        return ""
    known = contacts_of(session, member.id).get("referral")
    if known is not None:
        return known
    code = _free_code(session, program.id)
    session.add(
        Identifier(
            program_id=program.id,
            member_id=member.id,
            kind="referral",
            value=code,
            created_at=now,
            verified_at=None,
        )
    )
    session.flush()
    return code


def referral_url(session: Session, program: ProgramView, code: str) -> str:
    """The address that a member shares."""
    return f"{context_of(session).public_url}/p/{program.slug}/join?ref={code}"


def note_referral(
    session: Session, program: ProgramView, friend: Member, text: str, now: datetime
) -> Referral | None:
    """Write down who brought this new member. A mistyped code must not keep anybody out, so it is
    passed over; somebody who brings himself is written down as refused."""
    code = parse_referral_code(text)
    if program.ruleset.referral is None or code is None:
        return None
    referrer = member_identified_by(session, program.id, "referral", code)
    if referrer is None or referral_of_friend(session, friend.id) is not None:
        return None
    reason = why_not(session, referrer, friend)
    referral = Referral(
        id=new_id(),
        program_id=program.id,
        referrer_id=referrer.id,
        friend_id=friend.id,
        status="refused" if reason else "joined",
        reason=reason,
        purchase_id=None,
        created_at=now,
        due_at=None,
        rewarded_at=None,
    )
    session.add(referral)
    session.flush()
    return referral


def why_not(session: Session, referrer: Member, friend: Member) -> str:
    """Why these two cannot be referrer and friend; empty when they can."""
    if referrer.id == friend.id:
        return "self_code"
    if referrer.status != "active":
        return "referrer_closed"
    own, other = (identifiers_of(session, member.id) for member in (referrer, friend))
    for kind, form in (("email", email_form), ("phone", phone_form)):
        forms = {form(row.value) for row in own if row.kind == kind}
        if any(form(row.value) in forms for row in other if row.kind == kind):
            return f"self_{kind}"
    if shared_devices(session, referrer.id, friend.id):
        return "self_device"
    return ""


def hold_referral(
    session: Session, program: ProgramView, purchase: Purchase, now: datetime
) -> None:
    """The friend's first order of enough money starts the hold: what is brought back within it
    earns nobody anything."""
    rules = program.ruleset.referral
    if rules is None:
        return
    referral = referral_of_friend(session, purchase.member_id, locked=False)
    if referral is None or referral.status != "joined":
        return
    if paid_minor(purchase) < max(rules.purchase_min_minor, 1):
        return
    referral = referral_of_friend(session, purchase.member_id)
    assert referral is not None
    if referral.status == "joined":
        referral.status, referral.reason, referral.purchase_id = "holding", "", purchase.id
        referral.due_at = now + timedelta(days=rules.hold_days)
        session.flush()


def paid_minor(purchase: Purchase) -> int:
    """What was paid with the friend's own money and not given back."""
    return purchase.amount_minor - purchase.refunded_minor - purchase.credit_minor


def _free_code(session: Session, program_id: int) -> str:
    """A code that nobody has. The unique key settles the race for it."""
    while True:
        code = make_referral_code(secrets.randbelow(SPACE))
        if member_identified_by(session, program_id, "referral", code) is None:
            return code
