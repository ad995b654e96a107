"""What changes hands when two members become one, and what goes back when that is undone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from wallet.db import StaleRead
from wallet.ids import new_id
from wallet.tables.credit import CreditPayment
from wallet.tables.ledger import Account, Award, Entry, ExpiryNotice, Lot
from wallet.tables.member import Identifier, Member
from wallet.tables.purchase import Activity, Purchase
from wallet.tables.relation import Membership, Merge, Referral
from wallet.tables.reward import Redemption, Voucher
from wallet.tables.till_hold import TillHold
from wallet.tables.wallet_pass import WalletPass

IDS_AT_ONCE = 500  # in one statement: databases limit how many values it may name

# What belongs to whoever the member is now. Entries, consents and donations stay where they are.
OWNED: dict[str, Table] = {
    name: cast(Table, model.__table__)
    for name, model in (
        ("purchases", Purchase),
        ("redemptions", Redemption),
        ("vouchers", Voucher),
        ("activities", Activity),
        ("memberships", Membership),
        ("credit_payments", CreditPayment),
        ("holds", TillHold),
    )
}

_identifier = cast(Table, Identifier.__table__)
_award = cast(Table, Award.__table__)


def lock_members(session: Session, program_id: int, ids: Collection[int]) -> list[Member]:
    """The members, locked against anything new being written about them, in the order of ids."""
    query = (
        select(Member)
        .where(Member.program_id == program_id, Member.id.in_(ids))
        .order_by(Member.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def lock_family(session: Session, program_id: int, ids: Collection[int]) -> dict[int, Member]:
    """These members and everybody who is one of them now, locked in the order of ids."""
    family = {*ids, *_children(session, ids)}
    locked = {row.id: row for row in lock_members(session, program_id, family)}
    if not _children(session, ids) <= family:
        raise StaleRead  # somebody joined them while the locks were waited for
    return locked


def _children(session: Session, ids: Collection[int]) -> set[int]:
    return set(session.scalars(select(Member.id).where(Member.merged_into_id.in_(ids))))


def standing_merge(session: Session, merged_id: int) -> Merge | None:
    """The merge by which this member went into another one, unless it was undone."""
    query = select(Merge).where(Merge.merged_id == merged_id, Merge.undone_at.is_(None))
    return session.scalar(query.order_by(Merge.id.desc()).limit(1))


def way_of(session: Session, member_id: int) -> list[int]:
    """The member and everybody through whom it went, one merge after the other."""
    way = [member_id]
    while (merge := standing_merge(session, way[-1])) is not None:
        way.append(merge.survivor_id)
    return way


def merge_with_id(session: Session, program_id: int, merge_id: int) -> Merge | None:
    """The merge, if it belongs to the program."""
    merge = session.get(Merge, merge_id)
    return merge if merge and merge.program_id == program_id else None


def merges_of(session: Session, survivor_id: int) -> list[Merge]:
    """Every merge into this member, newest first."""
    query = select(Merge).where(Merge.survivor_id == survivor_id)
    return list(session.scalars(query.order_by(Merge.id.desc())))


def merged_members(session: Session, survivor_id: int) -> list[int]:
    """Everybody who is this member now."""
    query = select(Member.id).where(Member.merged_into_id == survivor_id)
    return list(session.scalars(query.order_by(Member.id)))


def stragglers(session: Session, limit: int) -> list[int]:
    """Merged members at whom something arrived after the merge."""
    holds = (
        select(Account.id)
        .where(Account.member_id == Member.id, or_(Account.balance != 0, Account.owed != 0))
        .exists()
    )
    bought = select(Purchase.id).where(Purchase.member_id == Member.id).exists()
    query = select(Member.id).where(Member.merged_into_id.is_not(None), or_(holds, bought))
    return list(session.scalars(query.order_by(Member.id).limit(limit)))


def move_owned(session: Session, from_id: int, to_id: int) -> dict[str, list[int]]:
    """Hand over all that the first one owns; returns what that was, by the names of OWNED."""
    moved = {}
    for name, table in OWNED.items():
        rows = session.execute(
            update(table)
            .where(table.c.member_id == from_id)
            .values(member_id=to_id)
            .returning(table.c.id)
        )
        moved[name] = sorted(row[0] for row in rows)
    return {name: ids for name, ids in moved.items() if ids}


def hand_back(session: Session, table: Table, ids: Sequence[int], from_id: int, to_id: int) -> None:
    """Those rows that still belong to the first one belong to the second one again."""
    for some in _chunks(ids):
        session.execute(
            update(table)
            .where(table.c.id.in_(some), table.c.member_id == from_id)
            .values(member_id=to_id)
        )


def move_identifiers(session: Session, from_id: int, to_id: int) -> list[int]:
    """Everything that named the first one names the second one; returns the rows.

    They get new ids: the oldest e-mail address and phone number are those that are shown and
    written to, and the survivor keeps its own.
    """
    query = select(_identifier.c.id).where(_identifier.c.member_id == from_id)
    moved = []
    for old_id in session.scalars(query.order_by(_identifier.c.id)).all():
        moved.append(new_id())
        session.execute(
            update(_identifier)
            .where(_identifier.c.id == old_id)
            .values(id=moved[-1], member_id=to_id)
        )
    return moved


def hand_back_identifiers(
    session: Session, ids: Sequence[int], from_id: int, to_id: int, until: datetime
) -> None:
    """As `hand_back`, but what was put in the place of an old one after `until` stays."""
    for some in _chunks(ids):
        session.execute(
            update(_identifier)
            .where(
                _identifier.c.id.in_(some),
                _identifier.c.member_id == from_id,
                _identifier.c.created_at <= until,
            )
            .values(member_id=to_id)
        )


def move_passes(session: Session, from_id: int, to_id: int) -> list[int]:
    """Passes at providers where the survivor has none become its own; the others stay with the
    merged member and show the survivor's card."""
    own = aliased(WalletPass)
    taken = select(own.provider).where(own.member_id == to_id)
    rows = session.execute(
        update(WalletPass)
        .where(WalletPass.member_id == from_id, WalletPass.provider.not_in(taken))
        .values(member_id=to_id)
        .returning(WalletPass.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(row[0] for row in rows)


def hand_back_passes(session: Session, ids: Sequence[int], from_id: int, to_id: int) -> None:
    """Unless the member has another one there by now."""
    own = aliased(WalletPass)
    taken = select(own.provider).where(own.member_id == to_id)
    session.execute(
        update(WalletPass)
        .where(
            WalletPass.id.in_(ids),
            WalletPass.member_id == from_id,
            WalletPass.provider.not_in(taken),
        )
        .values(member_id=to_id)
        .execution_options(synchronize_session=False)
    )


def referrals_between(session: Session, member_ids: Collection[int]) -> list[Referral]:
    """Every referral in which one of them brought or was brought, oldest first."""
    query = select(Referral).where(
        or_(Referral.referrer_id.in_(member_ids), Referral.friend_id.in_(member_ids))
    )
    return list(session.scalars(query.order_by(Referral.id).with_for_update()))


def copy_awards(
    session: Session, from_id: int, to_id: int, earners: Collection[int] | None = None
) -> None:
    """What rules gave (to `earners`, where only their part is meant) counts for the second one from
    now on: a copy there, its opposite here."""
    net = func.sum(Award.quantity)
    query = (
        select(Award.program_id, Award.entry_id, Award.rule, Award.unit, Award.occurred_at, net)
        .join(Entry, Entry.id == Award.entry_id)
        .where(Award.member_id == from_id)
        .group_by(Award.program_id, Award.entry_id, Award.rule, Award.unit, Award.occurred_at)
        .having(net != 0)
    )
    if earners is not None:
        query = query.where(Entry.member_id.in_(earners))
    _write_copies(session, session.execute(query).all(), from_id, to_id)


def hand_back_refunded_awards(
    session: Session, merge: Merge, purchase_ids: Sequence[int], family: Collection[int]
) -> None:
    """What refunds of these purchases took back since the merge counts where the purchases are."""
    net = func.sum(Award.quantity)
    for some in _chunks(purchase_ids):
        query = (
            select(Award.program_id, Award.entry_id, Award.rule, Award.unit, Award.occurred_at, net)
            .join(Entry, Entry.id == Award.entry_id)
            .where(
                Award.member_id == merge.survivor_id,
                Entry.member_id.not_in(family),
                Entry.purchase_id.in_(some),
                Entry.recorded_at >= merge.at,
            )
            .group_by(Award.program_id, Award.entry_id, Award.rule, Award.unit, Award.occurred_at)
            .having(net != 0)
        )
        _write_copies(session, session.execute(query).all(), merge.survivor_id, merge.merged_id)


def _write_copies(session: Session, rows: Sequence[Any], from_id: int, to_id: int) -> None:
    copies = [
        {
            "id": new_id(),
            "program_id": program_id,
            "member_id": member_id,
            "entry_id": entry_id,
            "rule": rule,
            "unit": unit,
            "quantity": sign * int(quantity),
            "occurred_at": occurred_at,
        }
        for program_id, entry_id, rule, unit, occurred_at, quantity in rows
        for member_id, sign in ((to_id, 1), (from_id, -1))
    ]
    if copies:
        session.execute(insert(_award), copies)


def lots_of_merge(session: Session, merge_id: int, account_id: int) -> list[Lot]:
    """What this merge brought into an account, oldest first."""
    query = (
        select(Lot)
        .join(Entry, Entry.id == Lot.entry_id)
        .where(Entry.merge_id == merge_id, Lot.account_id == account_id)
    )
    return list(session.scalars(query.order_by(Lot.id).execution_options(populate_existing=True)))


def entries_of_merge(session: Session, merge_id: int) -> list[Entry]:
    """Every transfer of a merge on both accounts, in the order in which it was written."""
    return list(session.scalars(select(Entry).where(Entry.merge_id == merge_id).order_by(Entry.id)))


def entries_of_purchases_since(
    session: Session, purchase_ids: Sequence[int], since: datetime, family: Collection[int]
) -> list[Entry]:
    """What happened to these purchases since then on the accounts of others than `family`."""
    found: list[Entry] = []
    for some in _chunks(purchase_ids):
        query = select(Entry).where(
            Entry.purchase_id.in_(some), Entry.recorded_at >= since, Entry.member_id.not_in(family)
        )
        found += session.scalars(query)
    return found


def owed_before(session: Session, entry: Entry) -> int:
    """What the account owed before this entry."""
    query = select(Entry.owed_after).where(
        Entry.account_id == entry.account_id, Entry.seq == entry.seq - 1
    )
    return session.scalar(query) or 0


def copy_notices(session: Session, from_account: int, to_account: int, to_member: int) -> None:
    """Whoever was told that something ends was told, whichever account it is in now."""
    told = select(ExpiryNotice.expires_at, ExpiryNotice.ordinal).where(
        ExpiryNotice.account_id == to_account
    )
    known = {(expires_at, ordinal) for expires_at, ordinal in session.execute(told)}
    ends = select(Lot.expires_at).where(Lot.account_id == to_account, Lot.remaining > 0)
    query = select(ExpiryNotice).where(
        ExpiryNotice.account_id == from_account, ExpiryNotice.expires_at.in_(ends)
    )
    for notice in session.scalars(query.order_by(ExpiryNotice.id)).all():
        if (notice.expires_at, notice.ordinal) not in known:
            session.add(
                ExpiryNotice(
                    program_id=notice.program_id,
                    member_id=to_member,
                    account_id=to_account,
                    expires_at=notice.expires_at,
                    ordinal=notice.ordinal,
                    due_at=notice.due_at,
                    quantity=notice.quantity,
                    sent_at=notice.sent_at,
                )
            )


def undone_pairs(session: Session, program_id: int) -> set[tuple[int, int]]:
    """Pairs whose merge was undone: somebody has said that they are two people."""
    query = select(Merge.merged_id, Merge.survivor_id).where(
        Merge.program_id == program_id, Merge.undone_at.is_not(None)
    )
    return {(min(one, two), max(one, two)) for one, two in session.execute(query)}


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))
