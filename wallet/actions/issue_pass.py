"""Issue a pass: the first time a shopper asks for the card at a provider."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from passes.card import hash_of
from wallet.actions.apple_code import let_turn, said_at
from wallet.actions.compose_card import compose_card
from wallet.actions.program_view import ProgramView
from wallet.actions.refer import give_referral_code
from wallet.actions.rotating_codes import make_code_key
from wallet.ids import new_id
from wallet.tables.member import HOLDS_CARD, Member, lock_member
from wallet.tables.wallet_pass import WalletPass, pass_at

SERIAL_BYTES = 16  # random: says nothing of the member and cannot be guessed
AUTH_TOKEN_BYTES = 32


def may_hold(member: Member) -> bool:
    """Whether a card may be handed out for this member."""
    return member.status in HOLDS_CARD


def issue_pass(
    session: Session, program: ProgramView, member: Member, provider: str, now: datetime
) -> WalletPass:
    """The member's one pass at this provider; made when there is none.

    Serial and token never change in the life of the pass. A new Apple pass needs no push: the phone
    has it in its hands. A new Google object is inserted by the worker.
    """
    if provider == "google":
        make_code_key(session, program, member.id, "google", now)
    known = pass_at(session, member.id, provider)
    if known:
        return known
    # The lock: a sale that ends meanwhile would find no card to bring up to date.
    lock_member(session, member)
    give_referral_code(session, program, member, now)
    let_turn(session, program, member, provider, now)
    composed = compose_card(session, program, member, now).to_json()
    said = said_at(session, program, member, composed, provider)
    wallet_pass = WalletPass(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        provider=provider,
        serial=secrets.token_hex(SERIAL_BYTES),
        auth_token=secrets.token_urlsafe(AUTH_TOKEN_BYTES),
        design_id=program.design_for(member.id),
        card=said,
        card_hash=hash_of(said),
        tier_key=member.tier_key,
        is_urgent=True,
        wanted_version=1,
        delivered_version=1 if provider == "apple" else 0,
        taken_version=1,
        update_tag=0,
        attempts=0,
        last_error="",
        changed_at=now,
        modified_at=now.replace(microsecond=0),
        next_attempt_at=now,
        created_at=now,
    )
    session.add(wallet_pass)
    session.flush()
    session.info["nudge"] = provider == "google" or session.info.get("nudge", False)
    return wallet_pass
