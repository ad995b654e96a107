"""Bring a member's passes up to date with the account, in the transaction that changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from passes.card import announced_fact, hash_of
from wallet.actions.apple_code import let_turn, said_at
from wallet.actions.card_history import moves_asked, recent_moves
from wallet.actions.compose_card import card_of
from wallet.actions.member_view import member_view, view_asked
from wallet.actions.near_stores import with_places
from wallet.actions.program_view import ProgramView
from wallet.actions.refer import give_referral_code
from wallet.actions.standing import settle_tier, standing_of
from wallet.prepared import together
from wallet.rules.tiers import Standing
from wallet.tables.member import Member, lock_member
from wallet.tables.wallet_pass import Shown, change_pass, passes_asked, shown_passes


def refresh_card(
    session: Session,
    program: ProgramView,
    member: Member,
    now: datetime,
    *,
    is_urgent: bool = True,
    standing: Standing | None = None,
) -> bool:
    """Store the card that the state asks for on each pass. True when a phone has to hear of it.

    Same content, same hash: nothing is written and nobody is told. Also settles the member's tier,
    which follows from the same state; a `standing` at hand saves working it out again.
    """
    session.flush()
    lock_member(session, member)
    together(
        session,
        lambda: [
            passes_asked(member.id),
            moves_asked(member.id),
            *view_asked(program, member.id, now, has_contacts=_shows_contacts(program)),
        ],
    )
    standing = standing or standing_of(session, program, member, now)
    settle_tier(member, standing)
    tier_key = standing.tier_key
    stored = shown_passes(session, member.id)
    if not stored:
        return False
    give_referral_code(session, program, member, now)
    cards = _wanted(session, program, member, stored, standing, now)
    changed = [
        one for one in stored if not _shows(one, program, _wanted_by(cards, program, one), tier_key)
    ]
    for wallet_pass in changed:
        let_turn(session, program, member, wallet_pass.provider, now)
        said, digest = _wanted_by(cards, program, wallet_pass)
        values = {
            "new_card": with_announcement(wallet_pass, said, is_quiet=not is_urgent),
            "new_hash": digest,
            "new_tier": tier_key,
            "new_design": program.design_for(wallet_pass.member_id),
            "urgent": is_urgent,
            "at": now,
            "modified": next_second(wallet_pass.modified_at, now),
        }
        change_pass(session, wallet_pass.id, values)
    session.flush()
    if changed:
        session.info["nudge"] = True
    return bool(changed)


def says_the_state(session: Session, program: ProgramView, member: Member, now: datetime) -> bool:
    """Whether the member's passes are what the state asks for; reads only."""
    standing = standing_of(session, program, member, now)
    stored = shown_passes(session, member.id)
    cards = _wanted(session, program, member, stored, standing, now)
    return all(
        _shows(one, program, _wanted_by(cards, program, one), standing.tier_key) for one in stored
    )


def _shows_contacts(program: ProgramView) -> bool:
    """Of a member's addresses and codes a card shows only the one for friends."""
    return program.ruleset.referral is not None


Wanted = tuple[dict[str, Any], str]  # a card as plain data, and its hash


def _wanted(
    session: Session,
    program: ProgramView,
    member: Member,
    stored: Sequence[Shown],
    standing: Standing,
    now: datetime,
) -> dict[tuple[str, int], Wanted]:
    """What the state asks for, by provider and design of the member's passes."""
    moves = recent_moves(session, member.id)
    view = member_view(
        session, program, member, now, standing, has_contacts=_shows_contacts(program)
    )
    said = card_of(program, view, moves).to_json()
    same = said, hash_of(said)
    wanted = {}
    for one in stored:
        key = one.provider, program.design_for(one.member_id)
        if key in wanted:
            continue
        # A card that came with another member may show another design, which chooses other stores.
        its = said
        if key[1] != program.design_for(member.id):
            its = with_places(program, said, key[1], view.home_store_id)
        there = said_at(session, program, member, its, one.provider)
        wanted[key] = same if there is said else (there, hash_of(there))
    return wanted


def _wanted_by(
    wanted: Mapping[tuple[str, int], Wanted], program: ProgramView, one: Shown
) -> Wanted:
    return wanted[one.provider, program.design_for(one.member_id)]


def _shows(wallet_pass: Shown, program: ProgramView, wanted: Wanted, tier_key: str | None) -> bool:
    return (
        wallet_pass.card_hash == wanted[1]
        and wallet_pass.tier_key == tier_key
        and wallet_pass.design_id == program.design_for(wallet_pass.member_id)
    )


def with_announcement(
    wallet_pass: Shown, said: dict[str, Any], *, is_quiet: bool
) -> dict[str, Any]:
    """The card with the one fact whose change the phone should speak of.

    What the calendar does by night (points that end, a status that lapses) wakes nobody.
    """
    before = wallet_pass.said
    is_unread = wallet_pass.wanted_version > wallet_pass.delivered_version
    if wallet_pass.provider == "apple":
        taken_at = wallet_pass.fetched_at
        is_unread = taken_at is None or taken_at < wallet_pass.changed_at
    if is_quiet:
        announced = before.get("announced") if is_unread else None
    else:
        announced = announced_fact(before, said, is_unread=is_unread)
    return {**said, "announced": announced} if announced else said


def next_second(last: datetime, now: datetime) -> datetime:
    """`now` in whole seconds, but later than `last`: two changes within a second must differ, or
    the phone is told "not modified" about the second one."""
    return max(now.replace(microsecond=0), last + timedelta(seconds=1))
