"""Merge: two memberships of one person become one. Nothing is lost, and it can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.carry_over import Carrying, carry_over
from wallet.actions.index_member import index_member
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.ruleset import Ruleset
from wallet.tables.ledger import accounts_of
from wallet.tables.member import Member, surviving
from wallet.tables.merging import (
    copy_awards,
    lock_family,
    merged_members,
    move_identifiers,
    move_owned,
    move_passes,
    referrals_between,
    standing_merge,
    stragglers,
    way_of,
)
from wallet.tables.relation import Merge, Referral

# What the survivor takes from the other one where it has nothing itself.
_FILLED = ("name", "birthday", "charity_id")


def merge_members(
    session: Session,
    program: ProgramView,
    merged: Member,
    survivor: Member,
    actor: Actor,
    now: datetime,
) -> Merge:
    """`merged` goes into `survivor` (or into whom that one went): balances by transfers, purchases,
    rewards, passes and everything by which either was found. Merging them again changes nothing.

    `merge_same` for one member twice, `member_merged` when it went into somebody else before,
    `member_closed` when either is closed.
    """
    survivor = surviving(session, survivor)
    if merged.id == survivor.id:
        raise Refusal("merge_same")
    locked = lock_family(session, program.id, (merged.id, survivor.id))
    merged, survivor = locked[merged.id], locked[survivor.id]
    if merged.status == "merged":
        return _again(session, merged, survivor)
    if merged.status != "active" or survivor.status != "active":
        raise Refusal("member_closed")
    merge = Merge(
        id=new_id(),
        program_id=program.id,
        merged_id=merged.id,
        survivor_id=survivor.id,
        actor=actor.label,
        at=now,
        undone_at=None,
        moved={},
    )
    session.add(merge)
    session.flush()
    moved = _join_people(program.ruleset, merged, survivor)
    moved |= _move(session, merged, survivor)
    merge.moved = moved
    session.flush()
    copy_awards(session, merged.id, survivor.id)
    carry_balances(session, program, merge, actor, now)
    session.expire_all()  # rows changed hands behind the back of whoever has them loaded
    index_member(session, merged)
    index_member(session, survivor)
    refresh_card(session, program, survivor, now)
    return merge


def carry_balances(
    session: Session, program: ProgramView, merge: Merge, actor: Actor, now: datetime
) -> None:
    """Whatever the merged member's accounts hold now."""
    may_go_below = program.ruleset.clawback == "negative"
    carrying = Carrying(session, merge, actor, now, program.rule_version, may_go_below)
    for unit in sorted(account.unit for account in accounts_of(session, merge.merged_id)):
        # In the order of ids, as everybody who holds two accounts at once.
        accounts = {
            member_id: account_of(session, program.id, member_id, unit)
            for member_id in sorted((merge.merged_id, merge.survivor_id))
        }
        carry_over(carrying, accounts[merge.merged_id], accounts[merge.survivor_id])


def carry_stragglers(
    session: Session, program: ProgramView, member_id: int, actor: Actor, now: datetime
) -> Member | None:
    """What reached a merged member in the very moment of the merge follows it, hop by hop. Returns
    the one who has it now; None when it is not merged any more."""
    lock_family(session, program.id, way_of(session, member_id))
    merge, survivor = standing_merge(session, member_id), None
    while merge is not None:
        merged, survivor = lock_members_of(session, merge)
        moved = move_owned(session, merged.id, survivor.id)
        merge.moved = {
            **merge.moved,
            **{name: [*merge.moved.get(name, ()), *ids] for name, ids in moved.items()},
        }
        session.flush()
        copy_awards(session, merged.id, survivor.id)
        carry_balances(session, program, merge, actor, now)
        merge = standing_merge(session, survivor.id)
    session.expire_all()
    if survivor is not None:
        refresh_card(session, program, survivor, now)
    return survivor


def members_with_stragglers(session: Session, limit: int) -> list[int]:
    """Merged members at whom something arrived after the merge."""
    return stragglers(session, limit)


