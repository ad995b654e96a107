"""Members that nobody is: the set-up test holds one for a moment. Whatever is theirs goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, delete, or_, select
from sqlalchemy.orm import Session

from passes.apple.probe import PROBE_TOKEN_PREFIX
from wallet.db import Base
from wallet.tables.member import TRIAL, Member
from wallet.tables.wallet_pass import Device, WalletPass

# A trial member never gets any of these; the ledger is large, and deletes nothing.
_NEVER = {
    *("account", "activity", "award", "consent", "credit_payment", "donation", "entry"),
    *(
        "expiry_notice",
        "lot",
        "lot_draw",
        "purchase",
        "redemption",
        "refund",
        "till_act",
        "voucher",
    ),
}


def trial_members(session: Session, joined_before: datetime, by: str = "trial") -> list[int]:
    """Trial members that were left behind: their test was killed, or its time is over."""
    query = select(Member.id).where(
        Member.status == TRIAL, Member.joined_at < joined_before, Member.joined_by == by
    )
    return list(session.scalars(query))


def delete_trial(session: Session, member_ids: Sequence[int], device: str) -> None:
    """Delete these trial members, their passes and the phone of the test, and every row of any table
    that belongs to one of them. Only trial members: nothing of a real one can be named here."""
    query = select(Member.id).where(Member.id.in_(member_ids), Member.status == TRIAL)
    members = list(session.scalars(query))
    passes = list(session.scalars(select(WalletPass.id).where(WalletPass.member_id.in_(members))))
    phones = list(
        session.scalars(
            select(Device.id).where(
                Device.library_id == device, Device.push_token.like(f"{PROBE_TOKEN_PREFIX}%")
            )
        )
    )
    doomed: dict[str, list[int]] = {"member": members, "wallet_pass": passes, "device": phones}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in _NEVER:
            _delete_belonging(session, table, doomed)


def _delete_belonging(session: Session, table: Table, doomed: dict[str, list[int]]) -> None:
    conditions = [
        key.parent.in_(doomed[key.column.table.name])
        for key in table.foreign_keys
        if doomed.get(key.column.table.name)
    ]
    if own := doomed.get(table.name):
        conditions.append(table.c.id.in_(own))
    if conditions:
        session.execute(delete(table).where(or_(*conditions)))
