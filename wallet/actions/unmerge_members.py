"""Undo a merge: everybody has their own again. What came after the merge stays with the survivor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.carry_over import UNMERGED, Carrying, fit, pay, receive
from wallet.actions.index_member import index_member
from wallet.actions.merge_members import lock_members_of
from wallet.actions.post_entry import NewLot, account_of
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.rules.expiry import lot_expires_at
from wallet.rules.lots import Draw, expiry_order
from wallet.rules.terms import Expiry
from wallet.tables.ledger import AccountState, Entry, Lot, open_lots
from wallet.tables.member import Member
from wallet.tables.merging import (
    OWNED,
    copy_awards,
    copy_notices,
    entries_of_merge,
    entries_of_purchases_since,
    hand_back,
    hand_back_identifiers,
    hand_back_passes,
    hand_back_refunded_awards,
    lots_of_merge,
    owed_before,
    referrals_between,
    standing_merge,
)
from wallet.tables.relation import Merge


def unmerge_members(
    session: Session, program: ProgramView, merged: Member, actor: Actor, now: datetime
) -> Member:
    """The member who went into another one stands alone again.

    It gets back what it brought, less what has ended or was refunded of its own purchases since.
    What the survivor has spent of it is owed by the survivor. `not_merged` when there is nothing to
    undo, `merge_not_last` while the survivor itself is merged: undo that first.
    """
    merge = standing_merge(session, merged.id)
    if merge is None:
        raise Refusal("not_merged")
    merged, survivor = lock_members_of(session, merge)
    if merged.status != "merged":
        raise Refusal("not_merged")
    if survivor.status == "merged":
        raise Refusal("merge_not_last")
    purchases = merge.moved.get("purchases", [])
    _part_people(merge, merged, survivor)
    merge.undone_at = now
    session.flush()
    _part_rows(session, merge, merged, survivor)
    family = [merged.id, *merge.moved.get("members", [])]
    copy_awards(session, survivor.id, merged.id, family)
    hand_back_refunded_awards(session, merge, purchases, family)
    _part_balances(session, program, merge, family, actor, now)
    session.expire_all()
    for member in (merged, survivor):
        index_member(session, member)
        refresh_card(session, program, member, now)
    return merged


def _part_people(merge: Merge, merged: Member, survivor: Member) -> None:
    known: dict[str, Any] = merge.moved
    merged.status, merged.merged_into_id = known.get("status", "active"), None
    for name in known.get("filled", ()):
        if getattr(survivor, name) == getattr(merged, name):  # else it was edited since
            setattr(survivor, name, "" if name == "name" else None)
    if known.get("tags"):
        survivor.tags = [tag for tag in survivor.tags if tag not in known["tags"]]
    if "joined_at" in known:
        survivor.joined_at = datetime.fromisoformat(known["joined_at"])
    if "tier" in known and survivor.earned_tier_key == known["tier_lent"]:
        survivor.earned_tier_key = known["tier"]
        survivor.tier_since = _moment(known["tier_since"])
        survivor.tier_kept_until = _moment(known["tier_kept_until"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _part_rows(session: Session, merge: Merge, merged: Member, survivor: Member) -> None:
    known: dict[str, Any] = merge.moved
    for name, table in OWNED.items():
        hand_back(session, table, known.get(name, []), survivor.id, merged.id)
    identifiers = known.get("identifiers", [])
    hand_back_identifiers(session, identifiers, survivor.id, merged.id, merge.at)
    hand_back_passes(session, known.get("passes", []), survivor.id, merged.id)
    for number in known.get("members", []):
        member = session.get_one(Member, number)  # locked with the rest of the family
        if member.merged_into_id == survivor.id:
            member.merged_into_id = merged.id
    before = {said["id"]: said for said in known.get("referrals", ())}
    for row in referrals_between(session, (merged.id, survivor.id)):
        said = before.get(row.id)
        if said is None:
            continue
        row.referrer_id, row.friend_id = said["referrer_id"], said["friend_id"]
        if row.status == "refused":
            row.status, row.reason = said["status"], said["reason"]
    session.flush()


@dataclass(frozen=True, slots=True)
class _Share:
    """What the merged member gets back of one unit: how much in all (below zero: a debt), and in
    lots of which days."""

    quantity: int
    parts: tuple[NewLot, ...]


def _part_balances(
    session: Session,
    program: ProgramView,
    merge: Merge,
    family: Sequence[int],
    actor: Actor,
    now: datetime,
) -> None:
    carrying = Carrying(
        session,
        merge,
        actor,
        now,
        program.rule_version,
        program.ruleset.clawback == "negative",
        tuple(UNMERGED.items()),
    )
    moved = entries_of_merge(session, merge.id)
    purchases = merge.moved.get("purchases", [])
    since = entries_of_purchases_since(session, purchases, merge.at, family)
    for unit in sorted({entry.unit for entry in (*moved, *since)}):
        accounts = {
            member_id: account_of(session, program.id, member_id, unit)
            for member_id in sorted((merge.merged_id, merge.survivor_id))
        }
        merged, survivor = accounts[merge.merged_id], accounts[merge.survivor_id]
        brought = [entry for entry in moved if entry.account_id == survivor.id]
        changed = [entry for entry in since if entry.unit == unit]
        share = _share(session, lots_of_merge(session, merge.id, survivor.id), now)
        net = share.quantity + _net(session, brought) + _net(session, changed)
        if net > 0:
            _return(carrying, merged, survivor, net, share.parts)
        elif net < 0:
            _return_debt(carrying, program, merged, survivor, -net)
        copy_notices(session, survivor.id, merged.id, merge.merged_id)


def _share(session: Session, lots: Iterable[Lot], now: datetime) -> _Share:
    """What has ended since is gone for whoever had it."""
    ended = sum(lot.quantity for lot in lots if lot.expires_at and lot.expires_at <= now)
    parts = tuple(
        NewLot(lot.quantity, lot.available_at, lot.expires_at)
        for lot in lots
        if lot.expires_at is None or lot.expires_at > now
    )
    return _Share(-ended, parts)


def _net(session: Session, entries: Iterable[Entry]) -> int:
    """How much richer they made the account, what it owes taken off."""
    return sum(
        entry.quantity - (entry.owed_after - owed_before(session, entry)) for entry in entries
    )


def _return(
    carrying: Carrying,
    merged: AccountState,
    survivor: AccountState,
    quantity: int,
    parts: Sequence[NewLot],
) -> None:
    held = sum(part.quantity for part in parts)
    if held < quantity:  # a purchase gave more back than the lots held: it is usable at once
        parts = [*parts, NewLot(quantity - held, carrying.now, None)]
    given = fit(parts, quantity)
    pay(carrying, survivor, quantity, _same_days(carrying.session, survivor, given))
    receive(carrying, merged, quantity, given)


def _same_days(session: Session, survivor: AccountState, parts: Sequence[NewLot]) -> list[Draw]:
    """Lots of the survivor that live as long as what is given back: those first."""
    wanted: dict[tuple[datetime, datetime | None], int] = {}
    for part in parts:
        days = (part.available_at, part.expires_at)
        wanted[days] = wanted.get(days, 0) + part.quantity
    draws = []
    for lot in sorted(open_lots(session, survivor.id), key=expiry_order):
        days = (lot.available_at, lot.expires_at)
        if taken := min(lot.remaining, wanted.get(days, 0)):
            wanted[days] -= taken
            draws.append(Draw(lot.id, taken))
    return draws


def _return_debt(
    carrying: Carrying,
    program: ProgramView,
    merged: AccountState,
    survivor: AccountState,
    debt: int,
) -> None:
    """The survivor had paid it, and has it back; the other one owes it again."""
    pay(carrying, merged, debt)
    known = any(unit.key == survivor.unit for unit in program.ruleset.units)
    expiry = program.ruleset.expiry_of(survivor.unit) if known else Expiry(kind="never")
    ends_at = lot_expires_at(expiry, carrying.now, program.time_zone)
    receive(carrying, survivor, debt, [NewLot(debt, carrying.now, ends_at)])