def lock_members_of(session: Session, merge: Merge) -> tuple[Member, Member]:
    """(merged, survivor), locked."""
    locked = lock_family(session, merge.program_id, (merge.merged_id, merge.survivor_id))
    return locked[merge.merged_id], locked[merge.survivor_id]


def _again(session: Session, merged: Member, survivor: Member) -> Merge:
    merge = standing_merge(session, merged.id)
    if merge is None or surviving(session, merged).id != survivor.id:
        raise Refusal("member_merged")
    return merge


def _join_people(rules: Ruleset, merged: Member, survivor: Member) -> dict[str, Any]:
    """The survivor is both from now on; returns what has to be forgotten when that is undone."""
    known: dict[str, Any] = {"status": merged.status}
    filled = [name for name in _FILLED if getattr(merged, name) and not getattr(survivor, name)]
    for name in filled:
        setattr(survivor, name, getattr(merged, name))
    added = [tag for tag in merged.tags or () if tag not in (survivor.tags or ())]
    if added:
        survivor.tags = [*(survivor.tags or ()), *added]
    if merged.joined_at < survivor.joined_at:
        known["joined_at"] = survivor.joined_at.isoformat()
        survivor.joined_at = merged.joined_at
    known |= _join_status(rules, merged, survivor)
    merged.status, merged.merged_into_id = "merged", survivor.id
    return known | {"filled": filled, "tags": added}


def _join_status(rules: Ruleset, merged: Member, survivor: Member) -> dict[str, Any]:
    """The better of the two: a policy may protect a status that the figures no longer carry."""
    ranks = {tier.key: rank for rank, tier in enumerate(rules.tiers)}
    own = ranks.get(survivor.earned_tier_key or survivor.tier_key or "", -1)
    other = ranks.get(merged.earned_tier_key or merged.tier_key or "", -1)
    if other <= own:
        return {}
    since, until = survivor.tier_since, survivor.tier_kept_until
    known = {
        "tier": survivor.earned_tier_key,
        "tier_since": since.isoformat() if since else None,
        "tier_kept_until": until.isoformat() if until else None,
        "tier_lent": merged.earned_tier_key,
    }
    survivor.earned_tier_key = merged.earned_tier_key or merged.tier_key
    survivor.tier_since, survivor.tier_kept_until = merged.tier_since, merged.tier_kept_until
    return known


def _move(session: Session, merged: Member, survivor: Member) -> dict[str, Any]:
    """Rows that change hands, by the names under which they are given back."""
    session.flush()
    moved: dict[str, Any] = dict(move_owned(session, merged.id, survivor.id))
    moved["identifiers"] = move_identifiers(session, merged.id, survivor.id)
    moved["passes"] = move_passes(session, merged.id, survivor.id)
    moved["members"] = merged_members(session, merged.id)
    for number in moved["members"]:
        member = session.get_one(Member, number)  # locked with the rest of the family
        member.merged_into_id = survivor.id  # one step from everywhere to whom it is now
    moved["referrals"] = _move_referrals(session, merged.id, survivor.id)
    session.flush()
    return moved


def _move_referrals(session: Session, merged_id: int, survivor_id: int) -> list[dict[str, Any]]:
    """Each with what it said before. Somebody who brought himself, or was brought twice, earns
    nothing by it."""
    both = (merged_id, survivor_id)
    rows = referrals_between(session, both)
    was_brought = any(row.friend_id == survivor_id for row in rows)
    before = []
    for row in rows:
        if merged_id not in (row.referrer_id, row.friend_id):
            continue
        before.append(_said(row))
        if row.friend_id == merged_id and was_brought:
            _refuse(row, "brought_twice")
        elif {row.referrer_id, row.friend_id} <= set(both):
            _refuse(row, "self_merged")
        elif row.referrer_id == merged_id:
            row.referrer_id = survivor_id
        else:
            row.friend_id = survivor_id
    return before


def _said(row: Referral) -> dict[str, Any]:
    return {
        "id": row.id,
        "referrer_id": row.referrer_id,
        "friend_id": row.friend_id,
        "status": row.status,
        "reason": row.reason,
    }


def _refuse(row: Referral, reason: str) -> None:
    if row.status in ("joined", "holding"):
        row.status, row.reason = "refused", reason
